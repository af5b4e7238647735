#include "ledger/records/event.h"

namespace ledger {

std::string_view name_of(EventType type) {
  switch (type) {
    case EventType::card_issued:
      return "cardIssued";
    case EventType::card_under_review:
      return "cardUnderReview";
    case EventType::card_reinstated:
      return "cardReinstated";
    case EventType::entitlement_moved:
      return "entitlementMoved";
    case EventType::refund_due:
      return "refundDue";
    case EventType::refund_netted:
      return "refundNetted";
    case EventType::person_merged:
      return "personMerged";
  }
  return "";
}

}  // namespace ledger
