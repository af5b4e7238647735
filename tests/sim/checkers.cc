#include "tests/sim/checkers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/sim/check.h"
#include "tests/support/print.h"

namespace sim {
namespace {

using ledger::Account;
using ledger::AccountKey;
using ledger::Disposition;
using ledger::Event;
using ledger::EventType;
using ledger::Money;
using ledger::Outcome;
using ledger::Position;
using ledger::test::MemoryStore;
using testing::PrintToString;

std::string name_of(const AccountKey& key) {
  return "person " + std::to_string(key.person.value()) + " year " + std::to_string(key.year);
}

template <class Value>
[[noreturn]] void fail_difference(const std::string& what, const Value& found,
                                  const Value& expected) {
  fail(what + "\n  is        " + PrintToString(found) + "\n  should be " + PrintToString(expected));
}

std::string text_of(const ingest::ParsedItem& sent) {
  if (!sent.event) return PrintToString(sent.item);
  const auto* const person = std::get_if<ledger::PersonEvent>(sent.event.get());
  return std::string(person ? name_of(person->type) : "practice") + " with the id " +
         to_string(ingest::id_of(*sent.event));
}

bool is_same(const Outcome& a, const Outcome& b) {
  return a.disposition == b.disposition && a.rejection == b.rejection && a.verdict == b.verdict;
}

void check_account(const AccountKey& key, const Account& found, const Account& expected) {
  if (!(found == expected)) fail_difference("the account of " + name_of(key), found, expected);
}

void check_registrations(const Model& model, const MemoryStore& store) {
  check(store.registrations().size() == model.report_count(), "one registration for each key");
  for (const auto& [key, person_year] : model.person_years()) {
    for (const Model::Report& report : person_year.reports) {
      const ledger::Registration expected{
          report.person,  report.item.content_hash, report.item.amount,  report.service_day,
          report.is_paid, report.is_credited,       report.is_counted(), report.reported,
          report.payment, report.credit_note};
      const auto found = store.registrations().find(report.item.fingerprint);
      check(found != store.registrations().end(), "an accepted item has a registration");
      if (!(found->second == expected)) {
        fail_difference("the registration of " + to_string(report.item.guid), found->second,
                        expected);
      }
    }
  }
}

/// What the events of one account say.
struct Told {
  std::uint64_t cards = 0;
  bool is_under_review = false;
  ledger::Date entitled_from{};
  std::vector<const Event*> refunds;
};

void check_events(const Model& model, const MemoryStore& store) {
  std::map<AccountKey, Told> told;
  Position last;
  for (const Event& event : store.events()) {
    check(event.cause >= last, "events come in order");
    last = event.cause;
    Told& of_account = told[event.account];
    if (is_about_card(event.type)) of_account.entitled_from = event.entitled_from;
    switch (event.type) {
      case EventType::card_issued:
        ++of_account.cards;
        break;
      case EventType::card_under_review:
        of_account.is_under_review = true;
        break;
      case EventType::card_reinstated:
        of_account.is_under_review = false;
        break;
      case EventType::refund_due:
      case EventType::refund_netted:
        of_account.refunds.push_back(&event);
        break;
      case EventType::entitlement_moved:
        break;
      case EventType::person_merged:
        fail("an event that nothing causes");
    }
  }
  for (const auto& [key, person_year] : model.person_years()) {
    const Told& of_account = told[key];
    check(of_account.cards == (person_year.card ? 1 : 0), "one event for each card issued");
    if (person_year.card) {
      const bool is_under_review = person_year.card->state == ledger::CardState::under_review;
      check(of_account.is_under_review == is_under_review, "the events tell the card's state");
      check(of_account.entitled_from == person_year.card->entitled_from,
            "the events tell the card's entitlement");
    }
    const bool is_told =
        std::equal(of_account.refunds.begin(), of_account.refunds.end(), person_year.lines.begin(),
                   person_year.lines.end(), [](const Event* event, const ledger::RefundLine& line) {
                     return event->registration == line.registration &&
                            event->cause == line.cause && event->amount == line.amount &&
                            (event->type == EventType::refund_due) == (line.amount > Money());
                   });
    check(is_told, "one event for each refund line");
  }
  check(told.size() <= model.person_years().size(), "events are of known accounts");
}

/// Timeliness rows as bytes, so that they can be compared.
std::map<std::string, std::string> timeliness_rows(const MemoryStore& store) {
  std::map<std::string, std::string> rows;
  for (const auto& [key, month] : store.timeliness()) {
    rows[storage::timeliness_key(key)] = storage::encode_timeliness(month);
  }
  return rows;
}

/// What the registry says of practices, likewise.
std::map<ledger::PracticeNumber, std::pair<ledger::PracticeEvent, Position>> registered_rows(
    const MemoryStore& store) {
  std::map<ledger::PracticeNumber, std::pair<ledger::PracticeEvent, Position>> rows;
  for (const auto& [number, registered] : store.registered_practices()) {
    rows[number] = {registered.event, registered.position};
  }
  return rows;
}

}  // namespace

void check_outcomes(const ingest::Submission& submission, const std::vector<Outcome>& expected) {
  check(submission.outcomes.size() == expected.size(), "one answer for each item");
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (is_same(submission.outcomes[i], expected[i])) continue;
    fail_difference("the answer to '" + text_of(submission.items[i]) + "'", submission.outcomes[i],
                    expected[i]);
  }
}

