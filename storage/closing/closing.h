#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ledger/values/oslo_time.h"
#include "storage/ledger_files/ledger_files.h"

namespace storage {

/// Why no statement of a year is made, and what to do instead.
struct ClosingRefusal {
  std::string_view code;  ///< as the HTTP interface names it
  std::string reason;
};

/// A statement is for ever, and names what is to be paid. So a year needs a ceiling and
/// co-payments, and must be over unless `is_early`. Nothing when a statement can be made. May be
/// asked while the ledger takes submissions. Throws std::runtime_error when the state cannot be
/// read.
std::optional<ClosingRefusal> closing_refusal(LedgerFiles& files, int year, ledger::Date today,
                                              bool is_early);

/// What a dry run needs: it names nothing and is not kept.
std::optional<ClosingRefusal> dry_run_refusal(const LedgerFiles& files, int year);

/// The last day on which a co-payment of the year can be reported, and the last on which one can be
/// credited. Payments are never too late.
ledger::Date last_day_to_report_year(int year);
ledger::Date last_day_to_credit_year(int year);

}  // namespace storage
