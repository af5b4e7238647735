#include "storage/bytes/format.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "storage/bytes/byte_codec.h"
#include "storage/bytes/entry_format.h"
#include "tests/storage/bytes/random_records.h"
#include "tests/support/print.h"

namespace storage::test {
namespace {

using ledger::Code;
using ledger::Position;
using ledger::test::Prng;

constexpr std::uint64_t seed = 1814;

// Equality where the ledger has none.
void expect_same(const ledger::ItemEntry& actual, const ledger::ItemEntry& expected) {
  const ledger::Item& item = actual.item;
  const ledger::Item& wanted = expected.item;
  EXPECT_EQ(item.type, wanted.type);
  EXPECT_EQ(item.guid, wanted.guid);
  EXPECT_EQ(item.received, wanted.received);
  if (expected.is_new_practice) {
    EXPECT_EQ(item.practice, wanted.practice);
  }
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

/// Of the rare kinds: their leaves say everything but the numbers.
void expect_same_entry(const ledger::Entry& actual, const ledger::Entry& expected) {
  ASSERT_EQ(actual.index(), expected.index());
  if (const auto* const item = item_of(actual)) return expect_same(*item, *item_of(expected));
  ledger::Entry complete = actual;
  if (auto* const practice = std::get_if<ledger::PracticeEntry>(&complete)) {
    practice->event.practice = std::get<ledger::PracticeEntry>(expected).event.practice;
  }
  const auto numbers = numbers_of(expected);
  EXPECT_EQ(numbers_of(actual), numbers);
  const StoredNumbers stand_ins(numbers.size());
  std::string leaf;
  std::string wanted;
  encode_leaf(leaf, complete, stand_ins);
  encode_leaf(wanted, expected, stand_ins);
  EXPECT_EQ(leaf, wanted);
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
      expect_same_entry(read.entries[i], written.entries[i]);
    }
    EXPECT_EQ(record.value().content,
              encode_content(written, record.value().previous_root, {}).bytes);
  }
}

TEST(Format, finds_every_entry_of_a_record_without_reading_the_whole) {
  Prng prng(seed);
  // Around the places where an offset is kept: one for every 64th entry.
  for (const std::size_t count : {1U, 63U, 64U, 65U, 128U, 129U, 200U}) {
    const ledger::CommitGroup written = group(prng, count);
    const std::string bytes = record_of(prng, written);
    for (const ledger::Entry& wanted : written.entries) {
      const auto found = decode_entry_at(bytes, position_of(wanted));
      ASSERT_TRUE(found) << count;
      expect_same_entry(found.value(), wanted);
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
  const std::size_t last_entry = encode_content(fewer, previous, {}).bytes.size() + 4;
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
    const ledger::Practice read_practice =
        decode_practice(encode_practice({}, practice, nullptr)).value().practice;
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

    const ledger::Entry written_note = note(prng, 1 + number(prng, 40));
    const auto read_note =
        decode_note(journal_key(position_of(written_note)), encode_note(written_note));
    ASSERT_TRUE(read_note);
    expect_same_entry(read_note.value(), written_note);

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
