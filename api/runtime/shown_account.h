#pragma once

#include <algorithm>
#include <utility>

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

/// What is shown of an account that `read_account` reads, given its AccountKey. The writer may
/// change the person meanwhile.
template <class Account, class ReadAccount>
ledger::Result<Shown<Account>> shown_of(const storage::StateStore& state,
                                        const ledger::EncryptedNumber& number, int year,
                                        const ReadAccount& read_account) {
  for (;;) {
    Shown<Account> shown;
    const auto person = state.person_of(number);
    if (!person) return person.error();
    const bool is_known = person.value().has_value();
    const ledger::PersonId read = is_known ? *person.value() : state.stand_in_for(number);
    const ledger::PersonBrief brief = state.person_brief(read);
    auto account = read_account(ledger::AccountKey{read, year});
    if (!account) return account.error();
    // A merge hides a person first, and joins the accounts then: the account may be the joined one.
    if (state.person_brief(read) != brief) continue;
    const bool is_empty = account.value().newest.value() == 0;
    if (is_known && !brief.is_opted_out) {
      shown.person = read;
      shown.brief = brief;
      shown.account = std::move(account.value());
    }
    if (is_known) shown.reflects = std::max(brief.newest_event, shown.account.changed_by);
    if (!is_empty) return shown;
    // An account that is empty may have just become another person's: then the number leads there.
    const auto again = state.person_of(number);
    if (!again) return again.error();
    if (again.value() == person.value()) return shown;
  }
}

}  // namespace api
