#include "storage/state/state_row_text.h"

#include <utility>

#include "ledger/values/position_text.h"
#include "ledger/values/rfc3339.h"
#include "storage/bytes/format.h"
#include "storage/crypto/crypto.h"

namespace storage {
namespace {

using ledger::Errc;
using ledger::Position;
using ledger::Result;
using Fields = RowFields;

std::string to_text(std::uint64_t value) { return std::to_string(value); }
std::string to_text(std::int64_t value) { return std::to_string(value); }
std::string to_text(ledger::Money money) { return std::to_string(money.ore()); }
std::string to_text(ledger::Date date) { return ledger::to_string(date); }
std::string to_text(Position position) { return ledger::to_string(position); }
std::string to_text(bool is_so) { return is_so ? "true" : "false"; }

std::string to_text(const ledger::Verdict& verdict) {
  std::string text = to_text(verdict.position);
  text += verdict.counted ? " counted" : " not counted";
  if (verdict.exempt) text += " exempt";
  if (verdict.reason != ledger::Code::none) text += ' ' + std::string(name_of(verdict.reason));
  return text;
}

Result<Fields> fields_of(const ledger::Registration& registration) {
  Fields fields{{"personRef", to_text(registration.person.value())},
                {"contentHash", to_text(registration.content_hash)},
                {"amountOre", to_text(registration.amount)},
                {"serviceDate", to_text(registration.service_date)},
                {"paid", to_text(registration.is_paid)},
                {"credited", to_text(registration.is_credited)},
                {"counted", to_text(registration.is_counted)},
                {"reported", to_text(registration.reported)}};
  if (registration.payment.is_given()) fields["payment"] = to_text(registration.payment);
  if (registration.credit_note.is_given()) fields["creditNote"] = to_text(registration.credit_note);
  return fields;
}

Result<Fields> fields_of(const ledger::Entry& note) {
  return Fields{{"note", to_hex(encode_note(note))}};
}

Result<Fields> fields_of(const ledger::Account& account) {
  Fields fields{{"countedOre", to_text(account.counted_sum)},
                {"newest", to_text(account.newest)},
                {"changedBy", to_text(account.changed_by)}};
  for (const ledger::DaySum& day : account.days) {
    fields["countedOre of " + to_text(day.day)] = to_text(day.amount);
  }
  if (account.card) {
    const ledger::ExemptionCard& card = *account.card;
    fields["cardState"] = card.state == ledger::CardState::active ? "active" : "underReview";
    fields["cardIssuedAt"] = ledger::to_rfc3339(card.issued_at);
    fields["cardEntitledFrom"] = to_text(card.entitled_from);
    fields["cardCrossingGuid"] = to_string(card.crossing_guid);
    fields["cardRulePack"] = to_hex(card.rule_pack);
    fields["cardId"] = to_hex(card.id);
    fields["cardIssuedBy"] = to_text(card.issued_by);
    fields["cardCrossing"] = to_text(card.crossing);
  }
  if (account.told) {
    fields["toldCard"] = !account.told->is_issued                           ? "none"
                         : account.told->state == ledger::CardState::active ? "active"
                                                                            : "underReview";
    fields["toldEntitledFrom"] = to_text(account.told->entitled_from);
  }
  for (std::size_t i = 0; i < account.refund_lines.size(); ++i) {
    const ledger::RefundLine& line = account.refund_lines[i];
    fields["refundLine " + to_text(std::uint64_t{i + 1})] =
        to_text(line.amount) + " for " + to_text(line.registration) + " " + to_string(line.guid) +
        " by " + to_text(line.cause);
  }
  return fields;
}

std::string to_text(const std::vector<ledger::Period>& periods) {
  std::string text;
  for (const ledger::Period& period : periods) {
    text += (text.empty() ? "" : ", ") + to_text(period.from) + " to ";
    text += period.to ? to_text(*period.to) : "open";
  }
  return text;
}

Result<Fields> fields_of(const ledger::Person& person) {
  Fields fields{{"newestEvent", to_text(person.newest_event)},
                {"optedOut", to_text(person.is_opted_out)},
                {"mergedInto", to_text(person.merged_into.value())}};
  if (person.birth_date) fields["birthDate"] = to_text(*person.birth_date);
  if (person.has_death) fields["death"] = person.death ? to_text(*person.death) : "annulled";
  if (person.pension) fields["minimumPension"] = to_text(*person.pension);
  for (const ledger::UntoldMerge& merge : person.untold) {
    fields["untold " + to_text(merge.position)] =
        to_text(merge.other.value()) + " into " + to_text(merge.kept.value());
  }
  return fields;
}

Result<Fields> fields_of(const ledger::KnownEvent& event) {
  return Fields{{"position", to_text(event.position)},
                {"contentHash", to_text(event.content_hash)}};
}

Result<Fields> fields_of(const StoredPractice& stored) {
  const ledger::Practice& practice = stored.practice;
  Fields fields{{"practiceId", std::string(practice.id.view())},
                {"firstReceived", to_text(practice.first_received)},
                {"lastReceived", to_text(practice.last_received)},
                {"activeDays", to_text(std::uint64_t{practice.active_days})}};
  if (!stored.registered) return fields;
  const ledger::PracticeEvent& event = stored.registered->event;
  fields["registeredBy"] = to_text(stored.registered->position);
  fields["name"] = event.name;
  fields["practiceType"] = event.type;
  fields["agreements"] = to_text(event.agreements);
  std::string content;
  encode_practice_content(event, content);
  fields["registered"] = to_hex(content);
  return fields;
}

Result<Fields> fields_of(const ledger::TimelinessMonth& month) {
  Fields fields{{"duplicates", to_text(month.duplicates)}};
  for (std::size_t lag = 0; lag < month.by_lag.size(); ++lag) {
    if (month.by_lag[lag] == 0) continue;
    fields["lag " + to_text(std::uint64_t{lag})] = to_text(std::uint64_t{month.by_lag[lag]});
  }
  for (const auto& [code, count] : month.rejected) {
    fields["rejected " + std::string(name_of(code))] = to_text(count);
  }
  return fields;
}

Result<Fields> fields_of(const ledger::Refusals& refusals) {
  Fields fields;
  for (const auto& [month, refused] : refusals) {
    const Fields of_month = fields_of(refused).value();
    for (const auto& [name, text] : of_month) fields[ledger::to_string(month) + " " + name] = text;
  }
  return fields;
}

Result<Fields> fields_of(const ledger::Event& event) {
  return Fields{{"type", std::string(name_of(event.type))},
                {"personRef", to_text(event.account.person.value())},
                {"year", to_text(std::int64_t{event.account.year})},
                {"registration", to_text(event.registration)},
                {"amountOre", to_text(event.amount)},
                {"cardId", to_hex(event.card)},
                {"entitledFrom", to_text(event.entitled_from)},
                {"movedFrom", to_text(event.moved_from)},
                {"mergedPersonRef", to_text(event.merged.value())},
                {"replacedCards", to_text(std::uint64_t{event.replaced_cards.size()})}};
}

Result<Fields> fields_of(const ledger::UnpaidRegistration& registration) {
  return Fields{{"guid", to_string(registration.guid)},
                {"serviceTime", ledger::to_rfc3339(registration.service_time)},
                {"receivedTime", ledger::to_rfc3339(registration.received)},
                {"amountOre", to_text(registration.amount)}};
}

Result<Fields> fields_of(const AppliedState& applied) {
  const StateTotals& totals = applied.totals;
  Fields fields{{"nextPosition", to_text(applied.next_position)},
                {"rules", applied.rules},
                {"rulePack", to_hex(applied.rule_pack)},
                {"checksum", totals.checksum.hex()},
                {"registrations", to_text(totals.registrations)},
                {"payments", to_text(totals.payments)},
                {"creditNotes", to_text(totals.credit_notes)},
                {"duplicates", to_text(totals.duplicates)},
                {"rejected", to_text(totals.rejected)},
                {"persons", to_text(totals.persons)},
                {"accounts", to_text(totals.accounts)},
                {"countedOre", to_text(totals.counted_ore)},
                {"refundedOre", to_text(totals.refunded_ore)},
                {"cards", to_text(totals.cards)},
                {"cardsUnderReview", to_text(totals.cards_under_review)}};
  for (std::size_t type = 1; type < totals.events.size(); ++type) {
    fields["events " + std::string(name_of(static_cast<ledger::EventType>(type)))] =
        to_text(totals.events[type]);
  }
  return fields;
}

template <class Decoded>
Result<Fields> fields_of(const Result<Decoded>& decoded) {
  if (!decoded) return decoded.error();
  return fields_of(decoded.value());
}

std::string name_practice(ledger::PracticeNumber practice, const PracticeIds& practices) {
  const std::uint32_t number = practice.value();
  if (practice == ledger::nation) return "nation";
  if (number < practices.size()) return "practice " + std::string(practices[number].view());
  return "practice number " + to_text(std::uint64_t{number});
}

}  // namespace

Result<RowFields> fields_of(StateFamily family, std::string_view key, std::string_view value) {
  switch (family) {
    case StateFamily::meta:
      return fields_of(decode_applied(value));
    case StateFamily::registrations:
      return fields_of(decode_registration(value));
    case StateFamily::accounts: {
      ledger::Account account;
      const auto decoded = decode_account(value, account);
      if (!decoded) return decoded.error();
      return fields_of(account);
    }
    case StateFamily::numbers: {
      const auto person = decode_person_id(value);
      if (!person) return person.error();
      return Fields{{"personRef", to_text(person.value().value())}};
    }
    case StateFamily::persons:
      return Fields();  // encrypted numbers, which are not shown
    case StateFamily::facts:
      return fields_of(decode_person(value));
    case StateFamily::registry_events:
      return fields_of(decode_known_event(value));
    case StateFamily::practices:
      return fields_of(decode_practice(value));
    case StateFamily::timeliness:
      return fields_of(decode_timeliness(value));
    case StateFamily::events:
      return fields_of(decode_event(key, value));
    case StateFamily::unpaid:
      return fields_of(decode_unpaid(key, value));
    case StateFamily::notes:
      return fields_of(decode_note(key, value));
    case StateFamily::refusals:
      return fields_of(decode_refusals(value));
  }
  return Errc::corrupt_record;
}

StateDifference name_row(StateFamily family, std::string_view key, std::string_view value,
                         const PracticeIds& practices) {
  StateDifference row;
  row.family = family;
  switch (family) {
    case StateFamily::meta:
      row.key = "totals";
      break;
    case StateFamily::registrations: {
      row.key = "registration " + to_hex(key);
      const auto registration = decode_registration(value);
      if (!registration) break;
      row.person_ref = registration.value().person.value();
      row.year = ledger::year_of(registration.value().service_date);
      break;
    }
    case StateFamily::accounts: {
      const ledger::AccountKey account = decode_account_key(key);
      row.person_ref = account.person.value();
      row.year = account.year;
      row.key = "account";
      break;
    }
    case StateFamily::numbers: {
      const auto person = decode_person_id(value);
      if (person) row.person_ref = person.value().value();
      row.key = "number of a person";
      break;
    }
    case StateFamily::persons:
    case StateFamily::facts:
      row.person_ref = decode_person_key(key).value();
      row.key = family == StateFamily::persons ? "person" : "facts of a person";
      break;
    case StateFamily::registry_events:
      row.key = "registry event " + to_hex(key);
      break;
    case StateFamily::practices:
      row.key = "practice number " + to_text(std::uint64_t{decode_practice_key(key).value()});
      break;
    case StateFamily::timeliness: {
      const ledger::TimelinessKey month = decode_timeliness_key(key);
      row.key = name_practice(month.practice, practices);
      row.key += month.basis == ledger::Basis::received ? ", received " : ", service ";
      row.key += ledger::to_string(month.month);
      break;
    }
    case StateFamily::events: {
      const auto event = decode_event(key, value);
      row.key = "event";
      if (!event) break;
      row.key += ' ' + to_text(event.value().cause) + '-' +
                 to_text(std::uint64_t{decode_event_ordinal(key)});
      row.person_ref = event.value().account.person.value();
      row.year = event.value().account.year;
      break;
    }
    case StateFamily::unpaid: {
      const ledger::UnpaidKey unpaid = decode_unpaid_key(key);
      row.key =
          "unpaid " + to_text(unpaid.position) + " of " + name_practice(unpaid.practice, practices);
      row.year = ledger::year_of(unpaid.service_date);
      break;
    }
    case StateFamily::notes:
      row.key = "note " + to_text(decode_journal_key(key));
      break;
    case StateFamily::refusals:
      row.key = "practice " + std::string(key) + ", refused";
      break;
  }
  return row;
}

}  // namespace storage
