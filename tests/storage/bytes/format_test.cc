#include "storage/bytes/format.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <set>

#include "storage/bytes/byte_codec.h"
#include "tests/support/builders.h"
#include "tests/support/print.h"
#include "tests/support/prng.h"

namespace storage::test {
namespace {

using ledger::Code;
using ledger::Date;
using ledger::Instant;
using ledger::ItemType;
using ledger::Money;
using ledger::Position;
using ledger::test::Prng;

constexpr std::uint64_t seed = 1814;

// ---- random values ----

/// Small or large, so that every length of a varint comes up.
std::uint64_t number(Prng& prng, unsigned bits_max) {
  return prng.next() >> (64 - 1 - prng.below(bits_max));
}

/// Of the whole domain, its ends included.
Instant instant(Prng& prng) {
  if (prng.chance(1, 10)) return prng.chance(1, 2) ? ledger::first_instant : ledger::last_instant;
  const auto span =
      static_cast<std::uint64_t>(ledger::last_instant.seconds - ledger::first_instant.seconds);
  const auto seconds = static_cast<std::int64_t>(prng.below(span));
  std::int32_t fraction = 0;
  if (prng.chance(1, 2)) fraction = static_cast<std::int32_t>(prng.below(1'000'000'000));
  if (prng.chance(1, 10)) fraction = ledger::nanoseconds_max;
  return {ledger::first_instant.seconds + seconds, fraction};
}

Date day(Prng& prng) {
  if (prng.chance(1, 10)) return prng.chance(1, 2) ? ledger::first_day : ledger::last_day;
  const auto days = static_cast<std::uint64_t>((ledger::last_day - ledger::first_day).count());
  return ledger::first_day + std::chrono::days{static_cast<std::int64_t>(prng.below(days))};
}

ledger::PersonId person(Prng& prng) {
  return prng.chance(1, 10) ? ledger::person_max : ledger::PersonId{1 + number(prng, 34)};
}

Position place(Prng& prng) {
  return prng.chance(1, 10) ? ledger::position_max : Position{1 + number(prng, 48)};
}

template <std::size_t Size>
void fill(Prng& prng, std::array<std::uint8_t, Size>& bytes) {
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(prng.next());
}

ledger::PracticeId practice(Prng& prng) {
  std::string digits(1 + prng.below(20), '0');
  for (char& digit : digits) digit = static_cast<char>('0' + prng.below(10));
  return ledger::test::practice_id(digits);
}

ledger::Verdict verdict(Prng& prng, std::uint64_t position) {
  static constexpr Code reasons[] = {Code::none, Code::credited, Code::unpaid, Code::zero_amount,
                                     Code::under_16};
  const Code reason = prng.pick(std::span<const Code>(reasons));
  return {Position{position}, reason, reason == Code::none, prng.chance(1, 2)};
}

ledger::Entry entry(Prng& prng, std::uint64_t position) {
  ledger::Entry entry;
  ledger::Item& item = entry.item;
  item.type = static_cast<ItemType>(1 + prng.below(3));
  fill(prng, item.guid.bytes);
  item.received = instant(prng);
  entry.practice = ledger::PracticeNumber{static_cast<std::uint32_t>(1 + number(prng, 30))};
  entry.is_new_practice = prng.chance(1, 5);
  if (entry.is_new_practice) item.practice = practice(prng);
  entry.person = person(prng);
  entry.previous = Position{prng.below(position)};
  entry.verdict = verdict(prng, position);
  if (item.type != ItemType::copayment) return entry;
  entry.is_new_person = prng.chance(1, 3);
  if (entry.is_new_person) fill(prng, item.person.bytes);
  item.is_paid = prng.chance(1, 2);
  if (prng.chance(1, 4)) item.exemption = static_cast<char>('A' + prng.below(26));
  item.service_type = static_cast<ledger::ServiceType>(1 + prng.below(13));
  item.service_time = instant(prng);
  item.amount = Money::from_ore(static_cast<std::int64_t>(prng.below(10'000'001)));
  return entry;
}

ledger::CommitGroup group(Prng& prng, std::size_t entries) {
  ledger::CommitGroup group;
  group.position = Position{1 + number(prng, 40)};
  group.committed_at = instant(prng);
  fill(prng, group.rule_pack);
  if (prng.chance(1, 3)) group.new_rules = ledger::RulePack::published_ceilings();
  for (std::size_t i = 0; i < entries; ++i) {
    group.entries.push_back(entry(prng, group.position.value() + 1 + i));
  }
  for (std::uint64_t i = prng.below(4); i > 0; --i) {
    ledger::Tally tally;
    if (prng.chance(2, 3)) tally.practice = practice(prng);
    tally.month = ledger::month_of(day(prng));
    tally.code = static_cast<Code>(prng.below(28));
    tally.count = 1 + prng.below(ledger::group_items_max);
    group.tallies.push_back(tally);
  }
  return group;
}

std::string record_of(Prng& prng, const ledger::CommitGroup& group) {
  ledger::Digest previous{};
  fill(prng, previous);
  std::string record = encode_content(group, previous);
  std::vector<ledger::Digest> leaves(prng.below(4));
  for (auto& leaf : leaves) fill(prng, leaf);
  ledger::Seal seal;
  fill(prng, seal.root);
  fill(prng, seal.signature);
  seal.key_id = "0123456789abcdef";
  append_seal(record, leaves, seal);
  return record;
}

ledger::Registration registration(Prng& prng) {
  ledger::Registration row;
  row.person = person(prng);
  row.content_hash = prng.next();
  row.amount = Money::from_ore(static_cast<std::int64_t>(prng.below(10'000'001)));
  row.service_date = day(prng);
  row.is_paid = prng.chance(1, 2);
  row.is_credited = prng.chance(1, 2);
  row.reported = verdict(prng, place(prng).value());
  if (prng.chance(1, 2)) row.payment = verdict(prng, place(prng).value());
  if (prng.chance(1, 2)) row.credit_note = verdict(prng, place(prng).value());
  return row;
}

ledger::Account account(Prng& prng) {
  ledger::Account row;
  row.counted_sum = Money::from_ore(static_cast<std::int64_t>(number(prng, 50)));
  row.newest = Position{number(prng, 49)};
  Date at = day(prng);
  for (std::uint64_t i = prng.below(6); i > 0; --i) {
    at = std::min(ledger::last_day,
                  at + std::chrono::days{static_cast<std::int64_t>(1 + prng.below(50))});
    row.days.push_back({at, Money::from_ore(static_cast<std::int64_t>(1 + number(prng, 30)))});
  }
  if (prng.chance(1, 2)) {
    ledger::ExemptionCard card;
    card.state = prng.chance(1, 2) ? ledger::CardState::active : ledger::CardState::under_review;
    card.issued_at = instant(prng);
    card.entitled_from = day(prng);
    fill(prng, card.crossing_guid.bytes);
    fill(prng, card.rule_pack);
    fill(prng, card.id);
    row.card = card;
  }
  for (std::uint64_t i = prng.below(5); i > 0; --i) {
    ledger::RefundLine line;
    line.cause = place(prng);
    line.registration = Position{1 + prng.below(line.cause.value())};
    fill(prng, line.guid.bytes);
    line.amount = Money::from_ore(static_cast<std::int64_t>(prng.below(200'000)) - 100'000);
    row.refund_lines.push_back(line);
  }
  return row;
}

ledger::TimelinessMonth month(Prng& prng) {
  ledger::TimelinessMonth row;
  for (std::uint64_t i = prng.below(8); i > 0; --i) {
    row.add_lag(static_cast<std::uint32_t>(prng.below(215)),
                static_cast<std::uint32_t>(1 + number(prng, 20)));
  }
  row.duplicates = number(prng, 40);
  for (std::uint64_t i = prng.below(5); i > 0; --i) {
    row.add_rejected(static_cast<Code>(1 + prng.below(27)), 1 + number(prng, 30));
  }
  return row;
}

ledger::Practice practice_row(Prng& prng) {
  ledger::Practice row;
  row.id = practice(prng);
  row.first_received = day(prng);
  row.last_received = day(prng);
  row.active_days = static_cast<std::uint32_t>(number(prng, 31));
  return row;
}

ledger::Event event(Prng& prng) {
  ledger::Event row;
  row.type = static_cast<ledger::EventType>(1 + prng.below(7));
  row.account = {person(prng), static_cast<int>(2010 + prng.below(190))};
  row.cause = place(prng);
  row.registration = place(prng);
  row.amount = Money::from_ore(static_cast<std::int64_t>(prng.below(200'000)) - 100'000);
  if (is_about_card(row.type)) {
    fill(prng, row.card);
    row.entitled_from = day(prng);
    row.moved_from = day(prng);
  }
  return row;
}

ledger::UnpaidKey unpaid_place(Prng& prng) {
  return {ledger::PracticeNumber{static_cast<std::uint32_t>(number(prng, 32))}, day(prng),
          place(prng)};
}

ledger::UnpaidRegistration unpaid(Prng& prng, Position position) {
  ledger::UnpaidRegistration row;
  row.position = position;
  fill(prng, row.guid.bytes);
  row.service_time = instant(prng);
  row.received = instant(prng);
  row.amount = Money::from_ore(static_cast<std::int64_t>(prng.below(10'000'001)));
  return row;
}

AppliedState applied(Prng& prng) {
  AppliedState state;
  state.next_position = place(prng);
  state.rules = ledger::RulePack::canonical_text(ledger::RulePack::published_ceilings());
  fill(prng, state.rule_pack);
  StateTotals& totals = state.totals;
  totals.checksum = {prng.next(), prng.next()};
  totals.registrations = number(prng, 60);
  totals.payments = number(prng, 60);
  totals.credit_notes = number(prng, 60);
  totals.duplicates = number(prng, 60);
  totals.rejected = number(prng, 60);
  totals.persons = number(prng, 60);
  totals.accounts = number(prng, 60);
  totals.counted_ore = static_cast<std::int64_t>(number(prng, 60));
  totals.refunded_ore = static_cast<std::int64_t>(number(prng, 60));
  for (auto& count : totals.events) count = number(prng, 60);
  return state;
}

// ---- equality where the ledger has none ----

void expect_same(const ledger::Entry& actual, const ledger::Entry& expected) {
  const ledger::Item& item = actual.item;
  const ledger::Item& wanted = expected.item;
  EXPECT_EQ(item.type, wanted.type);
  EXPECT_EQ(item.guid, wanted.guid);
  EXPECT_EQ(item.received, wanted.received);
  EXPECT_EQ(item.practice, wanted.practice);
  EXPECT_EQ(item.person, wanted.person);
  EXPECT_EQ(item.is_paid, wanted.is_paid);
  EXPECT_EQ(item.exemption, wanted.exemption);
  EXPECT_EQ(item.service_type, wanted.service_type);
  EXPECT_EQ(item.service_time, wanted.service_time);
  EXPECT_EQ(item.amount, wanted.amount);
  EXPECT_EQ(actual.practice, expected.practice);
  EXPECT_EQ(actual.is_new_practice, expected.is_new_practice);
  EXPECT_EQ(actual.person, expected.person);
  EXPECT_EQ(actual.is_new_person, expected.is_new_person);
  EXPECT_EQ(actual.previous, expected.previous);
  EXPECT_EQ(actual.verdict, expected.verdict);
}

// ---- every kind of record, for the tests that treat them alike ----

struct Kind {
  const char* name;
  std::function<std::string(Prng&)> encode_random;
  std::function<bool(std::string_view)> decodes;
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all{
      {"journal record", [](Prng& prng) { return record_of(prng, group(prng, prng.below(5))); },
       [](std::string_view bytes) { return decode_record(bytes).has_value(); }},
      {"registration",
       [](Prng& prng) {
         std::string bytes;
         encode_registration(registration(prng), bytes);
         return bytes;
       },
       [](std::string_view bytes) { return decode_registration(bytes).has_value(); }},
      {"account",
       [](Prng& prng) {
         std::string bytes;
         encode_account(account(prng), bytes);
         return bytes;
       },
       [](std::string_view bytes) {
         ledger::Account out;
         return decode_account(bytes, out).has_value();
       }},
      {"person id", [](Prng& prng) { return encode_person_id(person(prng)); },
       [](std::string_view bytes) { return decode_person_id(bytes).has_value(); }},
      {"practice", [](Prng& prng) { return encode_practice(practice_row(prng)); },
       [](std::string_view bytes) { return decode_practice(bytes).has_value(); }},
      {"timeliness", [](Prng& prng) { return encode_timeliness(month(prng)); },
       [](std::string_view bytes) { return decode_timeliness(bytes).has_value(); }},
      {"event", [](Prng& prng) { return encode_event(event(prng)); },
       [](std::string_view bytes) {
         return decode_event(event_key(Position{7}, 0), bytes).has_value();
       }},
      {"unpaid", [](Prng& prng) { return encode_unpaid(unpaid(prng, Position{7})); },
       [](std::string_view bytes) {
         return decode_unpaid(unpaid_key({{}, {}, Position{7}}), bytes).has_value();
       }},
      {"applied", [](Prng& prng) { return encode_applied(applied(prng)); },
       [](std::string_view bytes) { return decode_applied(bytes).has_value(); }},
  };
  return all;
}

// ---- tests ----

TEST(ByteCodec, reads_what_it_wrote_at_every_limit) {
  const std::int64_t limits[] = {0,
                                 1,
                                 -1,
                                 63,
                                 64,
                                 -64,
                                 -65,
                                 8191,
                                 8192,
                                 std::numeric_limits<std::int64_t>::max(),
                                 std::numeric_limits<std::int64_t>::min()};
  for (const std::int64_t limit : limits) {
    std::string bytes;
    ByteWriter out(bytes);
    out.zigzag(limit);
    out.varint(static_cast<std::uint64_t>(limit));
    out.u32(static_cast<std::uint32_t>(limit));
    out.u64(static_cast<std::uint64_t>(limit));
    ByteReader in(bytes);
    EXPECT_EQ(in.zigzag(), limit);
    EXPECT_EQ(in.varint(), static_cast<std::uint64_t>(limit));
    EXPECT_EQ(in.u32(), static_cast<std::uint32_t>(limit));
    EXPECT_EQ(in.u64(), static_cast<std::uint64_t>(limit));
    EXPECT_TRUE(in.is_complete());
  }
}

TEST(ByteCodec, reads_zeros_after_the_end_and_says_so) {
  ByteReader in(
      std::string_view("\x05"
                       "ab",
                       3));
  EXPECT_EQ(in.text(), "");
  EXPECT_FALSE(in.is_ok());
  EXPECT_EQ(in.u64(), 0U);
  EXPECT_EQ(in.raw<4>(), (std::array<std::uint8_t, 4>{}));
  EXPECT_FALSE(in.is_complete());
}

TEST(ByteCodec, refuses_a_number_that_never_ends) {
  ByteReader in(std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12));
  EXPECT_EQ(in.varint(), 0U);
  EXPECT_FALSE(in.is_ok());
}

TEST(ByteCodec, refuses_a_number_that_is_written_longer_than_it_has_to_be) {
  for (const std::string_view padded :
       {std::string_view("\x80\x00", 2), std::string_view("\xff\x80\x00", 3),
        std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10)}) {
    ByteReader in(padded);
    EXPECT_EQ(in.varint(), 0U);
    EXPECT_FALSE(in.is_ok());
  }
}

TEST(ByteCodec, refuses_a_number_that_does_not_fit_into_its_type) {
  std::string bytes;
  ByteWriter out(bytes);
  out.varint(std::numeric_limits<std::int32_t>::max());
  out.varint(std::uint64_t{1} << 31);
  ByteReader in(bytes);
  EXPECT_EQ(in.varint<std::int32_t>(), std::numeric_limits<std::int32_t>::max());
  EXPECT_TRUE(in.is_ok());
  EXPECT_EQ(in.varint<std::int32_t>(), 0);
  EXPECT_FALSE(in.is_ok());
}

TEST(Format, gives_keys_that_sort_as_their_numbers) {
  Prng prng(seed);
  for (int i = 0; i < 2'000; ++i) {
    const std::uint64_t a = number(prng, 64);
    const std::uint64_t b = number(prng, 64);
    EXPECT_EQ(a < b, journal_key(Position{a}) < journal_key(Position{b})) << a << ' ' << b;
    if (a != b) {
      EXPECT_EQ(a < b, event_key(Position{a}, 3) < event_key(Position{b}, 1));
    }
    EXPECT_EQ(decode_journal_key(journal_key(Position{a})), Position{a});
    EXPECT_EQ(decode_event_ordinal(event_key(Position{a}, 77)), 77U);
  }
}

TEST(Format, reads_a_journal_record_as_it_was_written) {
  for (std::uint64_t run = 0; run < 300; ++run) {
    SCOPED_TRACE("seed " + std::to_string(seed + run));
    Prng prng(seed + run);
    const ledger::CommitGroup written = group(prng, prng.below(10));
    const std::string bytes = record_of(prng, written);
    const auto record = decode_record(bytes);
    ASSERT_TRUE(record);
    const ledger::CommitGroup& read = record.value().group;
    EXPECT_EQ(read.position, written.position);
    EXPECT_EQ(read.committed_at, written.committed_at);
    EXPECT_EQ(read.rule_pack, written.rule_pack);
    ASSERT_EQ(read.new_rules.has_value(), written.new_rules.has_value());
    if (read.new_rules) {
      EXPECT_EQ(ledger::RulePack::canonical_text(*read.new_rules),
                ledger::RulePack::canonical_text(*written.new_rules));
    }
    ASSERT_EQ(read.tallies.size(), written.tallies.size());
    for (std::size_t i = 0; i < read.tallies.size(); ++i) {
      EXPECT_EQ(read.tallies[i].practice, written.tallies[i].practice);
      EXPECT_EQ(read.tallies[i].month, written.tallies[i].month);
      EXPECT_EQ(read.tallies[i].code, written.tallies[i].code);
      EXPECT_EQ(read.tallies[i].count, written.tallies[i].count);
    }
    ASSERT_EQ(read.entries.size(), written.entries.size());
    for (std::size_t i = 0; i < read.entries.size(); ++i) {
      expect_same(read.entries[i], written.entries[i]);
    }
    EXPECT_EQ(record.value().content, encode_content(written, record.value().previous_root));
  }
}

TEST(Format, finds_every_entry_of_a_record_without_reading_the_whole) {
  Prng prng(seed);
  // Around the places where an offset is kept: one for every 64th entry.
  for (const std::size_t count : {1U, 63U, 64U, 65U, 128U, 129U, 200U}) {
    const ledger::CommitGroup written = group(prng, count);
    const std::string bytes = record_of(prng, written);
    for (const ledger::Entry& wanted : written.entries) {
      const auto found = decode_entry_at(bytes, wanted.verdict.position);
      ASSERT_TRUE(found) << count;
      expect_same(found.value(), wanted);
    }
    EXPECT_FALSE(decode_entry_at(bytes, written.position));
    EXPECT_FALSE(decode_entry_at(bytes, written.next_position()));
  }
}

TEST(Format, refuses_a_record_whose_offsets_do_not_lead_to_its_entries) {
  Prng prng(seed);
  ledger::CommitGroup fewer = group(prng, 65);
  std::string record = record_of(prng, fewer);
  const std::size_t size = decode_record(record).value().content.size();
  const ledger::Digest previous = decode_record(record).value().previous_root;
  fewer.entries.pop_back();
  // The one offset, of entry 64, stands where it leads to the beginning of the last entry.
  const std::size_t last_entry = encode_content(fewer, previous).size() + 4;
  std::size_t place = 0;
  while (place < size &&
         ByteReader(std::string_view(record).substr(place)).u32() != last_entry - place - 4) {
    ++place;
  }
  ASSERT_LT(place, size);
  EXPECT_TRUE(decode_record(record));
  record[place + 3] = static_cast<char>(record[place + 3] ^ 1);
  EXPECT_FALSE(decode_record(record));
}

TEST(Format, reads_keys_as_they_were_written) {
  for (std::uint64_t run = 0; run < 100; ++run) {
    Prng prng(seed + run);
    const ledger::AccountKey account{ledger::PersonId{number(prng, 63)},
                                     2000 + static_cast<int>(run)};
    EXPECT_EQ(decode_account_key(account_key(account)), account);
    const ledger::TimelinessKey month{
        ledger::PracticeNumber{static_cast<std::uint32_t>(run)},
        run % 2 == 0 ? ledger::Basis::received : ledger::Basis::service,
        std::chrono::year{2024} / std::chrono::month{static_cast<unsigned>(1 + run % 12)}};
    EXPECT_EQ(decode_timeliness_key(timeliness_key(month)), month);
  }
}

TEST(Format, reads_state_rows_as_they_were_written) {
  for (std::uint64_t run = 0; run < 500; ++run) {
    SCOPED_TRACE("seed " + std::to_string(seed + run));
    Prng prng(seed + run);
    std::string bytes;
    const ledger::Registration written = registration(prng);
    encode_registration(written, bytes);
    EXPECT_EQ(decode_registration(bytes).value(), written);
    EXPECT_LE(bytes.size(), 47U) << "more than the store keeps inline";

    const ledger::Account written_account = account(prng);
    encode_account(written_account, bytes);
    ledger::Account read_account = account(prng);
    ASSERT_TRUE(decode_account(bytes, read_account));
    EXPECT_EQ(read_account, written_account);

    const ledger::PersonId written_person = person(prng);
    EXPECT_EQ(decode_person_id(encode_person_id(written_person)).value(), written_person);

    const ledger::Practice practice = practice_row(prng);
    const ledger::Practice read_practice = decode_practice(encode_practice(practice)).value();
    EXPECT_EQ(read_practice.id, practice.id);
    EXPECT_EQ(read_practice.first_received, practice.first_received);
    EXPECT_EQ(read_practice.last_received, practice.last_received);
    EXPECT_EQ(read_practice.active_days, practice.active_days);

    const ledger::TimelinessMonth written_month = month(prng);
    const auto read_month = decode_timeliness(encode_timeliness(written_month)).value();
    EXPECT_EQ(read_month.by_lag, written_month.by_lag);
    EXPECT_EQ(read_month.duplicates, written_month.duplicates);
    EXPECT_EQ(read_month.rejected, written_month.rejected);

    const ledger::Event written_event = event(prng);
    EXPECT_EQ(decode_event(event_key(written_event.cause, 9), encode_event(written_event)).value(),
              written_event);

    const ledger::UnpaidKey place = unpaid_place(prng);
    const ledger::UnpaidRegistration written_unpaid = unpaid(prng, place.position);
    EXPECT_EQ(decode_unpaid_key(unpaid_key(place)), place);
    EXPECT_EQ(decode_unpaid(unpaid_key(place), encode_unpaid(written_unpaid)).value(),
              written_unpaid);

    const AppliedState state = applied(prng);
    const AppliedState read_state = decode_applied(encode_applied(state)).value();
    EXPECT_EQ(read_state.next_position, state.next_position);
    EXPECT_EQ(read_state.rules, state.rules);
    EXPECT_EQ(read_state.rule_pack, state.rule_pack);
    EXPECT_EQ(read_state.totals, state.totals);
  }
}

TEST(Format, keeps_the_longest_registration_within_what_the_store_holds_inline) {
  ledger::Registration row;
  row.person = ledger::person_max;
  row.content_hash = std::numeric_limits<std::uint64_t>::max();
  row.amount = ledger::amount_max;
  row.service_date = ledger::last_day;
  for (auto* verdict : {&row.reported, &row.payment, &row.credit_note}) {
    *verdict = {ledger::position_max, Code::under_16, false, true};
  }
  std::string bytes;
  encode_registration(row, bytes);
  EXPECT_LE(bytes.size(), 47U);
  EXPECT_EQ(decode_registration(bytes).value(), row);
}

TEST(Format, decodes_no_truncated_and_no_lengthened_record) {
  for (const Kind& kind : kinds()) {
    for (std::uint64_t run = 0; run < 30; ++run) {
      SCOPED_TRACE(std::string(kind.name) + ", seed " + std::to_string(seed + run));
      Prng prng(seed + run);
      const std::string bytes = kind.encode_random(prng);
      ASSERT_TRUE(kind.decodes(bytes));
      for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_FALSE(kind.decodes(bytes.substr(0, size))) << "the first " << size << " bytes";
      }
      EXPECT_FALSE(kind.decodes(bytes + '\0'));
    }
  }
}

TEST(Format, survives_every_flipped_byte) {
  for (const Kind& kind : kinds()) {
    for (std::uint64_t run = 0; run < 30; ++run) {
      SCOPED_TRACE(std::string(kind.name) + ", seed " + std::to_string(seed + run));
      Prng prng(seed + run);
      std::string bytes = kind.encode_random(prng);
      for (char& byte : bytes) {
        const char original = byte;
        for (const int flip : {0x01, 0x02, 0x40, 0x80, 0xff}) {
          byte = static_cast<char>(original ^ flip);
          kind.decodes(bytes);  // whatever it says: it must come back
        }
        byte = original;
      }
    }
  }
}

TEST(Format, survives_random_bytes_in_place_of_a_record) {
  Prng prng(seed);
  for (int run = 0; run < 20'000; ++run) {
    std::string bytes(prng.below(60), '\0');
    // Mostly bytes that make the longest numbers.
    for (char& byte : bytes) byte = static_cast<char>(prng.chance(2, 3) ? 0xff : prng.next());
    if (!bytes.empty() && prng.chance(1, 2)) bytes[0] = 1;
    for (const Kind& kind : kinds()) kind.decodes(bytes);
    (void)decode_entry_at(bytes, Position{prng.next()});
  }
}

TEST(Format, refuses_values_that_no_rule_gives) {
  Prng prng(seed);
  ledger::Event unknown = event(prng);
  for (const unsigned type : {0U, 8U, 200U}) {
    unknown.type = static_cast<ledger::EventType>(type);
    EXPECT_FALSE(decode_event(event_key(unknown.cause, 0), encode_event(unknown))) << type;
  }
  for (const std::uint64_t lag : {221U, 1000U, 1U << 30}) {
    std::string bytes;
    ByteWriter out(bytes);
    out.varint(1);  // one lag: so many days, one co-payment; no duplicates, no rejections
    out.varint(lag);
    out.varint(1);
    out.varint(0);
    out.varint(0);
    EXPECT_FALSE(decode_timeliness(bytes)) << lag;
  }
}

TEST(Format, refuses_a_record_of_another_version) {
  Prng prng(seed);
  std::string record = record_of(prng, group(prng, 2));
  std::string state = encode_applied(applied(prng));
  ++record[0];
  ++state[0];
  EXPECT_FALSE(decode_record(record));
  EXPECT_FALSE(decode_applied(state));
}

TEST(Format, leaves_positions_out_of_what_the_checksum_covers) {
  Prng prng(seed);
  ledger::Registration row = registration(prng);
  row.payment.position = Position{900};
  std::string here;
  std::string there;
  encode_registration(row, here);
  row.reported.position = Position{row.reported.position.value() + 1000};
  row.payment.position = Position{1900};
  encode_registration(row, there);
  EXPECT_NE(here, there);
  EXPECT_EQ(Row::checksum_content(here), Row::checksum_content(there));
  row.is_paid = !row.is_paid;
  encode_registration(row, there);
  EXPECT_NE(Row::checksum_content(here), Row::checksum_content(there));
}

TEST(SetHash, does_not_depend_on_the_order) {
  SetHash one;
  SetHash two;
  one.add("r", "key", "a");
  one.add("a", "key", "b");
  two.add("a", "key", "b");
  two.add("r", "other", "c");
  two.add("r", "key", "a");
  EXPECT_FALSE(one == two);
  two.remove("r", "other", "c");
  EXPECT_EQ(one, two);
  EXPECT_EQ(one.hex().size(), 32U);
}

TEST(SetHash, tells_families_and_keys_apart) {
  std::set<std::string> hashes;
  for (const char* family : {"r", "a"}) {
    for (const char* key : {"key1", "key2"}) {
      SetHash hash;
      hash.add(family, key, "same");
      hashes.insert(hash.hex());
    }
  }
  EXPECT_EQ(hashes.size(), 4U);
}

TEST(Rules, read_what_their_canonical_text_says) {
  const auto published = ledger::RulePack::published_ceilings();
  const auto read = decode_rules(ledger::RulePack::canonical_text(published));
  ASSERT_TRUE(read);
  EXPECT_EQ(ledger::RulePack::canonical_text(read.value()),
            ledger::RulePack::canonical_text(published));
  EXPECT_TRUE(decode_rules("").value().empty());
}

TEST(Rules, refuse_any_other_text) {
  for (const char* text : {"x\n", "frikort-rule-pack 1", "frikort-rule-pack 2\n2025 1 a\n",
                           "frikort-rule-pack 1\n2025\n", "frikort-rule-pack 1\n2025 1\n",
                           "frikort-rule-pack 1\nyear 1 a\n", "frikort-rule-pack 1\n2025 x a\n",
                           "frikort-rule-pack 1\n2025 1 a", "frikort-rule-pack 1\n\n"}) {
    EXPECT_FALSE(decode_rules(text)) << text;
  }
}

}  // namespace
}  // namespace storage::test
