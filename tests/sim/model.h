#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "ingest/writer/submission.h"
#include "ledger/records/account.h"
#include "ledger/records/rule_pack.h"
#include "ledger/records/timeliness.h"
#include "ledger/rules/ledger.h"

namespace sim {

/// The oracle: what the ledger has to answer and to be, from the written rules, slowly. It keeps
/// what was accepted and works sums, cards and refunds out from zero after every item; it shares
/// the product's types and none of its rules, not even the calendar.
class Model {
 public:
  /// An accepted co-payment and what happened to it.
  struct Report {
    ledger::Item item;
    ledger::PersonId person;
    ledger::Date service_day;
    ledger::Date received_day;
    bool is_paid = false;
    bool is_credited = false;
    ledger::Verdict reported, payment, credit_note;

    ledger::Code reason_not_counted() const;
    bool is_counted() const { return reason_not_counted() == ledger::Code::none; }
  };

  /// A person's calendar year of service. Card and refund lines are decisions, so they are kept.
  struct PersonYear {
    std::vector<Report> reports;  ///< in processing order
    std::optional<ledger::ExemptionCard> card;
    std::vector<ledger::RefundLine> lines;
    ledger::Position newest;

    /// The account as it has to be stored.
    ledger::Account account() const;
  };

  /// Practice, month of receipt, and why rejected (`none` = a duplicate).
  using TallyKey = std::tuple<std::string, ledger::Month, ledger::Code>;
  /// Practice (empty = the nation), basis and month.
  using MonthKey = std::tuple<std::string, ledger::Basis, ledger::Month>;

  /// A commit group begins: it has a position itself.
  void begin_group() { ++position_; }
  /// What the items have to be answered. They take effect.
  std::vector<ledger::Outcome> submit(const ingest::Submission& submission,
                                      const ledger::RulePack& rules);

  ledger::Position next_position() const { return ledger::Position{position_ + 1}; }
  const std::map<ledger::AccountKey, PersonYear>& person_years() const { return person_years_; }
  const std::map<ledger::EncryptedNumber, ledger::PersonId>& persons() const { return persons_; }
  const std::map<TallyKey, std::uint64_t>& tallies() const { return tallies_; }
  std::size_t report_count() const { return by_key_.size(); }
  /// Number of co-payments by lag: a scan of all reports.
  std::map<MonthKey, std::vector<std::uint32_t>> lags() const;
  /// Counts one, for practice and nation, under both bases.
  static void add_lag(std::map<MonthKey, std::vector<std::uint32_t>>& lags,
                      const ledger::PracticeId& practice, ledger::Date service,
                      ledger::Date received);

 private:
  using Key = std::pair<std::string, ledger::Guid>;
  struct Place {
    ledger::AccountKey account;
    std::size_t report = 0;
  };

  ledger::Outcome judge(const ingest::ParsedItem& parsed, const ledger::RulePack& rules);
  ledger::Outcome report(const ledger::Item& item, const ledger::RulePack& rules);
  ledger::Outcome follow_up(const ledger::Item& item, const ledger::RulePack& rules);
  /// Works the person's year out again after `subject` was reported, paid or credited by `item`.
  ledger::Outcome settle(PersonYear& year, const Report& subject, const ledger::Item& item,
                         const ledger::RulePack& rules);
  /// What of the model these items can see: to try them without effect.
  Model excerpt(const std::vector<ingest::ParsedItem>& items) const;

  std::uint64_t position_ = 0;  // the last one taken
  std::uint64_t newest_person_ = 0;
  std::map<ledger::AccountKey, PersonYear> person_years_;
  std::map<Key, Place> by_key_;
  std::map<ledger::EncryptedNumber, ledger::PersonId> persons_;
  std::map<TallyKey, std::uint64_t> tallies_;
};

}  // namespace sim