void check_person(ledger::PersonId person, const Model& model, const MemoryStore& store) {
  auto found = store.accounts().lower_bound({person, 0});
  auto expected = model.person_years().lower_bound({person, 0});
  while (expected != model.person_years().end() && expected->first.person == person) {
    check(found != store.accounts().end() && found->first == expected->first,
          "an account for each person and year with an accepted item");
    check_account(found->first, found->second, expected->second.account());
    ++found;
    ++expected;
  }
  check(found == store.accounts().end() || found->first.person != person,
        "no account without an accepted item");
}

void check_state(const Model& model, const MemoryStore& store) {
  check(store.persons() == model.persons(), "a person for each number accepted");
  check(store.accounts().size() == model.person_years().size(), "one account for each person-year");
  for (const auto& [number, person] : model.persons()) check_person(person, model, store);
  check_registrations(model, store);
  check_timeliness(model.lags(), model.tallies(), store);
  check_events(model, store);
}

void check_timeliness(const std::map<Model::MonthKey, std::vector<std::uint32_t>>& lags,
                      const std::map<Model::TallyKey, std::uint64_t>& tallies,
                      const MemoryStore& store) {
  check(store.timeliness().size() == lags.size(), "a timeliness row for each month with a report");
  for (const auto& [key, by_lag] : lags) {
    const auto& [practice, basis, month] = key;
    ledger::PracticeNumber number = ledger::nation;
    if (!practice.empty()) {
      const auto known = store.practices().find(practice);
      check(known != store.practices().end(), "a practice that reported is known");
      number = known->second;
    }
    const auto found = store.timeliness().find({number, basis, month});
    check(found != store.timeliness().end(), "a month with a report has a timeliness row");
    if (found->second.by_lag != by_lag) {
      fail_difference("the lags of practice '" + practice + "'", found->second.by_lag, by_lag);
    }
  }
  std::map<Model::TallyKey, std::uint64_t> found;
  for (const ledger::Tally& tally : store.tallies()) {
    found[{std::string(tally.practice.view()), tally.month, tally.code}] += tally.count;
  }
  check(found == tallies, "duplicates and rejections are counted once");
}

