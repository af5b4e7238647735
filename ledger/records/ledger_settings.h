#pragma once

namespace ledger {

/// How a ledger is run, beside its rules.
struct LedgerSettings {
  /// Co-payments are taken only from practices that the registry has, with an agreement on the day
  /// of service.
  bool are_practices_required = false;
};

}  // namespace ledger
