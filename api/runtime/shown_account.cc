#include "api/runtime/shown_account.h"

namespace api {

using ledger::Result;

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
