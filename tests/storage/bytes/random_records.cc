#include "tests/storage/bytes/random_records.h"

#include "tests/support/builders.h"

namespace storage::test {

using ledger::Code;
using ledger::Date;
using ledger::Instant;
using ledger::ItemType;
using ledger::Money;
using ledger::Position;
using ledger::test::Prng;

namespace {

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

ledger::ItemEntry item_entry(Prng& prng, std::uint64_t position) {
  ledger::ItemEntry entry;
  ledger::Item& item = entry.item;
  item.type = static_cast<ItemType>(1 + prng.below(3));
  fill(prng, item.guid.bytes);
  item.received = instant(prng);
  entry.practice = ledger::PracticeNumber{static_cast<std::uint32_t>(1 + number(prng, 30))};
  entry.is_new_practice = prng.chance(1, 5);
  item.practice = practice(prng);
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

std::vector<ledger::Period> periods(Prng& prng) {
  std::vector<ledger::Period> periods;
  Date from = day(prng) - std::chrono::days{30'000};
  for (std::uint64_t i = prng.below(4); i > 0; --i) {
    const Date to = from + std::chrono::days{static_cast<std::int64_t>(prng.below(900))};
    periods.push_back({from, to});
    from = to + std::chrono::days{static_cast<std::int64_t>(1 + prng.below(900))};
  }
  if (!periods.empty() && prng.chance(1, 2)) periods.back().to.reset();
  return periods;
}

std::vector<std::string> numbers(Prng& prng, std::size_t least, std::size_t most) {
  std::vector<std::string> numbers(prng.below(3));
  for (std::string& number : numbers) {
    number.resize(least + prng.below(most - least + 1));
    for (char& digit : number) digit = static_cast<char>('0' + prng.below(10));
  }
  return numbers;
}

ledger::PersonEntry person_entry(Prng& prng, std::uint64_t position) {
  ledger::PersonEntry entry;
  ledger::PersonEvent& event = entry.event;
  event.type = static_cast<ledger::PersonEventType>(1 + prng.below(7));
  fill(prng, event.event_id.bytes);
  event.received = instant(prng);
  fill(prng, event.person.bytes);
  entry.position = Position{position};
  entry.person = person(prng);
  entry.is_new_person = prng.chance(1, 3);
  entry.previous = Position{prng.below(position)};
  const bool is_birth = event.type == ledger::PersonEventType::birth_date;
  const bool is_death = event.type == ledger::PersonEventType::died;
  if (is_birth || (is_death && prng.chance(1, 2))) event.date = day(prng);
  if (event.type == ledger::PersonEventType::minimum_pension) event.periods = periods(prng);
  if (!event.has_other()) return entry;
  fill(prng, event.other.bytes);
  if (prng.chance(1, 3) || entry.person == ledger::person_max) return entry;
  entry.other = ledger::PersonId{entry.person.value() + 1};
  entry.other_previous = Position{prng.below(position)};
  for (int year = 2010; year < 2200; year += 1 + static_cast<int>(prng.below(90))) {
    entry.years.push_back({year, Position{prng.below(position)}, Position{position - 1}});
    if (position == 1) entry.years.clear();
  }
  return entry;
}

ledger::PracticeEntry practice_entry(Prng& prng, std::uint64_t position) {
  ledger::PracticeEntry entry;
  ledger::PracticeEvent& event = entry.event;
  fill(prng, event.event_id.bytes);
  event.received = instant(prng);
  event.practice = practice(prng);
  event.name = "Legesenteret på Ås";
  if (prng.chance(1, 2)) event.type = "FALE";
  event.organisation_numbers = numbers(prng, 9, 9);
  event.hpr_numbers = numbers(prng, 1, 9);
  event.practitioners.resize(prng.below(3));
  for (auto& practitioner : event.practitioners) fill(prng, practitioner.bytes);
  event.agreements = periods(prng);
  entry.position = Position{position};
  entry.practice = ledger::PracticeNumber{static_cast<std::uint32_t>(1 + number(prng, 30))};
  entry.is_new_practice = prng.chance(1, 3);
  entry.previous = Position{prng.below(position)};
  return entry;
}

ledger::StatementEntry statement_entry(Prng& prng, std::uint64_t position) {
  ledger::StatementEntry entry;
  entry.position = Position{position};
  entry.made_at = instant(prng);
  entry.year = static_cast<int>(2010 + prng.below(190));
  entry.number = static_cast<std::uint32_t>(1 + number(prng, 31));
  entry.up_to = Position{prng.below(position)};
  fill(prng, entry.manifest);
  return entry;
}

ledger::KeyEntry key_entry(Prng& prng, std::uint64_t position) {
  ledger::KeyEntry entry;
  entry.position = Position{position};
  entry.made_at = instant(prng);
  fill(prng, entry.key);
  fill(prng, entry.signature);
  return entry;
}

ledger::ActEntry act_entry(Prng& prng, std::uint64_t position) {
  ledger::ActEntry entry;
  entry.position = Position{position};
  entry.at = instant(prng);
  entry.by = std::string(1 + prng.below(ledger::act_text_bytes_max), 'b');
  entry.act = std::string(1 + prng.below(ledger::act_text_bytes_max), 'a');
  entry.of = std::string(prng.below(ledger::act_text_bytes_max + 1), 'o');
  return entry;
}

ledger::Entry rare_entry(Prng& prng, std::uint64_t position) {
  switch (prng.below(7)) {
    case 0:
      return practice_entry(prng, position);
    case 1:
      return statement_entry(prng, position);
    case 2:
      return key_entry(prng, position);
    case 3: {
      ledger::AccessLogEntry entry;
      entry.position = Position{position};
      entry.at = instant(prng);
      entry.node = static_cast<std::uint32_t>(number(prng, 32));
      entry.blocks = 1 + number(prng, 40);
      fill(prng, entry.root);
      return entry;
    }
    case 4: {
      ledger::CheckpointEntry entry;
      entry.position = Position{position};
      entry.up_to = Position{prng.below(position)};
      fill(prng, entry.checksum);
      return entry;
    }
    case 5:
      return act_entry(prng, position);
    default:
      return person_entry(prng, position);
  }
}

}  // namespace

ledger::Entry entry(Prng& prng, std::uint64_t position) {
  if (prng.chance(1, 3)) return rare_entry(prng, position);
  return item_entry(prng, position);
}

ledger::Entry note(Prng& prng, std::uint64_t position) {
  switch (prng.below(3)) {
    case 0:
      return statement_entry(prng, position);
    case 1:
      return key_entry(prng, position);
    default:
      return act_entry(prng, position);
  }
}

std::uint64_t number(Prng& prng, unsigned bits_max) {
  return prng.next() >> (64 - 1 - prng.below(bits_max));
}

ledger::PersonId person(Prng& prng) {
  return prng.chance(1, 10) ? ledger::person_max : ledger::PersonId{1 + number(prng, 34)};
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
  std::string record = encode_content(group, previous, {}).bytes;
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
  if (prng.chance(3, 4)) row.person = person(prng);
  row.is_counted = row.person != ledger::PersonId() && prng.chance(1, 2);
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
  row.changed_by = std::max(row.newest, Position{number(prng, 49)});
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
    card.issued_by = place(prng);
    card.crossing = place(prng);
    row.card = card;
  }
  if (prng.chance(1, 3)) {
    ledger::ToldCard& told = row.told.emplace();
    told.is_issued = row.card && prng.chance(1, 2);
    if (told.is_issued) {
      told.state = prng.chance(1, 2) ? ledger::CardState::active : ledger::CardState::under_review;
      told.entitled_from = day(prng);
    }
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

ledger::Refusals refusals(Prng& prng) {
  ledger::Refusals row;
  for (std::uint64_t i = 1 + prng.below(5); i > 0; --i) {
    ledger::TimelinessMonth& refused = row[ledger::month_of(day(prng))];
    refused = month(prng);
    refused.by_lag.clear();
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
  if (row.type == ledger::EventType::person_merged) {
    row.account.year = 0;
    row.registration = {};
    row.merged = ledger::PersonId{row.account.person.value() == 1 ? 2U : 1U};
    if (prng.chance(1, 2)) row.replaced_cards = {{2024, {}, {}}, {2025, {}, {}}};
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

}  // namespace storage::test
