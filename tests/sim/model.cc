#include "tests/sim/model.h"

#include <algorithm>

#include "ledger/records/fingerprint.h"
#include "ledger/values/assert.h"
#include "tests/sim/calendar.h"

namespace sim {
namespace {

using ledger::AccountKey;
using ledger::Basis;
using ledger::Code;
using ledger::Date;
using ledger::Disposition;
using ledger::Item;
using ledger::ItemType;
using ledger::Money;
using ledger::Outcome;
using ledger::Position;
using ledger::RulePack;
using ledger::Verdict;

Outcome rejected(Code code) { return {Disposition::rejected, code, {}}; }
Outcome duplicate(const Verdict& original) {
  return {Disposition::duplicate, Code::none, original};
}

int year_of(Date day) { return int{std::chrono::year_month_day{day}.year()}; }

/// All of the content, field by field; the product compares a hash.
bool is_same_content(const Item& a, const Item& b) {
  return a.person == b.person && a.service_type == b.service_type &&
         a.service_time == b.service_time && a.amount == b.amount && a.is_paid == b.is_paid &&
         a.exemption == b.exemption;
}

/// The day on which the counted amounts, in service order, reach the ceiling.
Date day_reaching(Money ceiling, const std::vector<Model::Report>& reports) {
  std::vector<std::pair<Date, Money>> counted;
  for (const Model::Report& report : reports) {
    if (report.is_counted()) counted.emplace_back(report.service_day, report.item.amount);
  }
  std::sort(counted.begin(), counted.end());
  Money sum;
  for (const auto& [day, amount] : counted) {
    sum += amount;
    if (sum >= ceiling) return day;
  }
  LEDGER_ASSERT(false && "asked only when the sum is at the ceiling");
  return {};
}

/// What is still refunded for each registration, newest refund first.
std::vector<ledger::RefundLine> outstanding_newest_first(
    const std::vector<ledger::RefundLine>& lines) {
  std::vector<ledger::RefundLine> outstanding;
  for (const ledger::RefundLine& line : lines) {
    const auto same = std::find_if(
        outstanding.begin(), outstanding.end(),
        [&](const ledger::RefundLine& other) { return other.registration == line.registration; });
    if (same == outstanding.end()) {
      outstanding.push_back(line);
    } else {
      same->amount += line.amount;
    }
  }
  std::reverse(outstanding.begin(), outstanding.end());
  return outstanding;
}

}  // namespace

Code Model::Report::reason_not_counted() const {
  if (is_credited) return Code::credited;
  if (!is_paid) return Code::unpaid;
  if (item.amount == Money()) return Code::zero_amount;
  return Code::none;
}

ledger::Account Model::PersonYear::account() const {
  ledger::Account account;
  std::map<Date, Money> days;
  for (const Report& report : reports) {
    if (!report.is_counted()) continue;
    account.counted_sum += report.item.amount;
    days[report.service_day] += report.item.amount;
  }
  for (const auto& [day, amount] : days) account.days.push_back({day, amount});
  account.newest = newest;
  account.changed_by = newest;
  account.card = card;
  account.refund_lines = lines;
  return account;
}

std::vector<Outcome> Model::submit(const ingest::Submission& submission, const RulePack& rules) {
  const auto judge_all = [&](Model& model) {
    std::vector<Outcome> outcomes;
    for (const ingest::ParsedItem& parsed : submission.items) {
      outcomes.push_back(model.judge(parsed, rules));
    }
    return outcomes;
  };
  std::vector<Outcome> outcomes;
  bool takes_effect = true;
  if (submission.is_atomic) {
    Model trial = excerpt(submission.items);
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
    if (outcome.disposition == Disposition::accepted) continue;
    const Item& item = submission.items[i].item;
    ++tallies_[{std::string(item.practice.view()), ledger::month_of(oslo_day(item.received)),
                outcome.rejection}];
  }
  return outcomes;
}

Outcome Model::judge(const ingest::ParsedItem& parsed, const RulePack& rules) {
  if (parsed.refusal != Code::none) return rejected(parsed.refusal);
  if (parsed.item.type == ItemType::copayment) return report(parsed.item, rules);
  return follow_up(parsed.item, rules);
}

Outcome Model::report(const Item& item, const RulePack& rules) {
  const Key key{item.practice.view(), item.guid};
  if (const auto known = by_key_.find(key); known != by_key_.end()) {
    const Report& report = person_years_.at(known->second.account).reports[known->second.report];
    if (!is_same_content(report.item, item)) return rejected(Code::content_conflict);
    return duplicate(report.reported);
  }

  const Date service_day = oslo_day(item.service_time);
  const Date received_day = oslo_day(item.received);
  const int year = year_of(service_day);
  if (!rules.ceiling_of(year)) return rejected(Code::no_rules_for_year);
  if (item.service_time > item.received + std::chrono::minutes{5}) {
    return rejected(Code::future_service_time);
  }
  if (received_day >= first_of_month_after(service_day, 7)) return rejected(Code::time_barred);

  const auto known_person = persons_.find(item.person);
  if (item.exemption == 'F') {
    if (known_person == persons_.end()) return rejected(Code::no_card_registered);
    const auto account = person_years_.find({known_person->second, year});
    if (account == person_years_.end() || !account->second.card) {
      return rejected(Code::no_card_registered);
    }
  }

  Report report;
  report.item = item;
  report.person =
      known_person != persons_.end() ? known_person->second : ledger::PersonId{++newest_person_};
  persons_[item.person] = report.person;
  report.service_day = service_day;
  report.received_day = received_day;
  report.is_paid = item.is_paid;
  report.reported.position = Position{position_ + 1};
  const AccountKey account{report.person, year};
  PersonYear& person_year = person_years_[account];
  by_key_[key] = {account, person_year.reports.size()};
  person_year.reports.push_back(report);
  Report& subject = person_year.reports.back();
  const Outcome outcome = settle(person_year, subject, item, rules);
  subject.reported = outcome.verdict;
  return outcome;
}

Outcome Model::follow_up(const Item& item, const RulePack& rules) {
  const auto known = by_key_.find({std::string(item.practice.view()), item.guid});
  if (known == by_key_.end()) return rejected(Code::unknown_original);
  PersonYear& person_year = person_years_.at(known->second.account);
  Report& subject = person_year.reports[known->second.report];

  const bool is_payment = item.type == ItemType::payment;
  Verdict& given = is_payment ? subject.payment : subject.credit_note;
  if (given.is_given()) return duplicate(given);
  if (is_payment && subject.is_credited) return rejected(Code::original_credited);
  if (!is_payment && oslo_day(item.received) > years_after(subject.service_day, 3)) {
    return rejected(Code::too_old_to_credit);
  }
  (is_payment ? subject.is_paid : subject.is_credited) = true;
  const Outcome outcome = settle(person_year, subject, item, rules);
  given = outcome.verdict;
  return outcome;
}

Outcome Model::settle(PersonYear& year, const Report& subject, const Item& item,
                      const RulePack& rules) {
  const Position position{++position_};
  const Money ceiling = *rules.ceiling_of(year_of(subject.service_day));
  Money sum;
  for (const Report& report : year.reports) {
    if (report.is_counted()) sum += report.item.amount;
  }

  if (sum >= ceiling) {
    if (!year.card) {
      const ledger::AccountKey account{subject.person, year_of(subject.service_day)};
      year.card = {ledger::CardState::active,
                   item.received,
                   {},
                   item.guid,
                   rules.hash(),
                   card_id_of(account, item.guid),
                   position,
                   subject.reported.position};
    }
    year.card->state = ledger::CardState::active;
    year.card->entitled_from = day_reaching(ceiling, year.reports);
  } else if (year.card) {
    year.card->state = ledger::CardState::under_review;
  }

  const auto add_line = [&](Position registration, const ledger::Guid& guid, Money amount) {
    if (amount != Money()) year.lines.push_back({registration, guid, position, amount});
  };
  const Money excess = std::max(Money(), sum - ceiling);
  Money refunded;
  for (const ledger::RefundLine& line : year.lines) refunded += line.amount;
  if (excess > refunded) {
    add_line(subject.reported.position, subject.item.guid, excess - refunded);
  } else if (excess < refunded) {
    Money to_net = refunded - excess;
    auto outstanding = outstanding_newest_first(year.lines);
    std::stable_partition(outstanding.begin(), outstanding.end(),
                          [&](const ledger::RefundLine& line) {
                            return line.registration == subject.reported.position;
                          });
    for (const ledger::RefundLine& line : outstanding) {
      const Money taken = std::min(to_net, line.amount);
      add_line(line.registration, line.guid, -taken);
      to_net -= taken;
    }
    LEDGER_ASSERT(to_net == Money());
  }

  year.newest = position;
  const Code reason = subject.reason_not_counted();
  return {Disposition::accepted, Code::none,
          Verdict{position, reason, reason == Code::none, year.card.has_value()}};
}

Model Model::excerpt(const std::vector<ingest::ParsedItem>& items) const {
  Model copy;
  copy.newest_person_ = newest_person_;
  const auto copy_account = [&](const AccountKey& key) {
    const auto found = person_years_.find(key);
    if (found != person_years_.end()) copy.person_years_.insert(*found);
  };
  for (const ingest::ParsedItem& parsed : items) {
    const Item& item = parsed.item;
    if (const auto known = by_key_.find({std::string(item.practice.view()), item.guid});
        known != by_key_.end()) {
      copy.by_key_.insert(*known);
      copy_account(known->second.account);
    }
    if (item.type != ItemType::copayment) continue;
    if (const auto person = persons_.find(item.person); person != persons_.end()) {
      copy.persons_.insert(*person);
      copy_account({person->second, year_of(oslo_day(item.service_time))});
    }
  }
  return copy;
}

std::map<Model::MonthKey, std::vector<std::uint32_t>> Model::lags() const {
  std::map<MonthKey, std::vector<std::uint32_t>> lags;
  for (const auto& [key, person_year] : person_years_) {
    for (const Report& report : person_year.reports) {
      add_lag(lags, report.item.practice, report.service_day, report.received_day);
    }
  }
  return lags;
}

void Model::add_lag(std::map<MonthKey, std::vector<std::uint32_t>>& lags,
                    const ledger::PracticeId& practice, Date service, Date received) {
  const auto lag =
      static_cast<std::size_t>(std::max<std::int64_t>((received - service).count(), 0));
  for (const std::string& whose : {std::string(practice.view()), std::string()}) {
    for (const auto& [basis, day] :
         {std::pair{Basis::received, received}, std::pair{Basis::service, service}}) {
      std::vector<std::uint32_t>& by_lag = lags[{whose, basis, ledger::month_of(day)}];
      by_lag.resize(std::max(by_lag.size(), lag + 1));
      ++by_lag[lag];
    }
  }
}

}  // namespace sim
