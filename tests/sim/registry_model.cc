#include "tests/sim/registry_model.h"

#include <algorithm>
#include <iterator>

#include "tests/sim/calendar.h"

namespace sim {
namespace {

using ledger::Code;
using ledger::Date;
using ledger::Disposition;
using ledger::Entry;
using ledger::Item;
using ledger::ItemType;
using ledger::Outcome;
using ledger::PersonEntry;
using ledger::PersonId;
using ledger::Position;
using ledger::PracticeNumber;
using ledger::Verdict;

Outcome rejected(Code code) { return {Disposition::rejected, code, {}}; }
Outcome duplicate(const Verdict& original) {
  return {Disposition::duplicate, Code::none, original};
}
Outcome accepted(const Verdict& verdict) { return {Disposition::accepted, Code::none, verdict}; }

Verdict verdict_at(Position position) {
  Verdict verdict;
  verdict.position = position;
  return verdict;
}

int year_of(Date day) { return int{std::chrono::year_month_day{day}.year()}; }

/// All of the content but the person, field by field.
bool is_same_content(const Item& a, const Item& b) {
  return a.service_type == b.service_type && a.service_time == b.service_time &&
         a.amount == b.amount && a.is_paid == b.is_paid && a.exemption == b.exemption;
}

/// All but the time of receipt.
bool is_same_content(ingest::ParsedEvent a, ingest::ParsedEvent b) {
  for (ingest::ParsedEvent* event : {&a, &b}) {
    std::visit([](auto& kind) { kind.received = {}; }, *event);
  }
  return a == b;
}

bool has_agreement(const ledger::PracticeEvent& practice, Date day) {
  for (const ledger::Period& agreement : practice.agreements) {
    const bool has_ended = agreement.to && *agreement.to < day;
    if (agreement.from <= day && !has_ended) return true;
  }
  return false;
}

bool is_earlier(const Entry& a, const Entry& b) { return position_of(a) < position_of(b); }

/// What each event names as the ones before it, and what a merge and an opt-in say beside.
void fill_events(std::vector<Entry>& entries, const ledger::ReferencePerson& person) {
  std::map<PersonId, Position> newest;
  for (Entry& any : entries) {
    auto* const entry = std::get_if<PersonEntry>(&any);
    if (entry == nullptr) continue;
    entry->previous = std::exchange(newest[entry->person], entry->position);
    if (entry->other != PersonId()) entry->other_previous = newest[entry->other];
    for (const auto& [year, account] : person.accounts) {
      for (const ledger::ReferenceMerge& merge : account.merges) {
        if (merge.position == entry->position && merge.joined)
          entry->years.push_back(*merge.joined);
      }
    }
    const auto meanwhile = person.meanwhile.find(entry->position);
    if (meanwhile != person.meanwhile.end()) entry->meanwhile = meanwhile->second;
  }
}

}  // namespace

std::vector<Outcome> RegistryModel::submit(const ingest::Submission& submission,
                                           const ledger::RulePack& rules) {
  if (rules_.empty() || rules_.back().second != rules.hash()) {
    rules_.emplace_back(next_position(), rules.hash());
    ceilings_ = rules.ceilings();
  }
  const auto judge_all = [&](RegistryModel& model) {
    std::vector<Outcome> outcomes;
    for (std::size_t i = 0; i < submission.items.size(); ++i) {
      const bool is_told = i < submission.outcomes.size();
      outcomes.push_back(
          model.judge(submission.items[i], is_told ? submission.outcomes[i].verdict : Verdict()));
    }
    return outcomes;
  };
  std::vector<Outcome> outcomes;
  bool takes_effect = true;
  if (submission.is_atomic) {
    RegistryModel trial = *this;
    outcomes = judge_all(trial);
    takes_effect = std::none_of(outcomes.begin(), outcomes.end(), [](const Outcome& outcome) {
      return outcome.disposition == Disposition::rejected;
    });
  }
  if (takes_effect) outcomes = judge_all(*this);
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    Outcome& outcome = outcomes[i];
    if (!takes_effect && outcome.disposition != Disposition::rejected) {
      outcome = rejected(Code::atomic_aborted);
    }
    if (outcome.disposition == Disposition::accepted || submission.items[i].event) continue;
    const Item& item = submission.items[i].item;
    ++tallies_[{std::string(item.practice.view()), ledger::month_of(oslo_day(item.received)),
                outcome.rejection}];
  }
  return outcomes;
}

Outcome RegistryModel::judge(const ingest::ParsedItem& parsed, const Verdict& told) {
  if (parsed.refusal != Code::none) return rejected(parsed.refusal);
  if (parsed.event) return hear(*parsed.event);
  if (parsed.item.type == ItemType::copayment) return report(parsed.item, told);
  return follow_up(parsed.item, told);
}

