#include "api/runtime/shown_account.h"

namespace api {

ledger::Result<ShownAccount> shown_account(const storage::StateStore& state,
                                           const ledger::EncryptedNumber& number, int year) {
  for (;;) {
    ShownAccount shown;
    const auto person = state.person_of(number);
    if (!person) return person.error();
    const ledger::PersonId found = person.value().value_or(ledger::PersonId{});
    const ledger::PersonBrief brief = state.person_brief(found);
    if (!brief.is_opted_out) {
      shown.person = found;
      shown.brief = brief;
    }
    auto account = state.account({shown.person, year});
    if (!account) return account.error();
    shown.account = std::move(account.value());
    shown.reflects = std::max(brief.newest_event, shown.account.changed_by);
    if (shown.person.value() == 0 || shown.account.newest.value() != 0) return shown;
    // An account that is empty may have just become another person's: then the number leads there.
    const auto again = state.person_of(number);
    if (!again) return again.error();
    if (again.value() == person.value()) return shown;
  }
}

}  // namespace api