void check_same(const MemoryStore& a, const MemoryStore& b) {
  check(a.registrations() == b.registrations(), "the same registrations after a replay");
  check(a.unpaid() == b.unpaid(), "the same unpaid registrations after a replay");
  check(a.accounts() == b.accounts(), "the same accounts after a replay");
  check(a.persons() == b.persons(), "the same persons after a replay");
  check(a.numbers() == b.numbers(), "the same numbers of each person after a replay");
  check(a.facts() == b.facts(), "the same facts about persons after a replay");
  check(a.registry_events() == b.registry_events(), "the same events known after a replay");
  check(a.practices() == b.practices(), "the same practices after a replay");
  check(registered_rows(a) == registered_rows(b), "the same registry of practices after a replay");
  check(a.events() == b.events(), "the same events after a replay");
  check(timeliness_rows(a) == timeliness_rows(b), "the same timeliness after a replay");
  check(a.tallies() == b.tallies(), "the same tallies after a replay");
  check(checksum_of(a) == checksum_of(b), "the same checksum after a replay");
}

Acknowledgement acknowledgement_of(const ingest::ParsedItem& parsed, const Outcome& outcome) {
  const Position position = outcome.verdict.position;
  if (parsed.event) return {position, std::nullopt, ingest::id_of(*parsed.event)};
  return {position, parsed.item.type, parsed.item.guid};
}

void check_acknowledged(const std::vector<Acknowledgement>& acknowledgements,
                        const FaultyJournal& journal) {
  std::map<Position, Acknowledgement> entries;
  // Of events the practice is none: their ids are known over all of them.
  std::set<std::tuple<ledger::PracticeNumber, std::optional<ledger::ItemType>, ledger::Guid>> keys;
  const auto note = [&](ledger::PracticeNumber practice, const Acknowledgement& kept) {
    check(keys.emplace(practice, kept.type, kept.guid).second,
          "an item or event is in the journal once");
    entries.emplace(kept.position, kept);
  };
  const auto read = journal.replay(Position{1}, [&](const ledger::CommitGroup& group) {
    for (const ledger::Entry& any : group.entries) {
      if (const ledger::ItemEntry* const entry = item_of(any)) {
        note(entry->practice, {entry->verdict.position, entry->item.type, entry->item.guid});
      } else if (const auto* const person = std::get_if<ledger::PersonEntry>(&any)) {
        note({}, {person->position, std::nullopt, person->event.event_id});
      } else if (const auto* const practice = std::get_if<ledger::PracticeEntry>(&any)) {
        note({}, {practice->position, std::nullopt, practice->event.event_id});
      }
    }
    return ledger::ok();
  });
  check(read.has_value(), "the journal can be read");
  for (const Acknowledgement& acknowledged : acknowledgements) {
    const auto found = entries.find(acknowledged.position);
    const bool is_kept = found != entries.end() && found->second.guid == acknowledged.guid &&
                         found->second.type == acknowledged.type;
    check(is_kept, "what was acknowledged is in the journal at its place");
  }
}

storage::SetHash checksum_one_by_one(std::span<const Accepted> accepted,
                                     std::span<const ledger::RulePack> rules,
                                     ledger::LedgerSettings settings) {
  MemoryStore store(MemoryStore::Journal::kept);
  std::uint64_t position = 0;
  for (const Accepted& each : accepted) {
    ledger::Ledger ledger(store, rules[each.rules], store, settings);
    const auto send = [&](const auto& what, auto entry) {
      const auto outcome = ledger.process(what, Position{++position}, entry);
      check(outcome && outcome.value().disposition == Disposition::accepted,
            "what was accepted is accepted again");
      store.keep_entry(entry);
    };
    if (!each.sent.event) {
      send(each.sent.item, ledger::ItemEntry());
    } else if (const auto* const event = std::get_if<ledger::PersonEvent>(each.sent.event.get())) {
      send(*event, ledger::PersonEntry());
    } else {
      send(std::get<ledger::PracticeEvent>(*each.sent.event), ledger::PracticeEntry());
    }
  }
  return checksum_of(store);
}

}  // namespace sim