// ---- items ----

Outcome RegistryModel::report(const Item& item, const Verdict& told) {
  if (const Report* const original = find(item)) return repeat(*original, item);
  Report report{item, {}, oslo_day(item.service_time), oslo_day(item.received), {}, {}, {}};
  const Code refusal = refusal_of(item, report.service_day, report.received_day);
  if (refusal != Code::none) return rejected(refusal);

  report.reported = told;
  report.reported.position = Position{++position_};
  Entry made = maker_.make(item, report.reported.position);
  ledger::ItemEntry& entry = *item_of(made);
  entry.verdict = report.reported;
  std::tie(entry.practice, entry.is_new_practice) = introduce(item.practice);
  if (entry.is_new_person) numbers_.emplace(item.person, entry.person);
  report.person = entry.person;
  reports_.emplace(Key{entry.practice, item.guid}, report);
  entries_[report.person].push_back(std::move(made));
  return accepted(report.reported);
}

/// The person is compared by whom the numbers lead to by now, unless the original is nobody's.
Outcome RegistryModel::repeat(const Report& original, const Item& item) const {
  if (!is_same_content(original.item, item)) return rejected(Code::content_conflict);
  const auto number = numbers_.find(item.person);
  const bool is_of_same_person =
      original.person == PersonId() ||
      (number != numbers_.end() && who(number->second) == who(original.person));
  return is_of_same_person ? duplicate(original.reported) : rejected(Code::content_conflict);
}

Code RegistryModel::refusal_of(const Item& item, Date service_day, Date received_day) const {
  if (are_practices_required_) {
    const ledger::PracticeEvent* const practice = registered(item.practice);
    if (practice == nullptr) return Code::unknown_practice;
    if (!has_agreement(*practice, service_day)) return Code::no_agreement;
  }
  if (!ceilings_.contains(year_of(service_day))) return Code::no_rules_for_year;
  if (item.service_time > item.received + std::chrono::minutes{5}) {
    return Code::future_service_time;
  }
  if (received_day >= first_of_month_after(service_day, 7)) return Code::time_barred;
  if (item.exemption == 'F' && !has_card(item.person, year_of(service_day))) {
    return Code::no_card_registered;
  }
  return Code::none;
}

Outcome RegistryModel::follow_up(const Item& item, const Verdict& told) {
  Report* const subject = find(item);
  if (subject == nullptr) return rejected(Code::unknown_original);
  const bool is_payment = item.type == ItemType::payment;
  Verdict& given = is_payment ? subject->payment : subject->credit_note;
  if (given.is_given()) return duplicate(given);
  if (is_payment && subject->is_credited()) return rejected(Code::original_credited);
  if (!is_payment && oslo_day(item.received) > years_after(subject->service_day, 3)) {
    return rejected(Code::too_old_to_credit);
  }
  given = told;
  given.position = Position{++position_};
  Entry made = maker_.make(item, given.position);
  ledger::ItemEntry& entry = *item_of(made);
  entry.verdict = given;
  entry.practice = practices_.find(item.practice.view())->second;
  entry.is_new_practice = false;
  entries_[who(subject->person)].push_back(std::move(made));
  return accepted(given);
}

RegistryModel::Report* RegistryModel::find(const Item& item) {
  const auto practice = practices_.find(item.practice.view());
  if (practice == practices_.end()) return nullptr;
  const auto found = reports_.find({practice->second, item.guid});
  return found == reports_.end() ? nullptr : &found->second;
}

bool RegistryModel::has_card(const ledger::EncryptedNumber& number, int year) const {
  const auto known = numbers_.find(number);
  if (known == numbers_.end()) return false;
  const ledger::AccountKey key{who(known->second), year};
  if (maker_.is_opted_out(key.person)) return false;
  if (cards_.contains(key)) return true;
  const ledger::ReferencePerson person = reference(key.person, {{year, ceilings_.at(year)}});
  const auto account = person.accounts.find(year);
  if (account == person.accounts.end() || !account->second.account.card) return false;
  cards_.insert(key);
  return true;
}

// ---- events of the registries ----

Outcome RegistryModel::hear(const ingest::ParsedEvent& event) {
  const auto known = heard_.find(ingest::id_of(event));
  if (known != heard_.end()) {
    if (!is_same_content(known->second.event, event)) return rejected(Code::event_conflict);
    return duplicate(verdict_at(known->second.position));
  }
  const Position position{++position_};
  heard_.emplace(ingest::id_of(event), Heard{event, position});
  std::visit([&](const auto& kind) { take(kind, position); }, event);
  return accepted(verdict_at(position));
}

