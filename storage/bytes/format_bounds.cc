#include "storage/bytes/format_bounds.h"

#include <algorithm>
#include <functional>

#include "ledger/values/practice_numbers.h"
#include "storage/bytes/format.h"

namespace storage {
namespace {

using ledger::is_in_bounds;
using ledger::Money;
using ledger::Position;

template <class Enum>
bool is_from_1_to(Enum value, std::size_t last) {
  const auto number = static_cast<std::size_t>(value);
  return number >= 1 && number <= last;
}

bool is_place(Position position) {
  return position.value() != 0 && position <= ledger::position_max;
}

bool is_person(ledger::PersonId person) {
  return person.value() != 0 && person <= ledger::person_max;
}

bool is_amount(Money amount) { return amount >= Money() && amount <= ledger::amount_max; }

bool is_verdict(const ledger::Verdict& verdict) {
  return is_reason_not_counted(verdict.reason) && is_place(verdict.position) &&
         verdict.counted == (verdict.reason == ledger::Code::none);
}

/// What only a co-payment says.
const char* copayment_field_out_of_bounds(const ledger::Item& item) {
  if (!is_from_1_to(item.service_type, ledger::service_type_count)) return "serviceType";
  if (!is_in_bounds(item.service_time)) return "serviceTime";
  if (!is_amount(item.amount)) return "amountOre";
  const bool is_letter = item.exemption >= 'A' && item.exemption <= 'Z';
  return item.exemption == 0 || is_letter ? nullptr : "exemption";
}

}  // namespace

namespace {

const char* kind_out_of_bounds(const ledger::ItemEntry& entry) {
  const ledger::Item& item = entry.item;
  if (!is_from_1_to(item.type, 3)) return "type";
  if (entry.practice == ledger::nation) return "practice";
  if (entry.is_new_practice && item.practice.view().empty()) return "practiceId";
  if (entry.person > ledger::person_max) return "person";
  const bool is_of_nobody = entry.person.value() == 0;
  if (is_of_nobody && (entry.is_new_person || entry.previous.value() != 0)) return "person";
  if (!is_verdict(entry.verdict)) return "verdict";
  if (entry.previous >= entry.verdict.position) return "previous";
  if (!is_in_bounds(item.received)) return "receivedTime";
  if (item.type == ledger::ItemType::copayment) return copayment_field_out_of_bounds(item);
  if (item.is_paid) return "paid";
  if (entry.is_new_person) return "new person";
  return item.exemption == 0 ? nullptr : "exemption";
}

bool is_registry_day(ledger::Date day) {
  return day >= ledger::registry_first_day && day <= ledger::registry_last_day;
}

bool are_periods(const std::vector<ledger::Period>& periods) {
  return periods.size() <= ledger::periods_max && ledger::are_in_order(periods) &&
         std::all_of(periods.begin(), periods.end(), [](const ledger::Period& period) {
           return is_registry_day(period.from) && (!period.to || is_registry_day(*period.to));
         });
}

/// Of a merge: nobody is left out, and nothing follows what comes later.
const char* joined_out_of_bounds(const ledger::PersonEntry& entry) {
  const bool is_merge = entry.other.value() != 0;
  if (entry.other > ledger::person_max || entry.other == entry.person) return "other person";
  if (is_merge && entry.other < entry.person) return "other person";
  if (entry.other_previous >= entry.position) return "previous of the other person";
  if (!is_merge && (entry.other_previous.value() != 0 || !entry.years.empty())) return "years";
  if (entry.years.size() > ledger::joined_years_max) return "years";
  int before = 0;
  for (const ledger::JoinedYear& joined : entry.years) {
    const bool is_of_both = joined.kept < entry.position && joined.other < entry.position;
    const bool is_year = joined.year > before && joined.year <= ledger::year_of(ledger::last_day) &&
                         joined.year >= ledger::year_of(ledger::first_day);
    const bool has_entries = joined.kept.value() != 0 || joined.other.value() != 0;
    if (!is_of_both || !is_year || !has_entries) return "years";
    before = joined.year;
  }
  return nullptr;
}

const char* meanwhile_out_of_bounds(const ledger::PersonEntry& entry) {
  const auto& meanwhile = entry.meanwhile;
  if (meanwhile.empty()) return nullptr;
  if (entry.event.type != ledger::PersonEventType::opted_in) return "entries meanwhile";
  if (meanwhile.size() > ledger::meanwhile_max) return "entries meanwhile";
  const bool are_ascending =
      std::is_sorted(meanwhile.begin(), meanwhile.end(), std::less_equal<>());
  const bool are_earlier = is_place(meanwhile.front()) && meanwhile.back() < entry.position;
  return are_ascending && are_earlier ? nullptr : "entries meanwhile";
}

const char* kind_out_of_bounds(const ledger::PersonEntry& entry) {
  const ledger::PersonEvent& event = entry.event;
  if (!is_from_1_to(event.type, ledger::person_event_type_count)) return "type";
  if (!is_place(entry.position)) return "position";
  if (!is_in_bounds(event.received)) return "receivedTime";
  if (!is_person(entry.person)) return "person";
  if (entry.previous >= entry.position) return "previous";
  const bool has_date = event.type == ledger::PersonEventType::birth_date;
  const bool may_have_date = has_date || event.type == ledger::PersonEventType::died;
  if (event.date ? !may_have_date || !is_registry_day(*event.date) : has_date) return "date";
  const bool may_have_periods = event.type == ledger::PersonEventType::minimum_pension;
  if (!are_periods(event.periods) || (!may_have_periods && !event.periods.empty())) {
    return "periods";
  }
  if (const char* const fault = meanwhile_out_of_bounds(entry)) return fault;
  if (event.has_other()) return joined_out_of_bounds(entry);
  const bool is_alone = entry.other.value() == 0 && entry.other_previous.value() == 0 &&
                        entry.years.empty() && event.other == ledger::EncryptedNumber();
  return is_alone ? nullptr : "other person";
}

bool are_digits(const std::vector<std::string>& numbers, std::size_t least, std::size_t most) {
  return numbers.size() <= ledger::practice_numbers_max &&
         std::all_of(numbers.begin(), numbers.end(), [&](const std::string& number) {
           return number.size() >= least && number.size() <= most &&
                  number.find_first_not_of("0123456789") == std::string::npos;
         });
}

const char* kind_out_of_bounds(const ledger::PracticeEntry& entry) {
  const ledger::PracticeEvent& event = entry.event;
  if (!is_place(entry.position)) return "position";
  if (!is_in_bounds(event.received)) return "receivedTime";
  if (entry.practice == ledger::nation) return "practice";
  if (entry.is_new_practice && event.practice.view().empty()) return "practiceId";
  if (entry.previous >= entry.position) return "previous";
  if (event.name.empty() || event.name.size() > ledger::practice_name_bytes_max) return "name";
  if (event.type.size() > ledger::practice_type_letters_max) return "practiceType";
  if (!are_digits(event.organisation_numbers, ledger::organisation_number_digits,
                  ledger::organisation_number_digits)) {
    return "organisationNumbers";
  }
  if (!are_digits(event.hpr_numbers, 1, ledger::hpr_number_digits_max)) return "hprNumbers";
  if (event.practitioners.size() > ledger::practice_numbers_max) return "personIds";
  return are_periods(event.agreements) ? nullptr : "agreements";
}

const char* kind_out_of_bounds(const ledger::StatementEntry& entry) {
  if (!is_place(entry.position)) return "position";
  if (!is_in_bounds(entry.made_at)) return "time";
  if (entry.year < ledger::year_of(ledger::first_day) ||
      entry.year > ledger::year_of(ledger::last_day)) {
    return "year";
  }
  if (entry.number == 0) return "number";
  return entry.up_to < entry.position ? nullptr : "what it covers";
}

const char* kind_out_of_bounds(const ledger::KeyEntry& entry) {
  if (!is_place(entry.position)) return "position";
  return is_in_bounds(entry.made_at) ? nullptr : "time";
}

const char* kind_out_of_bounds(const ledger::AccessLogEntry& entry) {
  if (!is_place(entry.position)) return "position";
  if (!is_in_bounds(entry.at)) return "time";
  return entry.blocks != 0 ? nullptr : "blocks";
}

const char* kind_out_of_bounds(const ledger::CheckpointEntry& entry) {
  if (!is_place(entry.position)) return "position";
  return entry.up_to < entry.position ? nullptr : "what it covers";
}

const char* kind_out_of_bounds(const ledger::ActEntry& entry) {
  if (!is_place(entry.position)) return "position";
  if (!is_in_bounds(entry.at)) return "time";
  if (entry.by.empty() || entry.by.size() > ledger::act_text_bytes_max) return "by whom";
  if (entry.act.empty() || entry.act.size() > ledger::act_text_bytes_max) return "act";
  return entry.of.size() <= ledger::act_text_bytes_max ? nullptr : "with what";
}

}  // namespace

const char* field_out_of_bounds(const ledger::Entry& entry) {
  return std::visit([](const auto& kind) { return kind_out_of_bounds(kind); }, entry);
}

const char* field_out_of_bounds(const ledger::Tally& tally) {
  if (!is_in_bounds(tally.month)) return "month";
  if (tally.code != ledger::Code::none && !is_rejection(tally.code)) return "code";
  return tally.count >= 1 && tally.count <= ledger::group_items_max ? nullptr : "count";
}

const char* field_out_of_bounds(const ledger::CommitGroup& group) {
  if (!is_place(group.position)) return "position";
  if (group.entries.size() > ledger::group_items_max) return "number of entries";
  if (group.tallies.size() > ledger::group_items_max) return "number of tallies";
  if (!is_in_bounds(group.committed_at)) return "time of commit";
  if (!group.new_rules) return nullptr;
  const bool are_rules = std::all_of(
      group.new_rules->begin(), group.new_rules->end(),
      [](const auto& rule) { return ledger::fault_of_ceiling(rule.first, rule.second).empty(); });
  return are_rules ? nullptr : "rules";
}

const char* field_out_of_bounds(const ledger::Registration& registration) {
  if (registration.person > ledger::person_max) return "person";
  if (registration.is_counted && registration.person.value() == 0) return "person";
  if (!is_amount(registration.amount)) return "amountOre";
  if (!is_in_bounds(registration.service_date)) return "service date";
  if (!is_verdict(registration.reported)) return "verdict";
  if (registration.payment.is_given() && !is_verdict(registration.payment)) {
    return "verdict of the payment";
  }
  if (registration.credit_note.is_given() && !is_verdict(registration.credit_note)) {
    return "verdict of the credit note";
  }
  return nullptr;
}

const char* field_out_of_bounds(const ledger::UnpaidRegistration& registration) {
  if (!is_place(registration.position)) return "position";
  if (!is_in_bounds(registration.service_time)) return "serviceTime";
  if (!is_in_bounds(registration.received)) return "receivedTime";
  return is_amount(registration.amount) ? nullptr : "amountOre";
}

const char* field_out_of_bounds(const ledger::Account& account) {
  if (account.counted_sum < Money()) return "sum";
  if (account.newest > ledger::position_max) return "newest item";
  if (account.changed_by < account.newest || account.changed_by > ledger::position_max) {
    return "newest change";
  }
  // Without branches: an account is read for each item, and may have hundreds of days.
  unsigned wrong = 0;
  for (const ledger::DaySum& sum : account.days) {
    wrong += static_cast<unsigned>(!is_in_bounds(sum.day));
    wrong += static_cast<unsigned>(sum.amount < Money());
  }
  if (wrong != 0) return "days";
  if (account.card) {
    const ledger::ExemptionCard& card = *account.card;
    if (!is_from_1_to(card.state, 2)) return "state of the card";
    if (!is_in_bounds(card.issued_at)) return "issue of the card";
    if (!is_in_bounds(card.entitled_from)) return "entitlement";
    if (!is_place(card.issued_by) || !is_place(card.crossing)) return "place of the card";
  }
  if (account.told && account.told->is_issued) {
    if (!account.card || !is_in_bounds(account.told->entitled_from)) return "what was told";
  }
  const bool are_lines = std::all_of(account.refund_lines.begin(), account.refund_lines.end(),
                                     [](const ledger::RefundLine& line) {
                                       return is_place(line.cause) && is_place(line.registration) &&
                                              line.registration <= line.cause;
                                     });
  return are_lines ? nullptr : "refund lines";
}

const char* field_out_of_bounds(const ledger::Practice& practice) {
  if (practice.id.view().empty()) return "practiceId";
  if (practice.active_days == 0) return nullptr;
  const bool are_days =
      is_in_bounds(practice.first_received) && is_in_bounds(practice.last_received);
  return are_days ? nullptr : "days of receipt";
}

const char* field_out_of_bounds(const ledger::TimelinessKey& key) {
  if (!is_from_1_to(key.basis, 2)) return "basis";
  return is_in_bounds(key.month) ? nullptr : "month";
}

const char* field_out_of_bounds(const ledger::TimelinessMonth& month) {
  if (month.by_lag.size() > ledger::lag_days_max + 1) return "lag";
  const bool are_codes =
      std::all_of(month.rejected.begin(), month.rejected.end(),
                  [](const auto& rejected) { return is_rejection(rejected.first); });
  return are_codes ? nullptr : "code";
}

const char* field_out_of_bounds(const ledger::Refusals& refusals) {
  if (refusals.empty()) return "months";
  for (const auto& [month, refused] : refusals) {
    if (!is_in_bounds(month)) return "month";
    if (!refused.by_lag.empty()) return "lag";
    if (const char* const field = field_out_of_bounds(refused)) return field;
  }
  return nullptr;
}

namespace {

bool are_replaced(const std::vector<ledger::ReplacedCard>& cards) {
  int before = 0;
  for (const ledger::ReplacedCard& card : cards) {
    const bool is_year = card.year > before && card.year <= ledger::year_of(ledger::last_day) &&
                         card.year >= ledger::year_of(ledger::first_day);
    if (!is_year) return false;
    before = card.year;
  }
  return cards.size() <= ledger::joined_years_max;
}

}  // namespace

const char* field_out_of_bounds(const ledger::Person& person) {
  if (person.newest_event > ledger::position_max) return "newest event";
  if (person.birth_date && !is_registry_day(*person.birth_date)) return "birth date";
  if (person.death && (!person.has_death || !is_registry_day(*person.death))) return "death";
  if (person.pension && !are_periods(*person.pension)) return "minimum pension";
  if (person.merged_into > ledger::person_max) return "merged into";
  if (!person.untold.empty() && !person.is_opted_out) return "untold merges";
  if (person.untold.size() > ledger::person_numbers_max) return "untold merges";
  Position before;
  for (const ledger::UntoldMerge& merge : person.untold) {
    const bool is_one = is_place(merge.position) && merge.position > before &&
                        is_person(merge.kept) && is_person(merge.other) &&
                        are_replaced(merge.replaced_cards);
    if (!is_one) return "untold merges";
    before = merge.position;
  }
  return nullptr;
}

const char* field_out_of_bounds(const ledger::Event& event) {
  if (!is_from_1_to(event.type, ledger::event_type_count - 1)) return "type";
  if (!is_person(event.account.person)) return "person";
  if (!is_place(event.cause)) return "cause";
  if (event.type == ledger::EventType::person_merged) {
    if (event.account.year != 0) return "year";
    if (!is_person(event.merged) || event.merged == event.account.person) return "merged person";
    return are_replaced(event.replaced_cards) ? nullptr : "replaced cards";
  }
  if (event.account.year < ledger::year_of(ledger::first_day) ||
      event.account.year > ledger::year_of(ledger::last_day)) {
    return "year";
  }
  if (event.registration > ledger::position_max) return "registration";
  const bool has_registration = event.registration.value() != 0;
  const bool needs_one = !is_about_card(event.type) || event.type == ledger::EventType::card_issued;
  if (needs_one && !has_registration) return "registration";
  if (!is_about_card(event.type)) return nullptr;
  const bool has_moved = event.type == ledger::EventType::entitlement_moved;
  const bool are_days =
      is_in_bounds(event.entitled_from) && (!has_moved || is_in_bounds(event.moved_from));
  return are_days ? nullptr : "entitlement";
}

const char* field_out_of_bounds(const AppliedState& applied) {
  if (!is_place(applied.next_position)) return "position";
  return decode_rules(applied.rules) ? nullptr : "rules";
}

}  // namespace storage
