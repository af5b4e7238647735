#pragma once

#include <vector>

#include "api/runtime/open_ledger.h"
#include "api/runtime/shown_account.h"

namespace api {

/// Which state of the ledger an answer speaks of.
struct AsOf {
  ledger::Position position;  ///< the newest entry or group that it contains; 0 = none
  ledger::Instant time;       ///< when that was committed
};

/// What is shown of a person's year, and what it has come from.
struct KnownAccount {
  ShownAccount shown;
  /// By position, all of them durable; see storage::history_of().
  std::vector<ledger::Entry> entries;
  AsOf as_of;
};

/// The newest state. Waits until what it holds is durable.
ledger::Result<KnownAccount> newest_account(OpenLedger& open, const ledger::EncryptedNumber& number,
                                            int year);

/// What would have been shown at an earlier position: what registries have said since then is not
/// known, and the number leads where it led then. Who is opted out now is hidden in earlier times,
/// too. The account is worked out again from its entries, so that nothing of the past is kept.
/// REQUIRES: the position is in the journal, and the year has a ceiling.
ledger::Result<KnownAccount> account_as_of(OpenLedger& open, const ledger::EncryptedNumber& number,
                                           int year, const AsOf& as_of);

/// The name that the registry had given a practice by then; empty when it had given none.
ledger::Result<std::string> practice_name_as_of(OpenLedger& open, ledger::PracticeNumber practice,
                                                ledger::Position position);

}  // namespace api