void RegistryModel::take(const ledger::PersonEvent& event, Position position) {
  const Entry made = maker_.make(event, position);
  const auto& entry = std::get<PersonEntry>(made);
  numbers_.emplace(event.person, entry.person);
  if (event.has_other()) numbers_.emplace(event.other, entry.person);
  std::vector<Entry>& entries = entries_[entry.person];
  if (entry.other != PersonId()) {
    const std::vector<Entry> of_other = std::move(entries_[entry.other]);
    entries_.erase(entry.other);
    const auto middle = entries.insert(entries.end(), of_other.begin(), of_other.end());
    std::inplace_merge(entries.begin(), middle, entries.end(), is_earlier);
  }
  entries.push_back(made);
}

void RegistryModel::take(const ledger::PracticeEvent& event, Position position) {
  ledger::PracticeEntry entry;
  entry.event = event;
  entry.position = position;
  std::tie(entry.practice, entry.is_new_practice) = introduce(event.practice);
  for (const ledger::PracticeEntry& earlier : practice_entries_) {
    if (earlier.practice == entry.practice) entry.previous = earlier.position;
  }
  practice_entries_.push_back(entry);
}

std::pair<PracticeNumber, bool> RegistryModel::introduce(const ledger::PracticeId& practice) {
  const PracticeNumber next{static_cast<std::uint32_t>(practices_.size() + 1)};
  const auto [known, is_new] = practices_.try_emplace(std::string(practice.view()), next);
  return {known->second, is_new};
}

const ledger::PracticeEvent* RegistryModel::registered(const ledger::PracticeId& practice) const {
  const auto newest = std::find_if(
      practice_entries_.rbegin(), practice_entries_.rend(),
      [&](const ledger::PracticeEntry& entry) { return entry.event.practice == practice; });
  return newest == practice_entries_.rend() ? nullptr : &newest->event;
}

// ---- what follows ----

std::vector<PersonId> RegistryModel::persons() const {
  std::vector<PersonId> persons;
  for (const auto& [person, entries] : entries_) persons.push_back(person);
  return persons;
}

const std::vector<Entry>& RegistryModel::entries_of(PersonId person) const {
  static const std::vector<Entry> nothing;
  const auto found = entries_.find(person);
  return found == entries_.end() ? nothing : found->second;
}

std::map<ledger::EncryptedNumber, PersonId> RegistryModel::numbers() const {
  auto numbers = numbers_;
  for (auto& [number, person] : numbers) person = who(person);
  return numbers;
}

/// The reference knows one pack of rules; each card has that of its time.
ledger::ReferencePerson RegistryModel::reference(
    PersonId person, const std::map<int, ledger::AnnualCeiling>& ceilings) const {
  ledger::ReferencePerson found =
      ledger::reference_person(entries_of(person), ceilings, ledger::RulePackHash{});
  for (auto& [year, account] : found.accounts) {
    std::optional<ledger::ExemptionCard>& card = account.account.card;
    if (card) card->rule_pack = rules_at(card->issued_by);
  }
  return found;
}

const ledger::RulePackHash& RegistryModel::rules_at(Position position) const {
  const auto after = std::find_if(rules_.begin(), rules_.end(),
                                  [&](const auto& rules) { return rules.first > position; });
  return std::prev(after)->second;
}

RegistryModel::Expected RegistryModel::expect(PersonId person) const {
  Expected expected{reference(person, ceilings_), entries_of(person)};
  std::map<int, std::size_t> taken;
  for (Entry& entry : expected.entries) {
    if (ledger::ItemEntry* const item = item_of(entry)) fill(*item, expected.person, taken);
  }
  fill_events(expected.entries, expected.person);
  return expected;
}

/// Verdict and predecessor by the reference; `taken` says how many of the year's items have them.
void RegistryModel::fill(ledger::ItemEntry& entry, const ledger::ReferencePerson& person,
                         std::map<int, std::size_t>& taken) const {
  const int year = year_of(reports_.at({entry.practice, entry.item.guid}).service_day);
  const ledger::ReferenceAccount& account = person.accounts.at(year);
  const std::size_t i = taken[year]++;
  entry.verdict = account.verdicts.at(i);
  entry.previous = account.previous.at(i);
}

std::map<Model::MonthKey, std::vector<std::uint32_t>> RegistryModel::lags() const {
  std::map<Model::MonthKey, std::vector<std::uint32_t>> lags;
  for (const auto& [key, report] : reports_) {
    Model::add_lag(lags, report.item.practice, report.service_day, report.received_day);
  }
  return lags;
}

}  // namespace sim
