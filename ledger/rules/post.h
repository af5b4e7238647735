#pragma once

#include <vector>

#include "ledger/records/account.h"
#include "ledger/records/event.h"
#include "ledger/records/item.h"
#include "ledger/records/registration.h"

namespace ledger {

/// Everything about a posting that is not the account or the item.
struct PostContext {
  AccountKey account;
  Position position;  ///< of the item being posted
  Money ceiling;      ///< of the account's year
  RulePackHash rule_pack{};
};

/// Posts a co-payment that has passed all checks: `registration` is made from it, and the account
/// takes it in. Pure: the same arguments give the same account, registration, verdict and events.
Verdict post_copayment(const Item& item, const PostContext& context, Registration& registration,
                       Account& account, std::vector<Event>& events);

/// Posts a payment confirmation of a registration that is not credited. Without effect when it is
/// paid already.
Verdict post_payment(const Item& item, const PostContext& context, Registration& registration,
                     Account& account, std::vector<Event>& events);

/// Posts a credit note of a registration that is not credited.
Verdict post_credit_note(const Item& item, const PostContext& context, Registration& registration,
                         Account& account, std::vector<Event>& events);

}  // namespace ledger
