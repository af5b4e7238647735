#include "storage/closing/reconciliation.h"

#include <fmt/format.h>

#include <optional>
#include <stdexcept>

#include "storage/closing/change_explanation.h"
#include "storage/closing/difference_rows.h"
#include "storage/closing/index_comparison.h"
#include "storage/closing/index_rows.h"
#include "storage/closing/journal_collector.h"
#include "storage/closing/number_comparison.h"
#include "storage/closing/payouts.h"
#include "storage/closing/person_rows.h"
#include "storage/closing/person_years.h"
#include "storage/closing/publication.h"
#include "storage/closing/recomputation.h"
#include "storage/closing/reconciliation_work.h"
#include "storage/closing/state_collector.h"
#include "storage/closing/statement_series.h"
#include "storage/closing/summary.h"
#include "storage/closing/timeliness_comparison.h"
#include "storage/closing/unpaid_comparison.h"
#include "storage/closing/year_figures.h"

namespace storage {
namespace {

namespace fs = std::filesystem;
using ByMonth = std::array<ledger::TimelinessMonth, 12>;

ledger::Money ceiling_of(const ledger::RulePack& rules, int year) {
  const auto ceiling = rules.ceiling_of(year);
  if (ceiling) return *ceiling;
  throw std::runtime_error(fmt::format(
      "no ceiling is known for {}; remedy: configure one, or choose another year", year));
}

/// The steps of a reconciliation in their order: collect, take up the persons part by part, compare
/// the indexes. After each part the work keeps a checkpoint.
class Reconciliation {
 public:
  Reconciliation(int year, ledger::Money ceiling, const std::optional<PreviousStatement>& previous,
                 ReconciliationWork& work, const ReportProgress& report)
      : year_(year),
        work_(work),
        report_(report),
        differences_(year, work.practices(), work.tables().differences, work.progress().figures),
        figures_(year, ceiling, work.progress().figures, work.progress().practices),
        recomputation_(year, ceiling, work.state(), work.progress().rule_packs, use_difference_),
        rows_(year, work.practices(), work.tables()),
        owners_(work.progress().merges) {
    if (!previous) return;
    paid_up_to_ = previous->position;
    changes_.emplace(previous->position, recomputation_, work.practices(), work.tables().changes,
                     work.progress().figures);
  }

  void collect(const RocksDbJournal& journal) {
    RunPlace& at = work_.progress().at;
    JournalCollector collector(year_, work_.state(), work_.practices(), work_.parts(),
                               work_.progress().rule_packs, owners_, figures_, use_difference_);
    at.root = collector.collect(journal, ledger::Position{at.position}, report_);
    work_.progress().merges = owners_.merges();
    collect_state(work_.state(), year_, owners_, work_.parts(), report_);
    work_.parts().finish_collected();
    work_.go_on(Phase::persons);
  }

  void take_up_persons() {
    const std::size_t part = work_.part();
    ReconciliationParts& parts = work_.parts();
    compare_numbers(work_.state(), parts, owners_, part, use_difference_);
    PersonYears years(work_.state(), parts, owners_, part, year_);
    while (const auto year = years.next()) {
      reconcile(*year);
      report_("recomputing person-years", "persons", year->key.person.value(), parts.persons);
    }
    work_.go_on_with_next_part(Phase::registrations);
    parts.remove_persons(part);
  }

  void take_up_registrations() {
    const std::size_t part = work_.part();
    compare_registrations(work_.state(), work_.parts(), part, year_, use_difference_, report_);
    work_.go_on_with_next_part(Phase::timeliness);
    work_.parts().registrations.remove(part);
  }

  /// The nation's timeliness by month of service.
  ByMonth compare_rest() {
    compare_unpaid(work_.state(), work_.parts(), year_, use_difference_, report_);
    return compare_timeliness(work_.state(), work_.parts(), year_, use_difference_, report_);
  }

