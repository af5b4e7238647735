#include "ledger/records/item.h"

namespace ledger {

std::string_view name_of(ItemType type) {
  switch (type) {
    case ItemType::copayment:
      return "copayment";
    case ItemType::payment:
      return "payment";
    case ItemType::credit_note:
      return "creditNote";
  }
  return "";
}

}  // namespace ledger
