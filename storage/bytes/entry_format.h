#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ledger/records/entry.h"
#include "ledger/values/oslo_time.h"
#include "storage/bytes/byte_codec.h"
#include "storage/bytes/format.h"

// The bytes of one entry; see format.h.
namespace storage {

/// What the stored form of an entry leaves to its record.
struct EntryContext {
  ledger::Position position;
  ledger::Instant committed_at;
};

/// Appends the stored form; `numbers` becomes what stands for the entry's numbers. REQUIRES: none
/// of them is erased.
void encode_entry(ByteWriter& out, const ledger::Entry& entry, const EntryContext& context,
                  const SaltSecret& salts, StoredNumbers& numbers);

/// Reads the stored form into `entry` and `numbers`. An erased number reads as zeros. False when it
/// is not there, is none that encode_entry() writes, or has a field out of its bounds.
bool decode_entry(ByteReader& in, const EntryContext& context, ledger::Entry& entry,
                  StoredNumbers& numbers);

/// Appends the form that is a leaf of the record's tree: it is understood without any other byte of
/// the record. REQUIRES: the practice's own identifier stands in the entry.
void encode_leaf(std::string& out, const ledger::Entry& entry, const StoredNumbers& numbers);

/// Whether an entry can begin with this byte.
bool is_kind_of_entry(unsigned kind);

/// The numbers that an entry has, in the order of its bytes.
std::vector<ledger::EncryptedNumber> numbers_of(const ledger::Entry& entry);

}  // namespace storage
