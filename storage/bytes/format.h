#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ledger/ports/journal.h"
#include "ledger/records/account.h"
#include "ledger/records/event.h"
#include "ledger/records/person.h"
#include "ledger/records/registration.h"
#include "ledger/records/timeliness.h"
#include "ledger/values/result.h"

/// The byte grammar of every key and record that is stored. Nothing else in the project knows a
/// byte of it. What is written once must decode for ever: a change adds a format number, never
/// another meaning, and tests/golden keeps records of each.
///
/// Elements: `u8`, `u32`, `u64` big-endian, so that keys sort; `varint` unsigned LEB128 of at most
/// 64 bits; `zigzag` signed n as varint 2n, or -2n - 1 below zero; `text` = varint length, bytes;
/// `digest` = 32 bytes. `day` = zigzag days since 1970-01-01. Times are seconds since
/// 1970-01-01T00:00Z and nanoseconds that are added to them. [x] is there when a flag says so.
///
/// Journal (family `default` of the journal database), key u64 position of the group:
///   record    = header tallies u32 offset* entry* seal
///               (one offset for every 64th entry but the first, from the start of the entries)
///   header    = u8 format (2), u64 position, zigzag seconds, varint nanoseconds (committed_at),
///               digest previous root, digest rule pack, text new rules (canonical text, or empty),
///               varint number of entries
///   tallies   = u8 3, varint tallies, tally*
///   tally     = text practice, varint month (year * 12 + month - 1), u8 code, varint count
///   seal      = varint requests, digest leaf*, digest root, text key id, 64 bytes signature
///
/// An entry has two forms. In a record it leaves its place and its practice's identifier to the
/// record, and times are relative to committed_at. Its leaf says everything itself: <x> stands in
/// the leaf only, and seconds are since 1970. What follows the kind:
///   time      = zigzag seconds, varint nanoseconds
///   back      = varint positions back from the entry; back to 0 = nothing
///   practice  = varint number, text identifier (in a record only when a flag says that it is new)
///   number    = in a record u8 0, 16 bytes salt, 16 bytes encrypted number, or, when it has been
///               erased, u8 1, digest;
///               in the leaf the digest alone, SHA-256(salt, encrypted number)
///   item      = u8 kind (16 co-payment, 17 payment, 18 credit note), <varint position>,
///               varint flags (1 paid, 2 exemption, 4 new practice, 8 new person, 16 and 32
///               nanoseconds of receipt and of service), u8 verdict, 16 bytes guid, practice,
///               varint person (0 = nobody), [number], back to the previous entry of the account,
///               zigzag seconds received, [varint ns]; in a co-payment also u8 service type,
///               [u8 exemption], zigzag seconds from service to receipt, [varint ns], varint øre
///   person event = u8 kind (32 + PersonEventType), <varint position>, varint flags (1 new person,
///               2 date), 16 bytes event id, time received, varint person, number, [number] (the
///               other one: 34, 35), back to the person's previous event, [zigzag day],
///               [periods] (39); in 38 varint entries that came meanwhile, back to each, ascending;
///               in 34 and 35 also varint person merged into this one (0 = none),
///               back to that one's newest event, varint years, (varint year, back to the newest
///               entry of the account that stays, back to that of the other)*
///   periods   = varint periods, (zigzag first day, u8 1 and zigzag last day, or u8 0)*
///   practice event = u8 48, <varint position>, varint flags (1 new practice), 16 bytes event id,
///               time received, practice, back to the practice's previous event, text name,
///               text type, varint, text* organisations, varint, text* HPR, varint, number*
///               practitioners, periods of agreements
///   statement = u8 64, <varint position>, time, varint year, varint number, back to the newest
///               place that it covers and pays, digest manifest
///   key       = u8 65, <varint position>, time, 32 bytes public key, 64 bytes signature over
///               "frikort signing key " and the 32 bytes, by the key before. It signs from the next
///               record on.
///   access log = u8 66, <varint position>, time, varint node, varint blocks, digest root
///   checkpoint = u8 67, <varint position>, back to the newest place contained, 16 bytes checksum
///   act       = u8 68, <varint position>, time, text by whom, text act, text with what
///
/// What stands in them:
///   position    the first group is at 1; its entries take the places after it, one each, and the
///               next group the place after the last of them. The first previous root is 32 zeros.
///   tree        hash(x) = SHA-256(byte 0, x); two neighbours make SHA-256(byte 1, left, right), a
///               last one without a right neighbour moves up as it is, until one is left. The
///               leaves: hash(header), hash(tallies), hash(leaf form) of each entry, and for each
///               request the hash of the text that it was answered with, which begins with `{`. The
///               root is what the next record names: one signature covers the whole history.
///   signature   Ed25519 (RFC 8032) over the 32 bytes of the root. The key id is the first 16
///               hexadecimal digits of the SHA-256 of the public key's 32 bytes, in lower case.
///   rules       lines that end with a line feed: `frikort-rule-pack 1`, then for each year
///               `year ceiling-in-øre source`. Given in the first group under them, and in force
///               from its first entry on; the digest of the rule pack is the SHA-256 of the text.
///   bounds      of every value: format_bounds.h. A number is written as short as it can be.
///   tally       a code of a rejection, or 0 for resends; an empty practice is not attributable
///   verdict     code of the reason not to count * 4 + counted * 2 + exempt, after this entry; in a
///               payment or credit note they speak of the co-payment that it refers to
///   guid        with the practice it names the co-payment: a payment or credit note has that of
///               the co-payment it refers to, and that one's person and account
///   practice    numbered 1, 2, 3 ... as they are first seen in entries, not in tallies
///   person      numbered 1, 2, 3 ... as they are first seen in entries
///   account     a person's year of service in Oslo
///   service     its time is the time of receipt minus what is given
///   types, codes  the numbers in ledger/values/service_type.h and ledger/values/code.h; exemption
///   is ASCII
///
/// State (families of the state database):
///   registrations  16 bytes fingerprint        -> varint size, content, positions
///   accounts       u64 person, u32 year        -> varint size, content, positions
///   numbers        16 bytes encrypted number   -> varint person
///   persons        u64 person                  -> 16 bytes encrypted number, for each that leads
///                  there; the first is in use
///   facts          u64 person                  -> varint size, content, positions: of each person
///                  whom an event of a registry has named
///   registry_events  16 bytes event id         -> varint position, u64 hash of the content
///   practices      u32 number                  -> text id, day first, day last,
///                  varint active days; of one in the registry also u64
///                  position and its newest event, as in a record that
///                  was committed in 1970
///   timeliness     u32 practice, u8 basis, u32 month -> lags, duplicates, rejections
///   events         u64 cause, u32 ordinal      -> u8 type and fields
///   unpaid         u32 practice, u32 day, u64 position -> 16 bytes guid, times, amount: of each
///                  registration that is neither paid nor credited
///   notes          u64 position                -> entry, as in a record that was
///                  committed in 1970: of the statements, the signing
///                  keys and the acts
///   refusals       text practice               -> varint months, and of each varint month, text
///                  as in timeliness: of each practice that has tallies, but no number yet
///   meta           "applied"                   -> AppliedState
/// In registrations, accounts and facts `content` is what the state checksum covers; positions are
/// not. Of timeliness it covers the lag histograms, see encode_lag_content(), and of practices what
/// the registry says, see encode_practice_content().
namespace storage {

inline constexpr std::uint8_t format_version = 2;
/// The version of the rows of the state. A state of another version is made again from the journal.
inline constexpr std::uint8_t state_version = 6;

// ---- journal ----

/// From it the salts of the numbers of one append are made. It is drawn at random and forgotten, so
/// that a salt that is erased cannot be made again.
using SaltSecret = std::array<std::uint8_t, 32>;

/// A number as it stands in an entry of a record.
struct StoredNumber {
  ledger::Digest commitment{};  ///< what the leaf has in its place
  ledger::EncryptedNumber number;
  bool is_erased = false;       ///< then it reads as zeros
  std::size_t left_before = 0;  ///< of the bytes that were read, before and after it
  std::size_t left_after = 0;
};
using StoredNumbers = std::vector<StoredNumber>;

struct JournalRecord {
  ledger::CommitGroup group;
  /// Of the entries that have numbers: index of the entry, and its numbers.
  std::vector<std::pair<std::size_t, StoredNumbers>> numbers;
  ledger::Digest previous_root{};
  std::string_view whole;              ///< all bytes
  std::string_view content;            ///< those before the seal
  std::string_view header;             ///< the bytes of the first leaf
  std::string_view tallies;            ///< the bytes of the second
  std::vector<ledger::Digest> leaves;  ///< of the requests
  ledger::Digest root{};
  std::string key_id;
  ledger::Signature signature{};
};

/// The bytes of a group before its seal, and the hashes of their leaves.
struct EncodedContent {
  std::string bytes;
  std::vector<ledger::Digest> leaves;
};

std::string journal_key(ledger::Position position);
ledger::Position decode_journal_key(std::string_view key);
EncodedContent encode_content(const ledger::CommitGroup& group, const ledger::Digest& previous_root,
                              const SaltSecret& salts);
/// Decodes the content of a group again and compares it with the group. Names the first kind of
/// record and the field that differ; empty when nothing does. Content with a fault must not be
/// appended.
std::string fault_of_content(std::string_view content, const ledger::CommitGroup& group,
                             const ledger::Digest& previous_root);
/// `leaves` are those of the requests.
void append_seal(std::string& record, std::span<const ledger::Digest> leaves,
                 const ledger::Seal& seal);
ledger::Result<JournalRecord> decode_record(std::string_view bytes);
/// Why a record cannot be read, for people.
std::string fault_of_record(std::string_view bytes);
/// The hashes of all leaves of a record. REQUIRES: each entry has its practice's own identifier.
std::vector<ledger::Digest> leaves_of(const JournalRecord& record);
/// One entry of a record, without decoding the whole. `corrupt_record` when it is not in there.
ledger::Result<ledger::Entry> decode_entry_at(std::string_view record, ledger::Position position);
/// The record without the numbers that `is_erased` picks; nothing when it has none of them. Its
/// leaves, root and signature stay what they are. `corrupt_record` when it cannot be read.
ledger::Result<std::optional<std::string>> erase_numbers(
    std::string_view record, const std::function<bool(const ledger::EncryptedNumber&)>& is_erased);

/// Whether a record has an entry at this position: without decoding the whole.
ledger::Result<bool> has_entry_at(std::string_view record, ledger::Position position);
/// When the group of a record was committed, without decoding the whole.
ledger::Result<ledger::Instant> decode_committed_at(std::string_view record);
/// Under which rules, likewise.
ledger::Result<ledger::RulePackHash> decode_rule_pack(std::string_view record);

// ---- state ----

/// A stored value, and how much of it the state checksum covers.
struct Row {
  std::string bytes;
  std::string_view content() const { return checksum_content(bytes); }
  static std::string_view checksum_content(std::string_view bytes);
};

/// Made for each registration, so without memory of its own.
using RegistrationKey = std::array<char, 16>;
RegistrationKey registration_key(const ledger::Fingerprint& fingerprint);
inline std::string_view view_of(const RegistrationKey& key) { return {key.data(), key.size()}; }
ledger::Fingerprint decode_registration_key(std::string_view key);
void encode_registration(const ledger::Registration& registration, std::string& out);
ledger::Result<ledger::Registration> decode_registration(std::string_view bytes);

std::string account_key(const ledger::AccountKey& key);
ledger::AccountKey decode_account_key(std::string_view key);
void encode_account(const ledger::Account& account, std::string& out);
/// Fills `out`, reusing its memory.
ledger::Result<void> decode_account(std::string_view bytes, ledger::Account& out);
/// As decode_account(), but in the same time however much there is of the account. What follows is
/// not looked at.
ledger::Result<ledger::AccountBrief> decode_account_brief(std::string_view bytes);

std::string number_key(const ledger::EncryptedNumber& number);
ledger::EncryptedNumber decode_number_key(std::string_view key);
std::string person_key(ledger::PersonId person);
ledger::PersonId decode_person_key(std::string_view key);
std::string encode_person_id(ledger::PersonId person);
ledger::Result<ledger::PersonId> decode_person_id(std::string_view bytes);

std::string encode_numbers(const std::vector<ledger::EncryptedNumber>& numbers);
ledger::Result<std::vector<ledger::EncryptedNumber>> decode_numbers(std::string_view bytes);

/// In the family `facts`, by person_key().
void encode_person(const ledger::Person& person, std::string& out);
ledger::Result<ledger::Person> decode_person(std::string_view bytes);

std::string registry_event_key(const ledger::Guid& id);
std::string encode_known_event(const ledger::KnownEvent& event);
ledger::Result<ledger::KnownEvent> decode_known_event(std::string_view bytes);

std::string practice_key(ledger::PracticeNumber number);
ledger::PracticeNumber decode_practice_key(std::string_view key);
/// A practice, and what its registry says of it when that says anything.
struct StoredPractice {
  ledger::PracticeNumber number;  ///< when the registry has said something; else 0
  ledger::Practice practice;
  std::optional<ledger::RegisteredPractice> registered;
};
std::string encode_practice(ledger::PracticeNumber number, const ledger::Practice& practice,
                            const ledger::RegisteredPractice* registered);
ledger::Result<StoredPractice> decode_practice(std::string_view bytes);
/// What a registered practice adds to the state checksum (family "p"), by the practice's own
/// identifier. Of its practitioners it is the number of them: their encrypted numbers depend on a
/// key.
void encode_practice_content(const ledger::PracticeEvent& event, std::string& out);

std::string timeliness_key(const ledger::TimelinessKey& key);
ledger::TimelinessKey decode_timeliness_key(std::string_view key);
std::string encode_timeliness(const ledger::TimelinessMonth& month);
ledger::Result<ledger::TimelinessMonth> decode_timeliness(std::string_view bytes);

std::string encode_refusals(const ledger::Refusals& refusals);
ledger::Result<ledger::Refusals> decode_refusals(std::string_view bytes);
/// What each co-payment in a lag histogram adds to the state checksum (family "t"). By the
/// practice's own identifier: its number depends on how items were grouped.
void encode_lag_content(const ledger::PracticeId& practice, ledger::Basis basis,
                        ledger::Month month, std::uint32_t lag, std::string& out);

std::string event_key(ledger::Position cause, std::uint32_t ordinal);
std::uint32_t decode_event_ordinal(std::string_view key);
std::string encode_event(const ledger::Event& event);
ledger::Result<ledger::Event> decode_event(std::string_view key, std::string_view bytes);

/// A statement, a key, or the newest event of a practice.
std::string encode_note(const ledger::Entry& note);
ledger::Result<ledger::Entry> decode_note(std::string_view key, std::string_view bytes);

/// Service days are from 1970 on.
std::string unpaid_key(const ledger::UnpaidKey& key);
ledger::UnpaidKey decode_unpaid_key(std::string_view key);
std::string encode_unpaid(const ledger::UnpaidRegistration& registration);
ledger::Result<ledger::UnpaidRegistration> decode_unpaid(std::string_view key,
                                                         std::string_view bytes);

/// An order-independent hash of a set of rows: the sum of their 128-bit hashes, lane by lane.
struct SetHash {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  /// Adds the same row `times` times.
  void add(std::string_view family, std::string_view key, std::string_view content,
           std::uint64_t times = 1);
  void remove(std::string_view family, std::string_view key, std::string_view content);
  std::array<std::uint8_t, 16> bytes() const;
  std::string hex() const;
  friend bool operator==(const SetHash&, const SetHash&) = default;
};

/// Totals of the derived state, kept with it.
struct StateTotals {
  SetHash checksum;
  std::uint64_t registrations = 0;
  std::uint64_t payments = 0;
  std::uint64_t credit_notes = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t rejected = 0;
  std::uint64_t persons = 0;
  std::uint64_t accounts = 0;
  std::uint64_t cards = 0;
  std::uint64_t cards_under_review = 0;  ///< of these
  std::int64_t counted_ore = 0;
  std::int64_t refunded_ore = 0;
  std::array<std::uint64_t, ledger::event_type_count> events{};  ///< that have been told

  friend bool operator==(const StateTotals&, const StateTotals&) = default;
};

/// How far the journal has been applied to the stored state, and the totals there.
struct AppliedState {
  ledger::Position next_position{1};  ///< the first group that is not applied
  std::string rules;                  ///< canonical text of the rule pack in force there
  ledger::RulePackHash rule_pack{};
  StateTotals totals;

  /// The last entry or group that is applied; 0 = none.
  ledger::Position last() const { return ledger::Position{next_position.value() - 1}; }
};

inline constexpr std::string_view applied_key = "applied";
std::string encode_applied(const AppliedState& applied);
ledger::Result<AppliedState> decode_applied(std::string_view bytes);

/// The ceilings in a rule pack's canonical text; `corrupt_record` when it is not one.
ledger::Result<std::map<int, ledger::AnnualCeiling>> decode_rules(std::string_view text);

}  // namespace storage
