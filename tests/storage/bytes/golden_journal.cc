#include <sstream>

#include "ledger/values/rfc3339.h"
#include "storage/bytes/format.h"
#include "storage/crypto/crypto.h"
#include "tests/storage/bytes/golden.h"
#include "tests/support/builders.h"

namespace storage::test {

using ledger::Code;
using ledger::Money;
using ledger::Position;
using ledger::to_rfc3339;
using ledger::to_string;
using ledger::test::a_copayment;
using ledger::test::date;
using ledger::test::guid_of;
using ledger::test::instant;
using ledger::test::practice_id;

std::string text_of(Code code) { return code == Code::none ? "none" : std::string(name_of(code)); }

std::string text_of(const ledger::Verdict& verdict) {
  std::ostringstream out;
  out << verdict.position.value() << ' ' << text_of(verdict.reason)
      << (verdict.counted ? " counted" : "") << (verdict.exempt ? " exempt" : "");
  return out.str();
}

namespace {

void print(std::ostream& out, const ledger::ItemEntry& entry) {
  const ledger::Item& item = entry.item;
  out << "entry " << text_of(entry.verdict) << "\n  type " << static_cast<int>(item.type)
      << " guid " << to_string(item.guid) << " received " << to_rfc3339(item.received)
      << "\n  practice " << entry.practice.value()
      << (entry.is_new_practice ? " new " + std::string(item.practice.view()) : "") << "\n  person "
      << entry.person.value() << (entry.is_new_person ? " new " + to_hex(item.person.bytes) : "")
      << " previous " << entry.previous.value() << '\n';
  if (item.type != ledger::ItemType::copayment) return;
  out << "  service " << ledger::code_of(item.service_type) << ' ' << to_rfc3339(item.service_time)
      << ' ' << item.amount.ore() << (item.is_paid ? " paid" : " unpaid");
  if (item.exemption != 0) out << " exemption " << item.exemption;
  out << '\n';
}

std::string periods_text(const std::vector<ledger::Period>& periods) {
  std::string text;
  for (const ledger::Period& period : periods) {
    text += ' ' + to_string(period.from) + ".." + (period.to ? to_string(*period.to) : "");
  }
  return text;
}

void print(std::ostream& out, const ledger::PersonEntry& entry) {
  const ledger::PersonEvent& event = entry.event;
  out << "person event " << entry.position.value() << ' ' << name_of(event.type) << ' '
      << to_string(event.event_id) << " received " << to_rfc3339(event.received) << "\n  person "
      << entry.person.value() << (entry.is_new_person ? " new" : "")
      << (entry.is_erased ? " erased" : "") << " previous " << entry.previous.value() << '\n';
  if (event.date) out << "  date " << to_string(*event.date) << '\n';
  if (!event.periods.empty()) out << "  periods" << periods_text(event.periods) << '\n';
  for (const Position meanwhile : entry.meanwhile) {
    out << "  meanwhile " << meanwhile.value() << '\n';
  }
  if (entry.other.value() == 0) return;
  out << "  merged " << entry.other.value() << " previous " << entry.other_previous.value() << '\n';
  for (const ledger::JoinedYear& joined : entry.years) {
    out << "  year " << joined.year << " newest " << joined.kept.value() << " and "
        << joined.other.value() << '\n';
  }
}

void print(std::ostream& out, const ledger::PracticeEntry& entry) {
  const ledger::PracticeEvent& event = entry.event;
  out << "practice event " << entry.position.value() << ' ' << to_string(event.event_id)
      << " received " << to_rfc3339(event.received) << "\n  practice " << entry.practice.value()
      << (entry.is_new_practice ? " new " + std::string(event.practice.view()) : "") << " previous "
      << entry.previous.value() << "\n  name " << event.name << " type " << event.type << '\n';
  for (const auto& number : event.organisation_numbers) out << "  organisation " << number << '\n';
  for (const auto& number : event.hpr_numbers) out << "  hpr " << number << '\n';
  out << "  agreements" << periods_text(event.agreements) << '\n';
}

void print(std::ostream& out, const ledger::StatementEntry& entry) {
  out << "statement " << entry.position.value() << " made " << to_rfc3339(entry.made_at) << ' '
      << entry.year << '-' << entry.number << " up to " << entry.up_to.value() << " manifest "
      << to_hex(entry.manifest) << '\n';
}

void print(std::ostream& out, const ledger::KeyEntry& entry) {
  out << "key " << entry.position.value() << " made " << to_rfc3339(entry.made_at) << ' '
      << to_hex(entry.key) << " signature " << to_hex(entry.signature) << '\n';
}

void print(std::ostream& out, const ledger::AccessLogEntry& entry) {
  out << "access log " << entry.position.value() << " at " << to_rfc3339(entry.at) << " node "
      << entry.node << " blocks " << entry.blocks << " root " << to_hex(entry.root) << '\n';
}

void print(std::ostream& out, const ledger::CheckpointEntry& entry) {
  out << "checkpoint " << entry.position.value() << " up to " << entry.up_to.value() << " checksum "
      << to_hex(entry.checksum) << '\n';
}

void print(std::ostream& out, const ledger::ActEntry& entry) {
  out << "act " << entry.position.value() << " at " << to_rfc3339(entry.at) << "\n  by " << entry.by
      << "\n  act " << entry.act << "\n  of " << entry.of << '\n';
}

std::string describe_record(std::string_view bytes) {
  const auto decoded = decode_record(bytes);
  if (!decoded) return "does not decode\n";
  const JournalRecord& record = decoded.value();
  const ledger::CommitGroup& group = record.group;
  std::ostringstream out;
  out << "group " << group.position.value() << " committed " << to_rfc3339(group.committed_at)
      << "\nprevious root " << to_hex(record.previous_root) << "\nrule pack "
      << to_hex(group.rule_pack) << '\n';
  if (group.new_rules) out << ledger::RulePack::canonical_text(*group.new_rules);
  for (const ledger::Tally& tally : group.tallies) {
    out << "tally '" << tally.practice.view() << "' " << to_string(tally.month) << ' '
        << text_of(tally.code) << ' ' << tally.count << '\n';
  }
  for (const ledger::Entry& entry : group.entries) {
    std::visit([&out](const auto& kind) { print(out, kind); }, entry);
  }
  for (const auto& [index, numbers] : record.numbers) {
    for (const StoredNumber& number : numbers) {
      out << "number of entry " << index << ' '
          << (number.is_erased ? "erased" : to_hex(number.number.bytes)) << " as "
          << to_hex(number.commitment) << '\n';
    }
  }
  out << "content " << record.content.size() << " bytes\n";
  for (const ledger::Digest& leaf : record.leaves) out << "leaf " << to_hex(leaf) << '\n';
  out << "root " << to_hex(record.root) << "\nkey " << record.key_id << "\nsignature "
      << to_hex(record.signature) << '\n';
  return out.str();
}

ledger::CommitGroup items_group() {
  ledger::CommitGroup group;
  group.position = Position{4700};
  group.committed_at = instant("2025-03-01T11:00:00.125+01:00");
  group.rule_pack = filled<32>(1);
  group.new_rules = {{2025, {Money::from_ore(327'800), "made for this record"}}};
  group.tallies = {
      {practice_id("00123"), std::chrono::year{2025} / 3, Code::time_barred, 3},
      {{}, std::chrono::year{2025} / 3, Code::malformed_item, 400},
      {practice_id("9"), std::chrono::year{2024} / 12, Code::none, 1},
  };
  ledger::ItemEntry report;
  report.item = a_copayment()
                    .guid(11)
                    .of_ore(10'000'000)
                    .exempt_for('G')
                    .service(ledger::ServiceType::physiotherapist)
                    .on("2025-02-28T23:59:59.999999999+01:00")
                    .received_at("2025-03-01T10:59:59.5+01:00");
  report.item.practice = practice_id("00123");
  report.practice = ledger::PracticeNumber{300};
  report.is_new_practice = true;
  report.person = ledger::PersonId{70'000};
  report.is_new_person = true;
  report.verdict = {Position{4701}, Code::none, true, true};
  ledger::ItemEntry payment;
  payment.item.type = ledger::ItemType::payment;
  payment.item.guid = guid_of(12);
  payment.item.received = instant("2025-03-01T11:00:00+01:00");
  payment.practice = ledger::PracticeNumber{1};
  payment.person = ledger::PersonId{5};
  payment.previous = Position{17};
  payment.verdict = {Position{4702}, Code::zero_amount, false, false};
  ledger::ItemEntry credit_note = payment;
  credit_note.item.type = ledger::ItemType::credit_note;
  credit_note.previous = Position{4702};
  credit_note.verdict = {Position{4703}, Code::credited, false, true};
  group.entries = {report, payment, credit_note};
  return group;
}

std::string sealed(const ledger::CommitGroup& group) {
  std::string record = encode_content(group, filled<32>(40), filled<32>(7)).bytes;
  ledger::Seal seal;
  seal.root = filled<32>(80);
  seal.key_id = "21fe31dfa154a261";
  seal.signature = filled<64>(120);
  const std::vector<ledger::Digest> leaves{filled<32>(160), filled<32>(200)};
  append_seal(record, leaves, seal);
  return record;
}

std::string items_2() { return sealed(items_group()); }

/// The number of the new person is erased.
std::string erased_2() {
  return *erase_numbers(items_2(), [](const auto& /*number*/) { return true; }).value();
}

/// A writer's first record.
std::string empty_2() {
  ledger::CommitGroup group;
  group.position = Position{4700};
  group.committed_at = instant("2025-03-01T11:00:00.125+01:00");
  return sealed(group);
}

template <std::size_t Size>
ledger::EncryptedNumber number_like(std::array<std::uint8_t, Size> bytes) {
  return {bytes};
}

ledger::PersonEntry a_person_event(ledger::PersonEventType type, std::uint64_t position) {
  ledger::PersonEntry entry;
  entry.event.type = type;
  entry.event.event_id = guid_of(static_cast<std::uint32_t>(position));
  entry.event.received = instant("2025-03-01T10:59:59.5+01:00");
  entry.event.person = number_like(filled<16>(static_cast<std::uint8_t>(position)));
  entry.position = Position{position};
  entry.person = ledger::PersonId{70'000};
  entry.previous = Position{position - 1};
  return entry;
}

std::string person_events_2() {
  using enum ledger::PersonEventType;
  ledger::CommitGroup group;
  group.position = Position{4700};
  group.committed_at = instant("2025-03-01T11:00:00+01:00");
  ledger::PersonEntry born = a_person_event(birth_date, 4701);
  born.is_new_person = true;
  born.previous = {};
  born.event.date = date("1954-02-28");
  ledger::PersonEntry changed = a_person_event(number_changed, 4702);
  changed.event.other = number_like(filled<16>(90));
  ledger::PersonEntry joined = a_person_event(merged, 4703);
  joined.event.other = number_like(filled<16>(91));
  joined.other = ledger::PersonId{80'000};
  joined.other_previous = Position{17};
  joined.years = {{2024, Position{16}, {}}, {2025, Position{4600}, Position{4500}}};
  ledger::PersonEntry dead = a_person_event(died, 4704);
  dead.event.date = date("2025-01-31");
  const ledger::PersonEntry annulled = a_person_event(died, 4705);
  const ledger::PersonEntry out = a_person_event(opted_out, 4706);
  ledger::PersonEntry in = a_person_event(opted_in, 4707);
  in.meanwhile = {Position{17}, Position{4600}};
  ledger::PersonEntry pension = a_person_event(minimum_pension, 4708);
  pension.event.periods = {{date("2024-01-01"), date("2024-12-31")}, {date("2025-02-01"), {}}};
  group.entries = {born, changed, joined, dead, annulled, out, in, pension};
  return sealed(group);
}

std::string practice_event_2() {
  ledger::CommitGroup group;
  group.position = Position{4700};
  group.committed_at = instant("2025-03-01T11:00:00+01:00");
  ledger::PracticeEntry entry;
  entry.event.event_id = guid_of(21);
  entry.event.received = instant("2025-03-01T10:59:59+01:00");
  entry.event.practice = practice_id("00123");
  entry.event.name = "Legesenteret på Ås";
  entry.event.type = "FALE";
  entry.event.organisation_numbers = {"999999999"};
  entry.event.hpr_numbers = {"7", "123456789"};
  entry.event.practitioners = {number_like(filled<16>(30)), number_like(filled<16>(31))};
  entry.event.agreements = {{date("2020-01-01"), date("2023-06-30")}, {date("2024-01-01"), {}}};
  entry.position = Position{4701};
  entry.practice = ledger::PracticeNumber{300};
  entry.is_new_practice = true;
  group.entries = {entry};
  return sealed(group);
}

std::string notes_2() {
  ledger::CommitGroup group;
  group.position = Position{4700};
  group.committed_at = instant("2025-03-01T11:00:00+01:00");
  const ledger::Instant at = instant("2025-03-01T10:59:59.25+01:00");
  group.entries = {
      ledger::StatementEntry{Position{4701}, at, 2024, 3, Position{4600}, filled<32>(3)},
      ledger::KeyEntry{Position{4702}, at, filled<32>(4), filled<64>(5)},
      ledger::AccessLogEntry{Position{4703}, at, 2, 77, filled<32>(6)},
      ledger::CheckpointEntry{Position{4704}, Position{4699}, filled<16>(8)},
  };
  return sealed(group);
}

std::string statement_3() {
  return encode_note(ledger::StatementEntry{Position{4711}, instant("2025-03-01T10:59:59.25+01:00"),
                                            2024, 3, Position{4600}, filled<32>(3)});
}

std::string key_3() {
  return encode_note(ledger::KeyEntry{Position{4711}, instant("2025-03-01T10:59:59.25+01:00"),
                                      filled<32>(4), filled<64>(5)});
}

ledger::ActEntry golden_act() {
  return {Position{4711}, instant("2025-03-01T10:59:59.25+01:00"), "user Åse", "backup",
          "/srv/backups"};
}

std::string act_2() {
  ledger::CommitGroup group;
  group.position = Position{4710};
  group.committed_at = instant("2025-03-01T11:00:00+01:00");
  group.entries = {golden_act()};
  return sealed(group);
}

std::string act_3() { return encode_note(golden_act()); }

std::string describe_note(std::string_view bytes) {
  const auto decoded = decode_note(journal_key(Position{4711}), bytes);
  if (!decoded) return "does not decode\n";
  std::ostringstream out;
  std::visit([&out](const auto& kind) { print(out, kind); }, decoded.value());
  return out.str();
}

}  // namespace

std::vector<Golden> journal_goldens() {
  return {
      {"journal_items_2", items_2, describe_record},
      {"journal_erased_2", erased_2, describe_record},
      {"journal_empty_2", empty_2, describe_record},
      {"journal_person_events_2", person_events_2, describe_record},
      {"journal_practice_event_2", practice_event_2, describe_record},
      {"journal_notes_2", notes_2, describe_record},
      {"statement_3", statement_3, describe_note},
      {"key_3", key_3, describe_note},
      {"journal_act_2", act_2, describe_record},
      {"act_3", act_3, describe_note},
  };
}

}  // namespace storage::test
