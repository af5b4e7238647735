#pragma once

#include <algorithm>

#include "ledger/records/account.h"
#include "ledger/records/person.h"
#include "storage/ledger_files/ledger_files.h"

namespace api {

/// What is shown of a person's year. Somebody never heard of, and somebody who is opted out, take
/// the same way: nobody has id 0.
struct ShownAccount {
  ledger::PersonId person;
  ledger::PersonBrief brief;  ///< of that person
  ledger::Account account;
  ledger::Position reflects;  ///< the newest entry that the answer speaks of
};

ledger::Result<ShownAccount> shown_account(const storage::StateStore& state,
                                           const ledger::EncryptedNumber& number, int year);

}  // namespace api
