#include "tests/storage/closing/restatements_by_rules.h"

#include <map>
#include <stdexcept>
#include <utility>
#include <variant>
#include <vector>

#include "ledger/rules/ledger.h"
#include "ledger/values/hex.h"
#include "ledger/values/position_text.h"
#include "ledger/values/rfc3339.h"
#include "tests/support/memory_store.h"

namespace storage::test {
namespace {

using ledger::PersonId;

std::map<std::string, std::string> figures_of(const ledger::Account& account) {
  std::map<std::string, std::string> figures{
      {"countedOre", std::to_string(account.counted_sum.ore())},
      {"refundedOre", std::to_string(account.refunded().ore())}};
  if (!account.card) return figures;
  figures["card"] = account.card->state == ledger::CardState::active ? "active" : "underReview";
  figures["cardId"] = ledger::to_hex(account.card->id);
  figures["entitledFrom"] = ledger::to_string(account.card->entitled_from);
  return figures;
}

/// The rules, and what they changed by events of registries.
class Rules {
 public:
  Rules(const ledger::RulePack& rules, int year) : ledger_(store_, rules, store_), year_(year) {}

  ledger::Result<void> take(const ledger::Entry& entry) {
    const auto* const event = std::get_if<ledger::PersonEntry>(&entry);
    std::map<PersonId, std::map<std::string, std::string>> before;
    if (event != nullptr) {
      for (const PersonId person : {event->person, event->other}) {
        if (person != PersonId()) before[person] = figures_of(store_.account({person, year_}));
      }
    }
    if (const auto replayed = ledger_.replay(entry); !replayed) return replayed.error();
    store_.keep_entry(entry);
    for (auto& [person, figures] : before) note(*event, person, figures);
    return ledger::ok();
  }

  /// Of all but those who are opted out now.
  std::multiset<Restatement> shown() {
    std::multiset<Restatement> shown;
    for (const auto& [person, change] : changes_) {
      PersonId owner = person;
      while (store_.brief(owner).is_merged) owner = store_.load_person(owner).value().merged_into;
      if (!store_.brief(owner).is_opted_out) shown.insert(change);
    }
    return shown;
  }

 private:
  void note(const ledger::PersonEntry& event, PersonId person,
            std::map<std::string, std::string>& before) {
    auto after = figures_of(store_.account({person, year_}));
    for (const char* const what : {"countedOre", "refundedOre", "card", "cardId", "entitledFrom"}) {
      if (before[what] == after[what]) continue;
      changes_.push_back(
          {person,
           {ledger::to_string(event.position), std::string(ledger::name_of(event.event.type)),
            person.value(), what, before[what], after[what]}});
    }
  }

  ledger::test::MemoryStore store_{ledger::test::MemoryStore::Journal::kept};
  ledger::Ledger ledger_;
  int year_;
  std::vector<std::pair<PersonId, Restatement>> changes_;
};

}  // namespace

std::multiset<Restatement> restatements_by_rules(LedgerFiles& files, int year) {
  Rules rules(files.rules(), year);
  const auto read = files.journal().replay(
      ledger::Position{1}, [&](const ledger::CommitGroup& group) -> ledger::Result<void> {
        for (const ledger::Entry& entry : group.entries) {
          if (const auto taken = rules.take(entry); !taken) return taken;
        }
        return ledger::ok();
      });
  if (!read) throw std::runtime_error(read.error().message());
  return rules.shown();
}

}  // namespace storage::test
