#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/records/registry_event.h"
#include "ledger/values/result.h"
#include "storage/access_log/access_record.h"
#include "storage/crypto/crypto.h"

/// The bytes of the access log: records in blocks, each chained to the one before and signed.
///
/// A block, kept under the u64 sequence of its first record:
///   block  = head, 64 bytes signature, record{count}
///   head   = u8 3 (format), u64 node, varint number, varint first, varint count, 32 bytes hash of
///            the block before (zeros for the first), 32 bytes root, text key id
///   record = text body, number of the person asked about, number of who has logged in to ask,
///            4 bytes check
///   body   = zigzag seconds, varint nanoseconds, u8 what, u8 flags, 16 bytes correlation id,
///            text client, text client name, text token id, text network address, text name,
///            text organisation number, text main unit, text supplier, text HPR number,
///            with flag 1: u8 service type, zigzag days since 1970; with flag 2: varint year;
///            flag 4: an answer is kept; flag 8: it was yes
///   number = u8 1, 16 bytes salt, 16 bytes encrypted number; or, when it has been erased, u8 2,
///            32 bytes commitment; or, where nobody has logged in, u8 0
/// Blocks are numbered from 1, and records over all blocks from 1 (their sequence).
///
/// What is hashed (SHA-256; "," joins bytes):
///   commitment = SHA-256(salt, encrypted number); of a number that is not there 32 zeros.
///                Salt and number can be destroyed, and the rest still holds.
///   leaf       = SHA-256(u8 0, u8 3 (format), varint sequence, body,
///                commitment of the person, commitment of who has logged in).
///                The check of a record is the first 4 bytes of its leaf.
///   node       = SHA-256(u8 1, up to 32 leaves or nodes of the level below, in their order).
///                Each level is cut into such pieces from its start, until a level has one: the
///                root. The only leaf of a block is its root.
///   hash       = SHA-256("frikort access log block", a line feed, head).
///                It is signed with Ed25519, and the next block names it.
namespace storage {

inline constexpr std::uint64_t access_block_records_max = 512;
inline constexpr std::uint64_t access_sequence_max = std::uint64_t{1} << 49;
/// The longest text is the name of a practice.
inline constexpr std::size_t access_text_bytes_max = ledger::practice_name_bytes_max;
inline constexpr std::size_t access_children_max = 32;

/// The name of the first field that is out of its bounds; null when none is. For writing and for
/// reading.
const char* field_out_of_bounds(const AccessRecord& record);

/// What is kept of a record but its two numbers.
void append_access_body(std::string& out, const AccessRecord& record);
/// Everything but the two numbers. Gives `corrupt_record` for what append_access_body() does not
/// write.
ledger::Result<AccessRecord> decode_access_body(std::string_view body);

using AccessSalt = std::array<std::uint8_t, 16>;

/// A national number as a record keeps it: it can be erased, and the hashes of the block still
/// hold.
struct AccessNumber {
  enum class State : std::uint8_t { nobody = 0, named = 1, erased = 2 };  // STORED

  State state = State::nobody;
  AccessSalt salt{};               ///< only when it is named
  ledger::EncryptedNumber number;  ///< likewise
  Digest commitment{};             ///< only when it is erased

  bool is_erased() const { return state == State::erased; }
  /// Destroys number and salt.
  void erase();
};

/// A record as it lies in a block; views into its bytes.
struct AccessLeaf {
  std::string_view body;
  AccessNumber person;        ///< who was asked about; always somebody
  AccessNumber practitioner;  ///< or citizen: who has logged in to ask
  std::uint32_t check = 0;
};

/// Where a chain of blocks goes on.
struct AccessChain {
  std::uint64_t node = 0;    ///< whose log it is
  std::uint64_t blocks = 0;  ///< so far
  std::uint64_t records = 0;
  Digest hash{};  ///< of the last block
  friend bool operator==(const AccessChain&, const AccessChain&) = default;
};

struct AccessBlock {
  std::uint64_t node = 0;
  std::uint64_t number = 0;
  std::uint64_t first = 0;
  Digest previous{};
  Digest root{};
  std::string key_id;
  Signature signature{};
  Digest hash{};  ///< worked out
  std::vector<AccessLeaf> leaves;

  std::uint64_t last() const { return first + leaves.size() - 1; }
};

/// What a leaf's hash says of a number.
Digest commitment_of(const AccessNumber& number);
/// The leaf's hash.
Digest hash_of(const AccessLeaf& leaf, std::uint64_t sequence);
/// What is kept of a leaf's hash beside the leaf.
std::uint32_t check_of(const Digest& hash);
/// Of the leaves as they are: what the block's root must be.
Digest root_of(const AccessBlock& block);

/// Makes the block that follows `chain` of these bodies and numbers, at least one and at most
/// access_block_records_max, and moves the chain on.
std::string seal_access_block(AccessChain& chain, std::vector<AccessLeaf> leaves,
                              const SigningKey& signing);

/// The same bytes again of a decoded block; its numbers may have been erased.
std::string encode_access_block(const AccessBlock& block);

/// Gives `corrupt_record` for what encode_access_block() does not write. The bytes must stay.
ledger::Result<AccessBlock> decode_access_block(std::string_view bytes);

}  // namespace storage
