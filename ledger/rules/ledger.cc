#include "ledger/rules/ledger.h"

#include <array>

#include "ledger/records/fingerprint.h"
#include "ledger/values/assert.h"

namespace ledger {
namespace {

/// A service may lie this much after its receipt: clocks of practices are not exact.
constexpr std::chrono::seconds clock_tolerance = std::chrono::minutes{5};

Outcome rejected(Code code) { return {Disposition::rejected, code, {}}; }
Outcome duplicate_of(const Verdict& verdict) {
  return {Disposition::duplicate, Code::none, verdict};
}
Outcome accepted(const Verdict& verdict) { return {Disposition::accepted, Code::none, verdict}; }

}  // namespace

void Ledger::expect(std::span<const Item* const> items) {
  std::array<Lookup, lookups_max> lookups;
  LEDGER_ASSERT(items.size() <= lookups.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Item& item = *items[i];
    lookups[i] = {item.fingerprint, item.person, PersonId(), year_of(oslo_date(item.service_time))};
  }
  store_.expect({lookups.data(), items.size()});
}

void Ledger::expect(std::span<const Entry> entries) {
  std::array<Lookup, lookups_max> lookups;
  LEDGER_ASSERT(entries.size() <= lookups.size());
  std::size_t count = 0;
  for (const Entry& any : entries) {
    const ItemEntry* const entry = item_of(any);
    if (entry == nullptr) continue;
    PracticeId practice = entry->item.practice;
    if (!entry->is_new_practice) {
      const auto known = store_.practice_id(entry->practice);
      if (!known) continue;  // of a new practice among these entries, or damage that replay() finds
      practice = known.value();
    }
    lookups[count++] = {fingerprint_of(practice, entry->item.guid), EncryptedNumber(),
                        entry->person, year_of(oslo_date(entry->item.service_time))};
  }
  store_.expect({lookups.data(), count});
}

Result<Outcome> Ledger::process(const Item& item, Position position, ItemEntry& entry) {
  auto known = store_.find_registration(item.fingerprint);
  if (!known) return known.error();
  const Registration* registration = known.value() ? &*known.value() : nullptr;
  events_.clear();
  entry.item = item;
  entry.is_new_person = false;
  entry.is_new_practice = false;
  if (item.type == ItemType::payment) return confirm_payment(item, registration, position, entry);
  if (item.type == ItemType::credit_note) return credit(item, registration, position, entry);
  if (registration == nullptr) return register_copayment(item, position, entry);

  const auto person = store_.find_person(item.person);
  if (!person) return person.error();
  const bool is_same =
      registration->content_hash == item.content_hash && person.value() == registration->person;
  return is_same ? duplicate_of(registration->reported) : rejected(Code::content_conflict);
}

Code Ledger::check_copayment(const Item& item, Date service, Date received) const {
  if (!rules_.ceiling_of(year_of(service))) return Code::no_rules_for_year;
  if (item.service_time > item.received + clock_tolerance) return Code::future_service_time;
  if (received > last_day_to_report(service)) return Code::time_barred;
  return Code::none;
}

Result<Outcome> Ledger::register_copayment(const Item& item, Position position, ItemEntry& entry) {
  const Date service = oslo_date(item.service_time);
  const Date received = oslo_date(item.received);
  const Code refusal = check_copayment(item, service, received);
  if (refusal != Code::none) return rejected(refusal);

  const auto known_person = store_.find_person(item.person);
  if (!known_person) return known_person.error();
  if (item.exemption == exemption_by_card) {
    if (!known_person.value()) return rejected(Code::no_card_registered);
    const auto loaded = load({*known_person.value(), year_of(service)}, position);
    if (!loaded) return loaded.error();
    if (!account_.card) return rejected(Code::no_card_registered);
  }

  const auto has_practice = introduce_practice(item.practice, entry);
  if (!has_practice) return has_practice.error();
  if (!has_practice.value()) return rejected(Code::unknown_practice);
  // From here on the item is accepted.
  if (known_person.value()) {
    entry.person = *known_person.value();
  } else {
    const auto added = store_.add_person(item.person);
    if (!added) return added.error();
    entry.person = added.value();
    entry.is_new_person = true;
  }
  return accept_copayment(item, position, entry);
}

Result<Outcome> Ledger::accept_copayment(const Item& item, Position position, ItemEntry& entry) {
  const Date service = oslo_date(item.service_time);
  const AccountKey key{entry.person, year_of(service)};
  const auto context = load(key, position);
  if (!context) return context.error();
  entry.previous = account_.newest;
  Registration registration;
  entry.verdict = post_copayment(item, context.value(), registration, account_, events_);
  const auto kept = keep(item, nullptr, registration, key);
  if (!kept) return kept.error();
  if (!item.is_paid) {
    const auto added =
        store_.add_unpaid({entry.practice, service, position},
                          {position, item.guid, item.service_time, item.received, item.amount});
    if (!added) return added.error();
  }
  const auto recorded = store_.record_lag(entry.practice, service, oslo_date(item.received));
  if (!recorded) return recorded.error();
  return accepted(entry.verdict);
}

Result<Outcome> Ledger::confirm_payment(const Item& item, const Registration* known,
                                        Position position, ItemEntry& entry) {
  if (known == nullptr) return rejected(Code::unknown_original);
  if (known->payment.is_given()) return duplicate_of(known->payment);
  if (known->is_credited) return rejected(Code::original_credited);

  return follow_up(item, *known, position, entry, post_payment);
}

Result<Outcome> Ledger::credit(const Item& item, const Registration* known, Position position,
                               ItemEntry& entry) {
  if (known == nullptr) return rejected(Code::unknown_original);
  if (known->credit_note.is_given()) return duplicate_of(known->credit_note);
  if (oslo_date(item.received) > last_day_to_credit(known->service_date)) {
    return rejected(Code::too_old_to_credit);
  }

  return follow_up(item, *known, position, entry, post_credit_note);
}

Result<Outcome> Ledger::follow_up(const Item& item, const Registration& known, Position position,
                                  ItemEntry& entry, FollowUpPosting post) {
  const AccountKey key{known.person, year_of(known.service_date)};
  const auto context = load(key, position);
  if (!context) return context.error();
  entry.person = known.person;
  entry.previous = account_.newest;
  // The co-payment has made it known.
  const auto practice = store_.find_practice(item.practice);
  if (!practice) return practice.error();
  if (!practice.value()) return Errc::corrupt_record;
  entry.practice = *practice.value();
  Registration registration = known;
  entry.verdict = post(item, context.value(), registration, account_, events_);
  const auto kept = keep(item, &known, registration, key);
  if (!kept) return kept.error();
  if (!known.is_paid && !known.is_credited) {
    const auto removed =
        store_.remove_unpaid({entry.practice, known.service_date, known.reported.position});
    if (!removed) return removed.error();
  }
  return accepted(entry.verdict);
}

Result<PostContext> Ledger::load(const AccountKey& key, Position position) {
  const auto loaded = store_.load_account(key, account_);
  if (!loaded) return loaded.error();
  const auto ceiling = rules_.ceiling_of(key.year);
  // Years are only ever added to the rules, and nothing is accepted for a year without ceiling.
  LEDGER_ASSERT(ceiling.has_value());
  return PostContext{key, position, *ceiling, rules_.hash()};
}

Result<bool> Ledger::introduce_practice(const PracticeId& id, ItemEntry& entry) {
  const auto practice = store_.find_practice(id);
  if (!practice) return practice.error();
  if (practice.value()) {
    entry.practice = *practice.value();
    return true;
  }
  const auto added = store_.add_practice(id);
  if (!added && added.error() == Errc::overloaded) return false;
  if (!added) return added.error();
  entry.practice = added.value();
  entry.is_new_practice = true;
  return true;
}

Result<void> Ledger::keep(const Item& item, const Registration* before, const Registration& after,
                          const AccountKey& key) {
  const auto put_registration = store_.put_registration(item.fingerprint, before, after);
  if (!put_registration) return put_registration.error();
  const auto put_account = store_.put_account(key, account_);
  if (!put_account) return put_account.error();
  return store_.record_events(events_);
}

Result<void> Ledger::replay(const Entry& entry) {
  return std::visit([this](const auto& kind) { return replay_kind(kind); }, entry);
}

Result<void> Ledger::replay_kind(ItemEntry entry) {
  const ItemEntry journaled = entry;
  if (!entry.is_new_practice) {
    const auto practice = store_.practice_id(entry.practice);
    if (!practice) return practice.error();
    entry.item.practice = practice.value();
  }
  identify(entry.item);
  events_.clear();
  const auto known = store_.find_registration(entry.item.fingerprint);
  if (!known) return known.error();
  const Registration* const registration = known.value() ? &*known.value() : nullptr;
  const Position position = journaled.verdict.position;
  const Item item = entry.item;
  Result<Outcome> outcome = Outcome{};
  switch (item.type) {
    case ItemType::copayment:
      outcome = replay_copayment(entry, registration);
      break;
    case ItemType::payment:
      outcome = confirm_payment(item, registration, position, entry);
      break;
    case ItemType::credit_note:
      outcome = credit(item, registration, position, entry);
      break;
  }
  if (!outcome) return outcome.error();
  const bool is_same = outcome.value().disposition == Disposition::accepted &&
                       entry.verdict == journaled.verdict && entry.person == journaled.person &&
                       entry.practice == journaled.practice && entry.previous == journaled.previous;
  return is_same ? ok() : Result<void>(Errc::corrupt_record);
}

Result<Outcome> Ledger::replay_copayment(ItemEntry& entry, const Registration* known) {
  // Twice the same, or of nobody, which no rule gives yet.
  if (known != nullptr || entry.person.value() == 0) return Errc::corrupt_record;
  const Item item = entry.item;
  const auto has_practice = introduce_practice(item.practice, entry);
  if (!has_practice) return has_practice.error();
  if (!has_practice.value()) return Errc::overloaded;
  if (entry.is_new_person) {
    const auto added = store_.add_person(item.person);
    if (!added) return added.error();
    if (added.value() != entry.person) return Errc::corrupt_record;
  }
  return accept_copayment(item, entry.verdict.position, entry);
}

/// The registries have no feed yet.
Result<void> Ledger::replay_kind(const PersonEntry& /*entry*/) { return Errc::corrupt_record; }

Result<void> Ledger::replay_kind(const PracticeEntry& /*entry*/) { return Errc::corrupt_record; }

Result<void> Ledger::replay_kind(const CheckpointEntry& entry) {
  const auto checksum = store_.checksum();
  const bool is_same = !checksum || *checksum == entry.checksum;
  return is_same ? ok() : Result<void>(Errc::corrupt_record);
}

}  // namespace ledger