 private:
  void reconcile(const PersonYear& year) {
    const ledger::PersonId person = year.key.person;
    const RecomputedYear recomputed = recomputation_.check(year);
    const ledger::ReferenceAccount& account = recomputed.account;
    const Payout payout{
        person, refunds_told(account.events, ledger::Position{work_.progress().at.position}),
        refunds_told(account.events, paid_up_to_)};
    if (payout.has_row()) {
      figures_.add(payout);
      rows_.write_payout(payout, recomputed);
    }
    if (year.entries.empty()) return;
    figures_.add(year.entries, account);
    rows_.write(year, recomputed);
    put_aside_registrations(year.entries, account, work_.practices(), work_.parts());
    put_aside_unpaid(year.entries, account, work_.parts());
    if (changes_) changes_->add(year, recomputed);
  }

  const int year_;
  ReconciliationWork& work_;
  const ReportProgress& report_;
  DifferenceRows differences_;
  const UseDifference use_difference_ = [this](const ledger::Difference& difference) {
    differences_.add(difference);
  };
  YearFigures figures_;
  const Recomputation recomputation_;
  PersonRows rows_;
  Owners owners_;
  ledger::Position paid_up_to_;  // by the statements before
  std::optional<ChangeExplanation> changes_;
};

Statement statement_of(const ReconciliationSource& source, int year, ledger::Money ceiling,
                       const std::optional<PreviousStatement>& previous, const ByMonth& by_month,
                       ReconciliationWork& work) {
  const Progress& progress = work.progress();
  Statement statement;
  statement.year = year;
  statement.number = progress.at.number;
  statement.ceiling = ceiling;
  statement.rule_pack = source.rules.hash();
  statement.position = ledger::Position{progress.at.position};
  statement.root = progress.at.root;
  statement.made_at = source.now;
  statement.figures = progress.figures;
  statement.by_month = by_month;
  for (const ledger::TimelinessMonth& month : by_month) statement.timeliness.merge(month);
  statement.latest_practices = latest_practices(progress.practices, work.practices());
  statement.previous = previous;
  return statement;
}

MadeStatement make_statement(const ReconciliationSource& source, int year, bool is_dry_run,
                             const ReportProgress& report, const UseFiles& use_files) {
  const ledger::Money ceiling = ceiling_of(source.rules, year);
  finish_publications(source.folder, source.statements);
  const auto previous = read_previous(source.folder / "statements", source.statements);
  ReconciliationWork work(source, year, is_dry_run, report);
  Reconciliation reconciliation(year, ceiling, previous, work, report);
  if (work.is_in(Phase::collect)) reconciliation.collect(source.journal);
  while (work.is_in(Phase::persons)) reconciliation.take_up_persons();
  while (work.is_in(Phase::registrations)) reconciliation.take_up_registrations();
  const ByMonth by_month = reconciliation.compare_rest();
  write_practices(work.progress().practices, work.practices(), work.tables().practices);
  write_service_types(work.progress().figures, work.tables().service_types);
  write_registered_practices(work.state(), work.tables().registered_practices);
  return publish(statement_of(source, year, ceiling, previous, by_month, work), source, work,
                 use_files);
}

}  // namespace

fs::path reconciliation_work(const fs::path& folder, int year, bool is_dry_run) {
  return folder / "statements" / fmt::format(".work-{}{}", year, is_dry_run ? "-dry" : "");
}

MadeStatement reconcile(const ReconciliationSource& source, int year, bool is_dry_run,
                        const ReportProgress& report, const UseFiles& use_files) {
  bool is_interrupted = false;
  const ReportProgress watched = [&](std::string_view phase, std::string_view unit,
                                     std::uint64_t done, std::uint64_t total) {
    is_interrupted = true;  // unless it returns
    report(phase, unit, done, total);
    is_interrupted = false;
  };
  try {
    return make_statement(source, year, is_dry_run, watched, use_files);
  } catch (const UnplacedStatement&) {
    throw;
  } catch (const std::exception&) {
    // What failed begins anew: on a full disk it would be in the way, and a damaged copy of the
    // state would end the next run too.
    std::error_code ignored;
    if (!is_interrupted) {
      fs::remove_all(reconciliation_work(source.folder, year, is_dry_run), ignored);
    }
    throw;
  }
}

}  // namespace storage
