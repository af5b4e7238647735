// Records as they were written once, in tests/golden: they must decode to the same text for ever.
// A file holds the bytes in hexadecimal on its first line and the expected text below. With
// FRIKORT_WRITE_GOLDEN=1 in the environment the files that are missing are written; one that is
// there is never changed: another format gets a file of its own.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <sstream>

#include "ledger/values/rfc3339.h"
#include "storage/bytes/format.h"
#include "storage/crypto/crypto.h"
#include "tests/storage/bytes/golden.h"
#include "tests/support/builders.h"

namespace storage::test {
namespace {

namespace fs = std::filesystem;

using ledger::Code;
using ledger::Money;
using ledger::Position;
using ledger::to_rfc3339;
using ledger::to_string;
using ledger::test::date;
using ledger::test::guid_of;
using ledger::test::instant;
using ledger::test::practice_id;

// ---- values as text ----

std::string describe_registration(std::string_view bytes) {
  const auto decoded = decode_registration(bytes);
  if (!decoded) return "does not decode\n";
  const ledger::Registration& row = decoded.value();
  std::ostringstream out;
  out << "person " << row.person.value() << "\ncontent hash " << row.content_hash << "\namount "
      << row.amount.ore() << "\nservice date " << to_string(row.service_date) << "\nnow"
      << (row.is_paid ? " paid" : "") << (row.is_credited ? " credited" : "")
      << (row.is_counted ? " counted" : "") << "\nreported " << text_of(row.reported)
      << "\npayment " << text_of(row.payment) << "\ncredit note " << text_of(row.credit_note)
      << '\n';
  return out.str();
}

std::string describe_account(std::string_view bytes) {
  ledger::Account row;
  if (!decode_account(bytes, row)) return "does not decode\n";
  std::ostringstream out;
  out << "sum " << row.counted_sum.ore() << "\nnewest " << row.newest.value() << " changed by "
      << row.changed_by.value() << '\n';
  for (const ledger::DaySum& day : row.days) {
    out << "day " << to_string(day.day) << ' ' << day.amount.ore() << '\n';
  }
  if (row.card) {
    out << "card " << static_cast<int>(row.card->state) << " issued "
        << to_rfc3339(row.card->issued_at) << " from " << to_string(row.card->entitled_from)
        << "\n  crossed by " << to_string(row.card->crossing_guid) << " under "
        << to_hex(row.card->rule_pack) << "\n  id " << to_hex(row.card->id) << "\n  issued by "
        << row.card->issued_by.value() << " crossed at " << row.card->crossing.value() << '\n';
  }
  if (row.told) {
    out << "told " << row.told->is_issued << ' ' << static_cast<int>(row.told->state) << ' '
        << to_string(row.told->entitled_from) << '\n';
  }
  for (const ledger::RefundLine& line : row.refund_lines) {
    out << "refund " << line.amount.ore() << " for " << line.registration.value() << ' '
        << to_string(line.guid) << " caused by " << line.cause.value() << '\n';
  }
  return out.str();
}

std::string describe_practice(std::string_view bytes) {
  const auto decoded = decode_practice(bytes);
  if (!decoded) return "does not decode\n";
  const ledger::Practice& row = decoded.value().practice;
  std::ostringstream out;
  if (decoded.value().registered) {
    const ledger::RegisteredPractice& known = *decoded.value().registered;
    out << "registered " << decoded.value().number.value() << " by " << known.position.value()
        << ' ' << known.event.name << '\n';
  }
  out << "practice " << row.id.view() << "\nfirst " << to_string(row.first_received) << "\nlast "
      << to_string(row.last_received) << "\nactive days " << row.active_days << '\n';
  return out.str();
}

std::string describe_person(std::string_view bytes) {
  const auto decoded = decode_person(bytes);
  if (!decoded) return "does not decode\n";
  const ledger::Person& row = decoded.value();
  std::ostringstream out;
  out << "newest event " << row.newest_event.value() << (row.is_opted_out ? " opted out" : "")
      << " merged into " << row.merged_into.value() << '\n';
  if (row.birth_date) out << "born " << to_string(*row.birth_date) << '\n';
  if (row.death) out << "died " << to_string(*row.death) << '\n';
  for (const ledger::Period& period : row.pension.value_or(std::vector<ledger::Period>())) {
    out << "pension from " << to_string(period.from) << " to "
        << (period.to ? to_string(*period.to) : "-") << '\n';
  }
  for (const ledger::UntoldMerge& merge : row.untold) {
    out << "untold " << merge.position.value() << ": " << merge.other.value() << " into "
        << merge.kept.value() << '\n';
    for (const ledger::ReplacedCard& card : merge.replaced_cards) {
      out << "  " << card.year << ' ' << to_hex(card.card) << " for " << to_hex(card.replaced)
          << '\n';
    }
  }
  return out.str();
}

std::string describe_registry_event(std::string_view bytes) {
  const auto decoded = decode_known_event(bytes);
  if (!decoded) return "does not decode\n";
  std::ostringstream out;
  out << "at " << decoded.value().position.value() << " content " << std::hex
      << decoded.value().content_hash << '\n';
  return out.str();
}

void describe(std::ostream& out, const ledger::TimelinessMonth& row) {
  for (std::size_t lag = 0; lag < row.by_lag.size(); ++lag) {
    if (row.by_lag[lag] != 0) out << "lag " << lag << ": " << row.by_lag[lag] << '\n';
  }
  out << "duplicates " << row.duplicates << '\n';
  for (const auto& [code, count] : row.rejected) {
    out << "rejected " << text_of(code) << ' ' << count << '\n';
  }
}

std::string describe_timeliness(std::string_view bytes) {
  const auto decoded = decode_timeliness(bytes);
  if (!decoded) return "does not decode\n";
  std::ostringstream out;
  describe(out, decoded.value());
  return out.str();
}

std::string describe_refusals(std::string_view bytes) {
  const auto decoded = decode_refusals(bytes);
  if (!decoded) return "does not decode\n";
  std::ostringstream out;
  for (const auto& [month, row] : decoded.value()) {
    out << ledger::to_string(month) << '\n';
    describe(out, row);
  }
  return out.str();
}

std::string describe_event(std::string_view bytes) {
  const auto decoded = decode_event(event_key(Position{4711}, 2), bytes);
  if (!decoded) return "does not decode\n";
  const ledger::Event& row = decoded.value();
  std::ostringstream out;
  out << name_of(row.type) << "\nperson " << row.account.person.value() << " year "
      << row.account.year << "\ncause " << row.cause.value() << " registration "
      << row.registration.value() << "\namount " << row.amount.ore() << '\n';
  if (is_about_card(row.type)) {
    out << "card " << to_hex(row.card) << "\nentitled from " << to_string(row.entitled_from)
        << " moved from " << to_string(row.moved_from) << '\n';
  }
  if (row.type == ledger::EventType::person_merged) {
    out << "merged " << row.merged.value() << '\n';
    for (const ledger::ReplacedCard& card : row.replaced_cards) {
      out << "  " << card.year << ' ' << to_hex(card.card) << " for " << to_hex(card.replaced)
          << '\n';
    }
  }
  return out.str();
}

std::string describe_unpaid(std::string_view bytes) {
  const auto decoded = decode_unpaid(unpaid_key({{}, {}, Position{4711}}), bytes);
  if (!decoded) return "does not decode\n";
  const ledger::UnpaidRegistration& row = decoded.value();
  std::ostringstream out;
  out << "position " << row.position.value() << ' ' << to_string(row.guid) << "\nservice "
      << to_rfc3339(row.service_time) << " received " << to_rfc3339(row.received) << "\namount "
      << row.amount.ore() << '\n';
  return out.str();
}

std::string describe_applied(std::string_view bytes) {
  const auto decoded = decode_applied(bytes);
  if (!decoded) return "does not decode\n";
  const AppliedState& row = decoded.value();
  const StateTotals& totals = row.totals;
  std::ostringstream out;
  out << "next " << row.next_position.value() << '\n'
      << row.rules << "rule pack " << to_hex(row.rule_pack) << "\nchecksum "
      << totals.checksum.hex() << "\nregistrations " << totals.registrations << " payments "
      << totals.payments << " credit notes " << totals.credit_notes << "\nduplicates "
      << totals.duplicates << " rejected " << totals.rejected << "\npersons " << totals.persons
      << " accounts " << totals.accounts << " cards " << totals.cards << " under review "
      << totals.cards_under_review << "\ncounted " << totals.counted_ore << " refunded "
      << totals.refunded_ore << "\nevents";
  for (const std::uint64_t count : totals.events) out << ' ' << count;
  out << '\n';
  return out.str();
}

// ---- the values that were written, one with everything in it for each kind ----

std::string registration_2() {
  ledger::Registration row;
  row.person = ledger::PersonId{70'000};
  row.content_hash = 0x0123456789abcdefU;
  row.amount = Money::from_ore(17'500);
  row.service_date = date("2025-02-28");
  row.is_paid = true;
  row.is_credited = true;
  row.is_counted = true;  // hidden: it has been credited since
  row.reported = {Position{4701}, Code::unpaid, false, false};
  row.payment = {Position{4800}, Code::none, true, true};
  row.credit_note = {Position{90'000}, Code::credited, false, true};
  std::string bytes;
  encode_registration(row, bytes);
  return bytes;
}

std::string account_4() {
  ledger::Account row;
  row.counted_sum = Money::from_ore(340'000);
  row.newest = Position{90'000};
  row.days = {{date("2025-01-02"), Money::from_ore(300'000)},
              {date("2025-02-28"), Money::from_ore(40'000)}};
  row.card = ledger::ExemptionCard{ledger::CardState::under_review,
                                   instant("2025-03-01T10:59:59.5+01:00"),
                                   date("2025-02-28"),
                                   guid_of(11),
                                   filled<32>(1),
                                   filled<16>(60),
                                   Position{4800},
                                   Position{4701}};
  row.changed_by = Position{90'007};
  row.told = ledger::ToldCard{true, ledger::CardState::active, date("2025-11-03")};
  row.refund_lines = {
      {Position{4701}, guid_of(11), Position{4701}, Money::from_ore(15'000)},
      {Position{4701}, guid_of(11), Position{90'000}, Money::from_ore(-2'800)},
  };
  std::string bytes;
  encode_account(row, bytes);
  return bytes;
}

std::string practice_2() {
  const ledger::Practice row{practice_id("00123"), date("2024-12-31"), date("2025-03-01"), 41};
  ledger::RegisteredPractice registered;
  registered.position = Position{4711};
  registered.event.event_id = guid_of(21);
  registered.event.received = instant("2025-03-01T10:59:59+01:00");
  registered.event.name = "Example Surgery";
  registered.event.organisation_numbers = {"974760673"};
  registered.event.agreements = {{date("2024-01-01"), {}}};
  return encode_practice(ledger::PracticeNumber{7}, row, &registered);
}

std::string timeliness_1() {
  ledger::TimelinessMonth row;
  row.add_lag(0, 1'000);
  row.add_lag(16, 3);
  row.add_lag(213, 1);
  row.duplicates = 77;
  row.add_rejected(Code::time_barred, 5);
  row.add_rejected(Code::malformed_item, 300);
  return encode_timeliness(row);
}

std::string refusals_1() {
  ledger::Refusals row;
  row[std::chrono::year{2025} / 11].duplicates = 2;
  row[std::chrono::year{2026} / 1].add_rejected(Code::time_barred, 5);
  row[std::chrono::year{2026} / 1].add_rejected(Code::malformed_item, 300);
  return encode_refusals(row);
}

std::string event_2() {
  ledger::Event row;
  row.type = ledger::EventType::refund_netted;
  row.account = {ledger::PersonId{70'000}, 2025};
  row.registration = Position{4701};
  row.amount = Money::from_ore(-2'800);
  return encode_event(row);
}

std::string card_event_2() {
  ledger::Event row;
  row.type = ledger::EventType::entitlement_moved;
  row.account = {ledger::PersonId{70'000}, 2025};
  row.registration = Position{4701};
  row.card = filled<16>(60);
  row.entitled_from = date("2025-02-28");
  row.moved_from = date("2025-11-03");
  return encode_event(row);
}

std::string merged_event_1() {
  ledger::Event row;
  row.type = ledger::EventType::person_merged;
  row.account.person = ledger::PersonId{70'000};
  row.merged = ledger::PersonId{70'017};
  row.replaced_cards = {{2024, filled<16>(60), filled<16>(90)}};
  return encode_event(row);
}

std::string person_1() {
  ledger::Person row;
  row.newest_event = Position{4711};
  row.birth_date = date("1954-02-28");
  row.has_death = true;
  row.death = date("2025-01-31");
  row.pension = {{{date("2024-01-01"), date("2024-12-31")}, {date("2025-02-01"), {}}}};
  row.is_opted_out = true;
  row.untold = {{Position{4700},
                 ledger::PersonId{70'000},
                 ledger::PersonId{70'017},
                 {{2024, filled<16>(60), filled<16>(90)}}}};
  std::string bytes;
  encode_person(row, bytes);
  return bytes;
}

std::string registry_event_1() { return encode_known_event({Position{4711}, 0x0123456789abcdefU}); }

std::string unpaid_2() {
  return encode_unpaid({Position{4711}, guid_of(11), instant("2025-02-28T09:15:00+01:00"),
                        instant("2025-03-01T10:59:59.5+01:00"), Money::from_ore(17'500)});
}

std::string applied_6() {
  AppliedState row;
  row.next_position = Position{90'001};
  row.rules = ledger::RulePack::canonical_text(
      {{2025, {Money::from_ore(327'800), "made for this record"}}});
  row.rule_pack = filled<32>(1);
  row.totals.checksum = {0x0123456789abcdefU, 0xfedcba9876543210U};
  row.totals.registrations = 80'000;
  row.totals.payments = 5'000;
  row.totals.credit_notes = 1'000;
  row.totals.duplicates = 12;
  row.totals.rejected = 13;
  row.totals.persons = 70'000;
  row.totals.accounts = 70'001;
  row.totals.cards = 9;
  row.totals.cards_under_review = 3;
  row.totals.counted_ore = 12'345'678'900;
  row.totals.refunded_ore = 987'654;
  row.totals.events = {0, 10, 3, 2, 1, 20, 4, 0};
  return encode_applied(row);
}

// ---- the test ----

std::vector<Golden> goldens() {
  std::vector<Golden> all = journal_goldens();
  const std::vector<Golden> rows{
      {"registration_2", registration_2, describe_registration},
      {"account_4", account_4, describe_account},
      {"practice_2", practice_2, describe_practice},
      {"timeliness_1", timeliness_1, describe_timeliness},
      {"refusals_1", refusals_1, describe_refusals},
      {"event_2", event_2, describe_event},
      {"card_event_2", card_event_2, describe_event},
      {"unpaid_2", unpaid_2, describe_unpaid},
      {"person_1", person_1, describe_person},
      {"merged_event_1", merged_event_1, describe_event},
      {"registry_event_1", registry_event_1, describe_registry_event},
      {"applied_6", applied_6, describe_applied},
  };
  all.insert(all.end(), rows.begin(), rows.end());
  return all;
}

fs::path folder() { return GOLDEN_FOLDER; }

std::string bytes_of(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

class GoldenTest : public testing::TestWithParam<Golden> {};

TEST_P(GoldenTest, decodes_to_the_text_it_was_written_with) {
  const fs::path path = folder() / (std::string(GetParam().name) + ".txt");
  const char* const is_writing = std::getenv("FRIKORT_WRITE_GOLDEN");
  if (is_writing != nullptr && std::string_view(is_writing) == "1" && !fs::exists(path)) {
    const std::string bytes = GetParam().encode();
    std::ofstream(path) << to_hex(bytes) << '\n' << GetParam().describe(bytes);
  }
  std::ifstream file(path, std::ios::binary);
  ASSERT_TRUE(file) << path;
  std::string hex;
  std::getline(file, hex);
  const std::string expected{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(GetParam().describe(bytes_of(hex)), expected);
  EXPECT_EQ(to_hex(GetParam().encode()), hex) << "what is written today is of another format";
}

INSTANTIATE_TEST_SUITE_P(Format, GoldenTest, testing::ValuesIn(goldens()),
                         [](const auto& golden) { return std::string(golden.param.name); });

}  // namespace
}  // namespace storage::test
