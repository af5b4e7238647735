#include "api/runtime/shown_account.h"

#include <algorithm>
#include <utility>

namespace api {
namespace {

using ledger::Result;

/// `read_account` reads the account of an AccountKey.
template <class Account, class ReadAccount>
Result<Shown<Account>> shown_of(const storage::StateStore& state,
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

}  // namespace

Result<ShownAccount> shown_account(const storage::StateStore& state,
                                   const ledger::EncryptedNumber& number, int year) {
  return shown_of<ledger::Account>(
      state, number, year, [&](const ledger::AccountKey& key) { return state.account(key); });
}

Result<ShownBrief> shown_brief(const storage::StateStore& state,
                               const ledger::EncryptedNumber& number, int year) {
  return shown_of<ledger::AccountBrief>(
      state, number, year, [&](const ledger::AccountKey& key) { return state.account_brief(key); });
}

}  // namespace api
