#pragma once

#include "ledger/records/account.h"
#include "ledger/records/person.h"
#include "storage/ledger_files/ledger_files.h"

namespace api {

/// What is shown of a person's year: nothing, and nobody's id, of somebody never heard of or opted
/// out. All take equally long. An account is read in any case: of who is opted out the own one, of
/// who has never been heard of somebody else's.
template <class Account>
struct Shown {
  ledger::PersonId person;
  ledger::PersonBrief brief;  ///< of that person
  Account account;
  ledger::Position reflects;  ///< the newest entry that the answer speaks of
};
using ShownAccount = Shown<ledger::Account>;
using ShownBrief = Shown<ledger::AccountBrief>;

ledger::Result<ShownAccount> shown_account(const storage::StateStore& state,
                                           const ledger::EncryptedNumber& number, int year);
/// As long for a long account as for a short one.
ledger::Result<ShownBrief> shown_brief(const storage::StateStore& state,
                                       const ledger::EncryptedNumber& number, int year);

}  // namespace api
