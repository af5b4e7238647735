// What is written can be read: for every field, what the decoder refuses is also seen before it is
// written, and the ends of what is taken come back.

#include "storage/bytes/format_bounds.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "storage/bytes/byte_codec.h"
#include "storage/bytes/format.h"
#include "tests/storage/ledger_with_writer.h"
#include "tests/storage/temp_folder.h"

namespace storage::test {
namespace {

using ledger::Code;
using ledger::CommitGroup;
using ledger::Instant;
using ledger::ItemEntry;
using ledger::ItemType;
using ledger::Money;
using ledger::Position;

CommitGroup a_group() {
  CommitGroup group;
  group.position = Position{1};
  group.committed_at = ledger::test::instant("2025-03-01T11:00:00+01:00");
  group.new_rules = ledger::RulePack::published_ceilings();
  ledger::Tally tally;
  tally.practice = ledger::test::practice_id("1001");
  tally.month = std::chrono::year{2025} / 3;
  tally.count = 1;
  group.tallies = {tally};
  ItemEntry copayment;
  copayment.item = ledger::test::a_copayment().on("2025-03-01T10:00:00+01:00");
  copayment.practice = ledger::PracticeNumber{1};
  copayment.is_new_practice = true;
  copayment.person = ledger::PersonId{1};
  copayment.is_new_person = true;
  copayment.verdict = {Position{2}, Code::none, true, false};
  ItemEntry payment = copayment;
  payment.item = ledger::test::a_payment().on("2025-03-01T10:00:00+01:00");
  payment.is_new_practice = payment.is_new_person = false;
  payment.previous = Position{2};
  payment.verdict.position = Position{3};
  group.entries = {copayment, payment};
  return group;
}

std::string record_of(const std::string& content) {
  std::string record = content;
  append_seal(record, {}, {});
  return record;
}

struct Change {
  const char* field;  ///< that the fault names
  std::function<void(CommitGroup&)> make;
};

Instant moved(Instant instant, std::int64_t seconds) {
  return instant + std::chrono::seconds{seconds};
}

std::function<void(CommitGroup&)> in_entry(const std::function<void(ItemEntry&)>& make) {
  return [make](CommitGroup& group) { make(*item_of(group.entries[0])); };
}

const std::vector<Change>& what_no_record_holds() {
  static const std::vector<Change> changes{
      {"position", [](CommitGroup& g) { g.position = Position{0}, g.entries.clear(); }},
      {"position",
       [](CommitGroup& g) {
         g.position = Position{ledger::position_max.value() + 1}, g.entries.clear();
       }},
      {"time of commit", [](CommitGroup& g) { g.committed_at = moved(ledger::first_instant, -1); }},
      {"time of commit", [](CommitGroup& g) { g.committed_at = moved(ledger::last_instant, 1); }},
      {"time of commit", [](CommitGroup& g) { g.committed_at.nanoseconds = -1; }},
      {"time of commit", [](CommitGroup& g) { g.committed_at.nanoseconds = 1'000'000'000; }},
      {"rules",
       [](CommitGroup& g) {
         (*g.new_rules)[2009] = {Money::from_ore(1), "early"};
       }},
      {"rules",
       [](CommitGroup& g) {
         (*g.new_rules)[2200] = {Money::from_ore(1), "late"};
       }},
      {"rules",
       [](CommitGroup& g) {
         (*g.new_rules)[2027] = {Money(), "nothing"};
       }},
      {"rules",
       [](CommitGroup& g) {
         (*g.new_rules)[2027] = {Money::from_ore(-1), "less"};
       }},
      {"rules",
       [](CommitGroup& g) {
         (*g.new_rules)[2027] = {ledger::ceiling_max + Money::from_ore(1), "more"};
       }},
      {"rules",
       [](CommitGroup& g) {
         (*g.new_rules)[2027] = {Money::from_ore(1), "two\nlines"};
       }},
      {"rules",
       [](CommitGroup& g) {
         (*g.new_rules)[2027] = {Money::from_ore(1),
                                 std::string(ledger::ceiling_source_bytes_max + 1, 'x')};
       }},
      {"number of tallies",
       [](CommitGroup& g) { g.tallies.resize(ledger::group_items_max + 1, g.tallies[0]); }},
      {"month", [](CommitGroup& g) { g.tallies[0].month = std::chrono::year{2009} / 12; }},
      {"month", [](CommitGroup& g) { g.tallies[0].month = std::chrono::year{2200} / 1; }},
      {"month", [](CommitGroup& g) { g.tallies[0].month = std::chrono::year{-1} / 12; }},
      {"month", [](CommitGroup& g) { g.tallies[0].month = std::chrono::year{10'000} / 1; }},
      {"month", [](CommitGroup& g) { g.tallies[0].month = {}; }},
      {"code", [](CommitGroup& g) { g.tallies[0].code = static_cast<Code>(28); }},
      {"code", [](CommitGroup& g) { g.tallies[0].code = Code::credited; }},
      {"count", [](CommitGroup& g) { g.tallies[0].count = 0; }},
      {"count", [](CommitGroup& g) { g.tallies[0].count = ledger::group_items_max + 1; }},
      {"type", in_entry([](ItemEntry& e) { e.item.type = static_cast<ItemType>(0); })},
      {"type", in_entry([](ItemEntry& e) { e.item.type = static_cast<ItemType>(4); })},
      {"practice", in_entry([](ItemEntry& e) { e.practice = ledger::nation; })},
      {"practiceId", in_entry([](ItemEntry& e) { e.item.practice = ledger::PracticeId(); })},
      {"person", in_entry([](ItemEntry& e) { e.person = ledger::PersonId{0}; })},
      {"person",
       in_entry([](ItemEntry& e) { e.person = ledger::PersonId{ledger::person_max.value() + 1}; })},
      {"verdict", in_entry([](ItemEntry& e) { e.verdict.reason = Code::time_barred; })},
      {"verdict", in_entry([](ItemEntry& e) { e.verdict.reason = static_cast<Code>(44); })},
      {"verdict", in_entry([](ItemEntry& e) { e.verdict.counted = false; })},
      {"previous", in_entry([](ItemEntry& e) { e.previous = e.verdict.position; })},
      {"previous", in_entry([](ItemEntry& e) { e.previous = Position{1'000}; })},
      {"receivedTime",
       in_entry([](ItemEntry& e) { e.item.received = moved(ledger::first_instant, -1); })},
      {"receivedTime",
       in_entry([](ItemEntry& e) { e.item.received = moved(ledger::last_instant, 1); })},
      {"receivedTime", in_entry([](ItemEntry& e) { e.item.received.nanoseconds = -1; })},
      {"receivedTime", in_entry([](ItemEntry& e) {
         e.item.received.seconds = std::numeric_limits<std::int64_t>::max();
       })},
      {"serviceType", in_entry([](ItemEntry& e) { e.item.service_type = ledger::ServiceType{0}; })},
      {"serviceType",
       in_entry([](ItemEntry& e) { e.item.service_type = ledger::ServiceType{14}; })},
      {"serviceTime",
       in_entry([](ItemEntry& e) { e.item.service_time = moved(ledger::first_instant, -1); })},
      {"serviceTime",
       in_entry([](ItemEntry& e) { e.item.service_time = moved(ledger::last_instant, 1); })},
      {"serviceTime",
       in_entry([](ItemEntry& e) { e.item.service_time.nanoseconds = 1'000'000'000; })},
      {"amountOre", in_entry([](ItemEntry& e) { e.item.amount = Money::from_ore(-1); })},
      {"amountOre",
       in_entry([](ItemEntry& e) { e.item.amount = ledger::amount_max + Money::from_ore(1); })},
      {"exemption", in_entry([](ItemEntry& e) { e.item.exemption = 'a'; })},
      {"exemption", in_entry([](ItemEntry& e) { e.item.exemption = '\xc6'; })},
      {"exemption", [](CommitGroup& g) { item_of(g.entries[1])->item.exemption = 'A'; }},
      {"paid", [](CommitGroup& g) { item_of(g.entries[1])->item.is_paid = true; }},
  };
  return changes;
}

TEST(FormatBounds, are_the_same_for_writing_and_reading_the_journal) {
  const CommitGroup good = a_group();
  ASSERT_EQ(fault_of_content(encode_content(good, {}, {}).bytes, good, {}), "");
  ASSERT_TRUE(decode_record(record_of(encode_content(good, {}, {}).bytes)));
  for (std::size_t i = 0; i < what_no_record_holds().size(); ++i) {
    const auto& [field, make] = what_no_record_holds()[i];
    SCOPED_TRACE(std::to_string(i) + ", " + field);
    CommitGroup group = good;
    make(group);
    const std::string content = encode_content(group, {}, {}).bytes;
    EXPECT_NE(fault_of_content(content, group, {}).find(field), std::string::npos)
        << fault_of_content(content, group, {});
    EXPECT_FALSE(decode_record(record_of(content)));
  }
}

TEST(FormatBounds, leave_the_ends_of_the_domain_inside) {
  CommitGroup group = a_group();
  group.tallies.clear();
  for (const ledger::Month month :
       {ledger::month_of(ledger::first_day), ledger::month_of(ledger::last_day)}) {
    for (unsigned code = 0; code <= 27; ++code) {
      for (const std::uint64_t count : {std::uint64_t{1}, std::uint64_t{ledger::group_items_max}}) {
        ledger::Tally tally;
        if (code % 2 == 0) tally.practice = ledger::test::practice_id("00000000000000000000");
        tally.month = month;
        tally.code = static_cast<Code>(code);
        tally.count = count;
        group.tallies.push_back(tally);
      }
    }
  }
  (*group.new_rules)[2010] = {Money::from_ore(1), ""};
  (*group.new_rules)[2199] = {ledger::ceiling_max,
                              std::string(ledger::ceiling_source_bytes_max, 'x')};
  const Instant last_second{ledger::last_instant.seconds, 0};
  for (const Instant committed : {ledger::first_instant, ledger::last_instant}) {
    group.committed_at = committed;
    for (const Instant received : {ledger::first_instant, ledger::last_instant, last_second}) {
      for (const Instant service : {ledger::first_instant, ledger::last_instant, last_second}) {
        ItemEntry& entry = *item_of(group.entries[0]);
        entry.item.received = received;
        entry.item.service_time = service;
        entry.item.amount = ledger::amount_max;
        entry.item.exemption = 'Z';
        entry.person = ledger::person_max;
        entry.practice = ledger::PracticeNumber{std::numeric_limits<std::uint32_t>::max()};
        EXPECT_EQ(fault_of_content(encode_content(group, {}, {}).bytes, group, {}), "");
      }
    }
  }
}

TEST(FormatBounds, hold_for_a_group_of_the_most_items) {
  CommitGroup group = a_group();
  group.position = Position{ledger::position_max.value() - ledger::group_items_max};
  ItemEntry entry = *item_of(group.entries[0]);
  group.entries.clear();
  for (std::size_t i = 0; i < ledger::group_items_max; ++i) {
    entry.verdict.position = Position{group.position.value() + 1 + i};
    group.entries.push_back(entry);
  }
  EXPECT_EQ(fault_of_content(encode_content(group, {}, {}).bytes, group, {}), "");
  entry.verdict.position = Position{entry.verdict.position.value() + 1};
  group.entries.push_back(entry);
  EXPECT_NE(fault_of_content(encode_content(group, {}, {}).bytes, group, {}), "");
}

TEST(FormatBounds, see_content_that_is_not_what_was_meant) {
  const CommitGroup meant = a_group();
  const std::vector<Change> changes{
      {"time of commit", [](CommitGroup& g) { ++g.committed_at.seconds; }},
      {"rule pack", [](CommitGroup& g) { g.rule_pack[0] ^= 1; }},
      {"rules", [](CommitGroup& g) { g.new_rules.reset(); }},
      {"tallies", [](CommitGroup& g) { ++g.tallies[0].count; }},
      {"number of entries", [](CommitGroup& g) { g.entries.pop_back(); }},
      {"guid", in_entry([](ItemEntry& e) { e.item.guid.bytes[15] ^= 1; })},
      {"practice", in_entry([](ItemEntry& e) { e.practice = ledger::PracticeNumber{2}; })},
      {"practiceId",
       in_entry([](ItemEntry& e) { e.item.practice = ledger::test::practice_id("77"); })},
      {"new practice", in_entry([](ItemEntry& e) { e.is_new_practice = false; })},
      {"person", in_entry([](ItemEntry& e) { e.person = ledger::PersonId{2}; })},
      {"new person", in_entry([](ItemEntry& e) { e.is_new_person = false; })},
      {"number", in_entry([](ItemEntry& e) { e.item.person.bytes[0] ^= 1; })},
      {"previous", in_entry([](ItemEntry& e) { e.previous = Position{1}; })},
      {"verdict", in_entry([](ItemEntry& e) { e.verdict.exempt = true; })},
      {"receivedTime", in_entry([](ItemEntry& e) { e.item.received.nanoseconds = 1; })},
      {"paid", in_entry([](ItemEntry& e) { e.item.is_paid = !e.item.is_paid; })},
      {"exemption", in_entry([](ItemEntry& e) { e.item.exemption = 'G'; })},
      {"serviceType",
       in_entry([](ItemEntry& e) { e.item.service_type = ledger::ServiceType::dentist; })},
      {"serviceTime", in_entry([](ItemEntry& e) { ++e.item.service_time.seconds; })},
      {"amountOre", in_entry([](ItemEntry& e) { e.item.amount += Money::from_ore(1); })},
      {"type", [](CommitGroup& g) { item_of(g.entries[1])->item.type = ItemType::credit_note; }},
  };
  for (const auto& [field, make] : changes) {
    CommitGroup other = meant;
    make(other);
    const std::string fault = fault_of_content(encode_content(other, {}, {}).bytes, meant, {});
    EXPECT_NE(fault.find(field), std::string::npos) << field << ": " << fault;
  }
  const ledger::Digest other_root{1};
  EXPECT_NE(fault_of_content(encode_content(meant, other_root, {}).bytes, meant, {}), "");
  EXPECT_NE(fault_of_content(encode_content(meant, {}, {}).bytes + '\0', meant, {}), "");
}

// ---- rows of the state ----

/// Both say no, or both yes.
template <class Value, class Decode>
void expect_bounds(const Value& value, const std::string& bytes, const Decode& decode,
                   bool is_within) {
  EXPECT_EQ(field_out_of_bounds(value) == nullptr, is_within);
  EXPECT_EQ(static_cast<bool>(decode(bytes)), is_within);
}

void expect_registration(const std::function<void(ledger::Registration&)>& change,
                         bool is_within = false) {
  ledger::Registration row;
  row.person = ledger::PersonId{1};
  row.service_date = ledger::test::date("2025-03-01");
  row.reported = {Position{2}, Code::none, true, false};
  change(row);
  std::string bytes;
  encode_registration(row, bytes);
  expect_bounds(row, bytes, decode_registration, is_within);
}

TEST(FormatBounds, are_the_same_for_registrations) {
  using Row = ledger::Registration;
  expect_registration([](Row&) {}, true);
  expect_registration([](Row& row) { row.person = ledger::PersonId{0}; }, true);
  expect_registration([](Row& row) {
    row.person = ledger::PersonId{0};
    row.is_counted = true;
  });
  expect_registration([](Row& row) { row.person = ledger::PersonId{std::uint64_t{1} << 35}; });
  expect_registration([](Row& row) { row.amount = Money::from_ore(-1); });
  expect_registration([](Row& row) { row.amount = ledger::amount_max + Money::from_ore(1); });
  expect_registration(
      [](Row& row) { row.service_date = ledger::first_day - std::chrono::days{1}; });
  expect_registration([](Row& row) { row.service_date = ledger::last_day + std::chrono::days{1}; });
  expect_registration([](Row& row) { row.reported.position = Position{0}; });
  expect_registration([](Row& row) { row.reported.position = Position{std::uint64_t{1} << 49}; });
  expect_registration([](Row& row) { row.reported.counted = false; });
  expect_registration([](Row& row) {
    row.payment = {Position{3}, Code::time_barred, false, false};
  });
  expect_registration([](Row& row) {
    row.credit_note = {Position{3}, Code::credited, true, false};
  });
}

void expect_account(const std::function<void(ledger::Account&)>& change, bool is_within = false) {
  ledger::Account row;
  row.counted_sum = Money::from_ore(5);
  row.newest = Position{9};
  row.changed_by = Position{9};
  row.days = {{ledger::test::date("2025-03-01"), Money::from_ore(5)}};
  row.card = ledger::ExemptionCard{};
  row.card->issued_at = ledger::first_instant;
  row.card->entitled_from = ledger::first_day;
  row.card->issued_by = Position{9};
  row.card->crossing = Position{3};
  row.refund_lines = {{Position{3}, {}, Position{9}, Money::from_ore(1)}};
  change(row);
  std::string bytes;
  encode_account(row, bytes);
  const auto decode = [](std::string_view from) {
    ledger::Account account;
    return decode_account(from, account).has_value();
  };
  expect_bounds(row, bytes, decode, is_within);
}

TEST(FormatBounds, are_the_same_for_accounts) {
  using Row = ledger::Account;
  expect_account([](Row&) {}, true);
  expect_account([](Row& row) { row.counted_sum = Money::from_ore(-1); });
  expect_account([](Row& row) { row.newest = Position{std::uint64_t{1} << 49}; });
  expect_account([](Row& row) { row.days[0].day = ledger::last_day + std::chrono::days{1}; });
  expect_account([](Row& row) { row.days[0].amount = Money::from_ore(-1); });
  expect_account([](Row& row) { row.card->state = static_cast<ledger::CardState>(3); });
  expect_account([](Row& row) { row.card->issued_at = moved(ledger::first_instant, -1); });
  expect_account([](Row& row) { row.card->issued_at.nanoseconds = 1'000'000'000; });
  expect_account([](Row& row) { row.card->entitled_from = ledger::Date{}; });
  expect_account([](Row& row) { row.changed_by = Position{8}; });
  expect_account([](Row& row) { row.changed_by = Position{std::uint64_t{1} << 49}; });
  expect_account([](Row& row) { row.card->issued_by = Position{0}; });
  expect_account([](Row& row) { row.card->crossing = Position{0}; });
  expect_account([](Row& row) { row.told = {true, ledger::CardState::active, ledger::Date{}}; });
  expect_account([](Row& row) {
    row.card.reset();
    row.told = {true, ledger::CardState::active, ledger::first_day};
  });
  expect_account([](Row& row) { row.refund_lines[0].cause = Position{2}; });
  expect_account([](Row& row) { row.refund_lines[0].registration = Position{0}; });
}

TEST(FormatBounds, are_the_same_for_practices_months_and_events) {
  const auto practice = [](std::function<void(ledger::Practice&)> change, bool is_within) {
    ledger::Practice row{ledger::test::practice_id("1"), ledger::first_day, ledger::last_day, 2};
    change(row);
    expect_bounds(row, encode_practice({}, row, nullptr), decode_practice, is_within);
  };
  practice([](auto&) {}, true);
  practice([](ledger::Practice& row) { row.id = {}; }, false);
  practice([](ledger::Practice& row) { row.first_received = ledger::Date{}; }, false);

  const auto month = [](std::function<void(ledger::TimelinessMonth&)> change, bool is_within) {
    ledger::TimelinessMonth row;
    row.add_lag(ledger::lag_days_max);
    row.add_rejected(Code::atomic_aborted, 1);
    change(row);
    expect_bounds(row, encode_timeliness(row), decode_timeliness, is_within);
  };
  month([](auto&) {}, true);
  month([](ledger::TimelinessMonth& row) { row.by_lag.resize(ledger::lag_days_max + 2, 1); },
        false);
  month([](ledger::TimelinessMonth& row) { row.add_rejected(Code::none, 1); }, false);
  month([](ledger::TimelinessMonth& row) { row.add_rejected(Code::unpaid, 1); }, false);

  const auto refused = [](std::function<void(ledger::Refusals&)> change, bool is_within) {
    ledger::Refusals row;
    row[ledger::month_of(ledger::first_day)].duplicates = 1;
    row[ledger::month_of(ledger::last_day)].add_rejected(Code::time_barred, 1);
    change(row);
    expect_bounds(row, encode_refusals(row), decode_refusals, is_within);
  };
  refused([](auto&) {}, true);
  refused([](ledger::Refusals& row) { row.clear(); }, false);
  refused(
      [](ledger::Refusals& row) {
        row[ledger::month_of(ledger::first_day) - std::chrono::months{1}];
      },
      false);
  refused(
      [](ledger::Refusals& row) {
        row[ledger::month_of(ledger::last_day) + std::chrono::months{1}];
      },
      false);
  refused([](ledger::Refusals& row) { row.begin()->second.add_lag(1); }, false);
  refused([](ledger::Refusals& row) { row.begin()->second.add_rejected(Code::unpaid, 1); }, false);

  const auto event = [](std::function<void(ledger::Event&)> change, bool is_within) {
    ledger::Event row;
    row.account = {ledger::PersonId{1}, 2199};
    row.cause = row.registration = Position{5};
    row.entitled_from = ledger::last_day;
    change(row);
    const auto decode = [&row](std::string_view bytes) {
      return decode_event(event_key(row.cause, 0), bytes);
    };
    expect_bounds(row, encode_event(row), decode, is_within);
  };
  event([](auto&) {}, true);
  event([](ledger::Event& row) { row.type = static_cast<ledger::EventType>(8); }, false);
  event([](ledger::Event& row) { row.account.person = {}; }, false);
  event([](ledger::Event& row) { row.account.year = 2200; }, false);
  event([](ledger::Event& row) { row.account.year = -1; }, false);
  event([](ledger::Event& row) { row.cause = Position{0}; }, false);
  event([](ledger::Event& row) { row.registration = Position{0}; }, false);
  event([](ledger::Event& row) { row.entitled_from = ledger::Date{}; }, false);
}

// ---- a ledger that is asked for what it could not read ----

class Unstorable : public testing::Test {
 protected:
  LedgerOptions options() {
    LedgerOptions options = options_in(temp_ / "data");
    options.note_fault = [this](const Fault& fault) { reasons_.push_back(fault.reason); };
    return options;
  }

  TempFolder temp_;
  std::vector<std::string> reasons_;
};

TEST_F(Unstorable, group_is_refused_and_the_ledger_opens_again) {
  std::string checksum;
  {
    LedgerWithWriter ledger(options());
    ledger.commit(items_of(5, 20));
    checksum = ledger.checksum();
    // As a parser without bounds would let it in: refused, and counted under a month.
    ingest::GroupWriter writer(ledger.files().state(), ledger.files().journal(),
                               ledger.files().rules(), false,
                               [](const auto&...) { return ledger::ok(); });
    ingest::PendingGroup pending;
    pending.submissions.push_back(std::make_unique<ingest::Submission>());
    ingest::ParsedItem& parsed = pending.submissions.back()->items.emplace_back();
    parsed.item = ledger::test::a_payment().by("1").received_at("9999-12-31T23:59:59Z");
    const auto built = writer.build(pending, ledger::test::instant("2025-03-01T10:00:00Z"));
    ASSERT_FALSE(built);
    EXPECT_EQ(built.error(), ledger::Errc::unstorable);
    ledger.files().state().abandon();
  }
  ASSERT_EQ(reasons_.size(), 1U);
  EXPECT_NE(reasons_[0].find("timeliness: month"), std::string::npos) << reasons_[0];
  LedgerWithWriter again(options());
  EXPECT_EQ(again.checksum(), checksum);
  again.commit(items_of(6, 20));
}

TEST_F(Unstorable, record_is_not_appended) {
  LedgerFiles files(options());
  for (std::size_t i = 0; i < what_no_record_holds().size(); ++i) {
    const auto& [field, make] = what_no_record_holds()[i];
    SCOPED_TRACE(std::to_string(i) + ", " + field);
    CommitGroup group = a_group();
    make(group);
    if (group.position != Position{1}) continue;  // the journal's own business
    const ledger::AnsweredGroup answered{group, {}};
    reasons_.clear();
    const auto sealed = append_and_wait(files.journal(), {&answered, 1});
    ASSERT_FALSE(sealed);
    EXPECT_EQ(sealed.error(), ledger::Errc::unstorable);
    ASSERT_EQ(reasons_.size(), 1U);
    EXPECT_NE(reasons_[0].find(field), std::string::npos) << reasons_[0];
    EXPECT_EQ(files.journal().next_position(), Position{1});
  }
}

}  // namespace
}  // namespace storage::test
