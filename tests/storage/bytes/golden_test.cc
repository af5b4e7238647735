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
      << (row.is_paid ? " paid" : "") << (row.is_credited ? " credited" : "") << "\nreported "
      << text_of(row.reported) << "\npayment " << text_of(row.payment) << "\ncredit note "
      << text_of(row.credit_note) << '\n';
  return out.str();
}

std::string describe_account(std::string_view bytes) {
  ledger::Account row;
  if (!decode_account(bytes, row)) return "does not decode\n";
  std::ostringstream out;
  out << "sum " << row.counted_sum.ore() << "\nnewest " << row.newest.value() << '\n';
  for (const ledger::DaySum& day : row.days) {
    out << "day " << to_string(day.day) << ' ' << day.amount.ore() << '\n';
  }
  if (row.card) {
    out << "card " << static_cast<int>(row.card->state) << " issued "
        << to_rfc3339(row.card->issued_at) << " from " << to_string(row.card->entitled_from)
        << "\n  crossed by " << to_string(row.card->crossing_guid) << " under "
        << to_hex(row.card->rule_pack) << "\n  id " << to_hex(row.card->id) << '\n';
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
  out << "practice " << row.id.view() << "\nfirst " << to_string(row.first_received) << "\nlast "
      << to_string(row.last_received) << "\nactive days " << row.active_days << '\n';
  return out.str();
}

std::string describe_timeliness(std::string_view bytes) {
  const auto decoded = decode_timeliness(bytes);
  if (!decoded) return "does not decode\n";
  const ledger::TimelinessMonth& row = decoded.value();
  std::ostringstream out;
  for (std::size_t lag = 0; lag < row.by_lag.size(); ++lag) {
    if (row.by_lag[lag] != 0) out << "lag " << lag << ": " << row.by_lag[lag] << '\n';
  }
  out << "duplicates " << row.duplicates << '\n';
  for (const auto& [code, count] : row.rejected) {
    out << "rejected " << text_of(code) << ' ' << count << '\n';
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
      << " accounts " << totals.accounts << "\ncounted " << totals.counted_ore << " refunded "
      << totals.refunded_ore << "\nevents";
  for (const std::uint64_t count : totals.events) out << ' ' << count;
  out << '\n';
  return out.str();
}

// ---- the values that were written, one with everything in it for each kind ----

std::string registration_1() {
  ledger::Registration row;
  row.person = ledger::PersonId{70'000};
  row.content_hash = 0x0123456789abcdefU;
  row.amount = Money::from_ore(17'500);
  row.service_date = date("2025-02-28");
  row.is_paid = true;
  row.is_credited = true;
  row.reported = {Position{4701}, Code::unpaid, false, false};
  row.payment = {Position{4800}, Code::none, true, true};
  row.credit_note = {Position{90'000}, Code::credited, false, true};
  std::string bytes;
  encode_registration(row, bytes);
  return bytes;
}

std::string account_2() {
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
                                   filled<16>(60)};
  row.refund_lines = {
      {Position{4701}, guid_of(11), Position{4701}, Money::from_ore(15'000)},
      {Position{4701}, guid_of(11), Position{90'000}, Money::from_ore(-2'800)},
  };
  std::string bytes;
  encode_account(row, bytes);
  return bytes;
}

std::string practice_1() {
  const ledger::Practice row{practice_id("00123"), date("2024-12-31"), date("2025-03-01"), 41};
  return encode_practice(ledger::PracticeNumber{7}, row, nullptr);
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

std::string unpaid_2() {
  return encode_unpaid({Position{4711}, guid_of(11), instant("2025-02-28T09:15:00+01:00"),
                        instant("2025-03-01T10:59:59.5+01:00"), Money::from_ore(17'500)});
}

std::string applied_3() {
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
  row.totals.counted_ore = 12'345'678'900;
  row.totals.refunded_ore = 987'654;
  row.totals.events = {0, 10, 3, 2, 1, 20, 4, 0};
  return encode_applied(row);
}

// ---- the test ----

std::vector<Golden> goldens() {
  std::vector<Golden> all = journal_goldens();
  const std::vector<Golden> rows{
      {"registration_1", registration_1, describe_registration},
      {"account_2", account_2, describe_account},
      {"practice_1", practice_1, describe_practice},
      {"timeliness_1", timeliness_1, describe_timeliness},
      {"event_2", event_2, describe_event},
      {"card_event_2", card_event_2, describe_event},
      {"unpaid_2", unpaid_2, describe_unpaid},
      {"applied_3", applied_3, describe_applied},
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
