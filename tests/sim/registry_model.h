#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "ingest/writer/submission.h"
#include "ledger/records/entry.h"
#include "ledger/records/rule_pack.h"
#include "ledger/reference/reference_person.h"
#include "tests/ledger/reference/entry_maker.h"
#include "tests/sim/model.h"

namespace sim {

/// The oracle where registries tell of persons and practices. It judges answers itself, from what
/// was accepted before. What follows for persons, accounts, cards, refunds and the feed is left to
/// the slow reference, which works it out from the accepted entries alone. So the rest of what an
/// accepted item was answered (counted, why not, exempt) is noted, and judged with its person.
class RegistryModel {
 public:
  /// An accepted co-payment, and what was answered to it and about it.
  struct Report {
    ledger::Item item;
    ledger::PersonId person;  ///< who it was reported for; 0 = nobody
    ledger::Date service_day;
    ledger::Date received_day;
    ledger::Verdict reported, payment, credit_note;

    bool is_paid() const { return item.is_paid || payment.is_given(); }
    bool is_credited() const { return credit_note.is_given(); }
  };
  using Key = std::pair<ledger::PracticeNumber, ledger::Guid>;

  /// An event that was accepted.
  struct Heard {
    ingest::ParsedEvent event;
    ledger::Position position;
  };

  /// A person by the reference, and the entries about that person as the journal has to have them.
  struct Expected {
    ledger::ReferencePerson person;
    std::vector<ledger::Entry> entries;
  };

  explicit RegistryModel(bool are_practices_required)
      : are_practices_required_(are_practices_required) {}

  void begin_group() { ++position_; }
  std::vector<ledger::Outcome> submit(const ingest::Submission& submission,
                                      const ledger::RulePack& rules);

  ledger::Position next_position() const { return ledger::Position{position_ + 1}; }
  /// Who this person is by now.
  ledger::PersonId who(ledger::PersonId person) const { return maker_.who(person); }
  /// All who have not been merged into another, and nobody when something is nobody's.
  std::vector<ledger::PersonId> persons() const;
  /// In position order, with the verdicts that were given.
  const std::vector<ledger::Entry>& entries_of(ledger::PersonId person) const;
  Expected expect(ledger::PersonId person) const;

  std::map<ledger::EncryptedNumber, ledger::PersonId> numbers() const;
  const std::map<Key, Report>& reports() const { return reports_; }
  const std::map<ledger::Guid, Heard>& heard() const { return heard_; }
  const std::map<std::string, ledger::PracticeNumber, std::less<>>& practices() const {
    return practices_;
  }
  const std::vector<ledger::PracticeEntry>& practice_entries() const { return practice_entries_; }
  const std::map<Model::TallyKey, std::uint64_t>& tallies() const { return tallies_; }
  std::map<Model::MonthKey, std::vector<std::uint32_t>> lags() const;

 private:
  ledger::Outcome judge(const ingest::ParsedItem& parsed, const ledger::Verdict& told);
  ledger::Outcome report(const ledger::Item& item, const ledger::Verdict& told);
  ledger::Outcome repeat(const Report& original, const ledger::Item& item) const;
  ledger::Code refusal_of(const ledger::Item& item, ledger::Date service_day,
                          ledger::Date received_day) const;
  ledger::Outcome follow_up(const ledger::Item& item, const ledger::Verdict& told);
  ledger::Outcome hear(const ingest::ParsedEvent& event);
  void take(const ledger::PersonEvent& event, ledger::Position position);
  void take(const ledger::PracticeEvent& event, ledger::Position position);

  Report* find(const ledger::Item& item);
  const ledger::PracticeEvent* registered(const ledger::PracticeId& practice) const;
  /// Number of the practice, and whether it is a new one.
  std::pair<ledger::PracticeNumber, bool> introduce(const ledger::PracticeId& practice);
  bool has_card(const ledger::EncryptedNumber& number, int year) const;
  ledger::ReferencePerson reference(ledger::PersonId person,
                                    const std::map<int, ledger::AnnualCeiling>& ceilings) const;
  const ledger::RulePackHash& rules_at(ledger::Position position) const;
  void fill(ledger::ItemEntry& entry, const ledger::ReferencePerson& person,
            std::map<int, std::size_t>& taken) const;

  const bool are_practices_required_;
  std::uint64_t position_ = 0;  // the last one taken
  std::map<int, ledger::AnnualCeiling> ceilings_;
  std::vector<std::pair<ledger::Position, ledger::RulePackHash>> rules_;  // in force from there on
  ledger::test::EntryMaker maker_;
  std::map<ledger::EncryptedNumber, ledger::PersonId> numbers_;  // and whom it led to at first
  std::map<ledger::PersonId, std::vector<ledger::Entry>> entries_;
  std::map<Key, Report> reports_;
  std::map<ledger::Guid, Heard> heard_;
  std::map<std::string, ledger::PracticeNumber, std::less<>> practices_;
  std::vector<ledger::PracticeEntry> practice_entries_;
  std::map<Model::TallyKey, std::uint64_t> tallies_;
  mutable std::set<ledger::AccountKey> cards_;  // that were once found: no card is ever withdrawn
};

}  // namespace sim
