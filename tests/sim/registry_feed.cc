#include "tests/sim/registry_feed.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <utility>

#include "tests/sim/calendar.h"
#include "tests/support/builders.h"

namespace sim {
namespace {

using ingest::ParsedEvent;
using ingest::ParsedItem;
using ledger::Code;
using ledger::Date;
using ledger::Instant;
using ledger::Period;
using ledger::PersonEvent;
using ledger::PersonEventType;
using ledger::PracticeEvent;
using std::chrono::days;

constexpr std::int64_t day_seconds = 86'400;

/// Numbers next to each other, which are mostly merged with each other: else all persons would soon
/// be one.
constexpr std::uint64_t family_size = 4;

ledger::EncryptedNumber number_of(std::uint64_t person) {
  return ledger::test::person_number(static_cast<std::uint32_t>(person));
}

PersonEventType type_of(RegistryKind kind) {
  switch (kind) {
    case RegistryKind::merged:
      return PersonEventType::merged;
    case RegistryKind::number_changed:
      return PersonEventType::number_changed;
    case RegistryKind::died:
      return PersonEventType::died;
    case RegistryKind::opted_out:
      return PersonEventType::opted_out;
    case RegistryKind::opted_in:
      return PersonEventType::opted_in;
    case RegistryKind::minimum_pension:
      return PersonEventType::minimum_pension;
    default:
      return PersonEventType::birth_date;
  }
}

ParsedItem item_of(ParsedEvent event) {
  ParsedItem parsed;
  parsed.has_guid = true;
  parsed.item.received = std::visit([](const auto& kind) { return kind.received; }, event);
  parsed.event = std::make_shared<const ParsedEvent>(std::move(event));
  return parsed;
}

ledger::Guid guid_of(ledger::test::Prng& prng) {
  ledger::Guid guid;
  for (std::uint8_t& byte : guid.bytes) byte = static_cast<std::uint8_t>(prng.next());
  return guid;
}

/// The codes that the parser of events gives.
Code any_refusal(ledger::test::Prng& prng) {
  static constexpr std::array codes{
      Code::malformed_item,      Code::invalid_type,          Code::unknown_field,
      Code::missing_field,       Code::duplicate_field,       Code::invalid_event_id,
      Code::invalid_person_id,   Code::invalid_date,          Code::invalid_periods,
      Code::invalid_practice_id, Code::invalid_name,          Code::invalid_practice_type,
      Code::invalid_numbers,     Code::invalid_received_time, Code::same_person};
  return prng.pick(std::span<const Code>(codes));
}

}  // namespace

ParsedItem received_again(const ParsedItem& parsed, Instant received) {
  ParsedEvent event = *parsed.event;
  std::visit([received](auto& kind) { kind.received = std::max(kind.received, received); }, event);
  ParsedItem again = item_of(std::move(event));
  again.refusal = parsed.refusal;
  again.has_guid = parsed.has_guid;
  return again;
}

ledger::PracticeId practice_of(std::uint64_t number) {
  return ledger::test::practice_id((number % 2 == 0 ? "10" : "010") + std::to_string(number / 2));
}

RegistryFeed::RegistryFeed(const Options& options)
    : options_(options), prng_(ledger::test::Prng::mix(options.seed + 5)) {}

ParsedItem RegistryFeed::make(bool is_operator, Instant now) {
  std::uint64_t sum = 0;
  for (const std::uint64_t weight : options_.registry_kinds) sum += weight;
  std::uint64_t drawn = prng_.below(sum);
  std::size_t chosen = 0;
  while (drawn >= options_.registry_kinds[chosen]) drawn -= options_.registry_kinds[chosen++];
  const auto kind = static_cast<RegistryKind>(chosen);

  const Instant received = receipt(is_operator, now);
  const ParsedItem* const original = earlier();
  if (kind == RegistryKind::resend && original != nullptr) {
    return received_again(*original, received);
  }
  if (kind == RegistryKind::conflict && original != nullptr) {
    // Not told: where the original is not accepted, this may be, and then that one conflicts.
    return item_of(make_conflict(*original->event, received));
  }
  ParsedItem parsed = item_of(make_event(kind, received));
  told_.push_back(parsed);
  if (kind == RegistryKind::invalid) {
    // What is refused binds nothing: a resend is as it should have been.
    parsed.refusal = any_refusal(prng_);
    parsed.has_guid = prng_.chance(1, 2);
  }
  return parsed;
}

Instant RegistryFeed::receipt(bool is_operator, Instant now) {
  if (!is_operator) return now;
  if (prng_.chance(options_.edge_percent, 100)) {
    return prng_.chance(1, 2) ? ledger::first_instant : ledger::last_instant;
  }
  return {options_.start_seconds + below(2 * 365 * day_seconds) - 365 * day_seconds, 0};
}

const ParsedItem* RegistryFeed::earlier() {
  if (told_.empty()) return nullptr;
  const std::size_t reach =
      prng_.chance(1, 2) ? std::min<std::size_t>(told_.size(), 20) : told_.size();
  return &told_[told_.size() - 1 - prng_.below(reach)];
}

ParsedEvent RegistryFeed::make_event(RegistryKind kind, Instant received) {
  if (kind == RegistryKind::practice) return make_practice_event(received);
  if (kind == RegistryKind::resend || kind == RegistryKind::conflict ||
      kind == RegistryKind::invalid) {
    kind = static_cast<RegistryKind>(prng_.below(7));
  }
  return make_person_event(kind, received);
}

PersonEvent RegistryFeed::make_person_event(RegistryKind kind, Instant received) {
  const Date today = oslo_day(received);
  PersonEvent event;
  event.type = type_of(kind);
  event.event_id = guid_of(prng_);
  event.received = received;
  event.person = number_of(any_person());
  if (event.has_other()) choose_two(event);
  if (kind == RegistryKind::birth_date) event.date = birth_date(today);
  if (kind == RegistryKind::died) event.date = death(today);
  if (kind == RegistryKind::minimum_pension) event.periods = periods(today);
  return event;
}

void RegistryFeed::choose_two(PersonEvent& event) {
  const ParsedItem* const before = prng_.chance(1, 4) ? earlier() : nullptr;
  const auto* const turned =
      before == nullptr ? nullptr : std::get_if<PersonEvent>(before->event.get());
  if (turned != nullptr && turned->has_other()) {
    event.person = turned->other;
    event.other = turned->person;
    return;
  }
  const std::uint64_t number = any_person();
  const std::uint64_t family = (number - 1) / family_size * family_size;
  event.person = number_of(number);
  do {
    const bool is_far = prng_.chance(1, 20);
    event.other = number_of(is_far ? any_person() : family + 1 + prng_.below(family_size));
  } while (event.other == event.person);
}

/// Now and then one that was never seen.
std::uint64_t RegistryFeed::any_person() {
  std::uint64_t number = 1 + prng_.below(options_.persons);
  if (prng_.chance(options_.hot_percent, 100)) number = 1 + prng_.below(options_.hot_persons);
  if (prng_.chance(1, 20)) number = options_.persons + 1 + prng_.below(1'000);
  return number;
}

Date RegistryFeed::birth_date(Date received) {
  if (prng_.chance(options_.child_percent, 100)) {
    // So that registrations of the months around start or stop counting.
    const Date birthday = received - days{below(500) - 100};
    return std::min(received, years_after(birthday, -16));
  }
  switch (prng_.below(4)) {
    case 0:
      return ledger::registry_first_day;
    case 1:
      return received;
    case 2:
      return std::min(received, Date{std::chrono::year{2008} / 2 / 29});
    default:
      return received - days{365 * 17 + below(365 * 80)};
  }
}

std::optional<Date> RegistryFeed::death(Date received) {
  switch (prng_.below(4)) {
    case 0:
      return std::nullopt;
    case 1:
      return ledger::registry_first_day;
    case 2:
      return received;
    default:
      return received - days{below(1'000)};
  }
}

/// In order, and at times next to each other. The last one may have no end.
std::vector<Period> RegistryFeed::periods(Date received) {
  std::vector<Period> periods;
  const std::int64_t counts[] = {0, 1, 1, 2, 5, prng_.chance(1, 20) ? 500 : 3};
  const std::int64_t count = prng_.pick(std::span<const std::int64_t>(counts));
  Date from = prng_.chance(1, 2) ? ledger::registry_first_day : received - days{below(800)};
  for (std::int64_t i = 0; i < count; ++i) {
    // The first may be long, so that it covers services.
    const std::int64_t reach = i == 0 && prng_.chance(1, 2) ? 2'100 * 365 : 200;
    const Date to = from + days{below(reach)};
    periods.push_back({from, to});
    from = to + days{1 + (prng_.chance(1, 2) ? 0 : below(50))};
  }
  if (!periods.empty() && prng_.chance(1, 2)) {
    periods.back().to =
        prng_.chance(1, 3) ? std::optional(ledger::registry_last_day) : std::nullopt;
  }
  return periods;
}

PracticeEvent RegistryFeed::make_practice_event(Instant received) {
  static constexpr std::string_view organisations[] = {"974760673", "889640782", "983544622"};
  PracticeEvent event;
  event.event_id = guid_of(prng_);
  event.received = received;
  event.practice = practice_of(prng_.below(options_.practices));
  if (prng_.chance(1, 10)) event.practice = ledger::test::practice_id("00000000000000000000");
  event.name = "Legekontoret " + std::to_string(prng_.below(3));
  if (prng_.chance(1, 10)) {
    event.name.clear();
    for (int i = 0; i < 200; ++i) event.name += "\xF0\x9F\x8F\xA5";  // four bytes a character
  }
  if (prng_.chance(1, 2)) event.type = prng_.chance(1, 2) ? "FALE" : "abcdefghij0123456789";
  for (const std::string_view number : organisations) {
    if (prng_.chance(1, 3)) event.organisation_numbers.emplace_back(number);
  }
  for (const char* const number : {"1", "0000000", "999999999"}) {
    if (prng_.chance(1, 3)) event.hpr_numbers.emplace_back(number);
  }
  for (std::uint64_t left = prng_.below(4); left > 0; --left) {
    event.practitioners.push_back(number_of(any_person()));
  }
  event.agreements = periods(oslo_day(received));
  return event;
}

ParsedEvent RegistryFeed::make_conflict(const ParsedEvent& original, Instant received) {
  const ledger::Guid id = ingest::id_of(original);
  ParsedEvent event = original;
  if (prng_.chance(1, 4)) {
    // As likely of the other feed.
    event =
        make_event(prng_.chance(1, 2) ? RegistryKind::practice : RegistryKind::merged, received);
  } else {
    std::visit([this](auto& kind) { change(kind); }, event);
  }
  std::visit(
      [&](auto& kind) {
        kind.event_id = id;
        kind.received = std::max(kind.received, received);
      },
      event);
  return event;
}

/// One field, so that it is as well-formed as before; another person where there is no such field.
void RegistryFeed::change(PersonEvent& event) {
  const std::uint64_t field = prng_.below(4);
  if (field == 0 && event.date && *event.date > ledger::registry_first_day) {
    event.date = *event.date - days{1};
  } else if (field == 1 && event.type == PersonEventType::died) {
    event.date = event.date ? std::nullopt : std::optional(ledger::registry_first_day);
  } else if (field == 1 && event.has_other()) {
    std::swap(event.person, event.other);
  } else if (field == 2 && event.type == PersonEventType::opted_out) {
    event.type = PersonEventType::opted_in;
  } else if (field == 2 && event.type == PersonEventType::merged) {
    event.type = PersonEventType::number_changed;
  } else if (field == 2 && !event.periods.empty()) {
    event.periods.pop_back();
  } else {
    const ledger::EncryptedNumber number = number_of(any_person());
    if (number != event.other) event.person = number;
  }
}

void RegistryFeed::change(PracticeEvent& event) {
  switch (prng_.below(7)) {
    case 0:
      event.practice = practice_of(prng_.below(options_.practices));
      break;
    case 1:
      event.type = event.type == "FALE" ? "" : "FALE";
      break;
    case 2:
      event.organisation_numbers.emplace_back("974760673");
      break;
    case 3:
      event.hpr_numbers.emplace_back("2");
      break;
    case 4:
      event.practitioners.push_back(number_of(any_person()));
      break;
    case 5:
      if (!event.agreements.empty()) event.agreements.pop_back();
      break;
    default:
      event.name = "Fysioterapi";
      break;
  }
}

}  // namespace sim
