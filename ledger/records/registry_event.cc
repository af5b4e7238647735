#include "ledger/records/registry_event.h"

#include <algorithm>

namespace ledger {

std::string_view name_of(PersonEventType type) {
  switch (type) {
    case PersonEventType::birth_date:
      return "birthDate";
    case PersonEventType::number_changed:
      return "numberChanged";
    case PersonEventType::merged:
      return "merged";
    case PersonEventType::died:
      return "died";
    case PersonEventType::opted_out:
      return "optedOut";
    case PersonEventType::opted_in:
      return "optedIn";
    case PersonEventType::minimum_pension:
      break;
  }
  return "minimumPension";
}

bool are_in_order(const std::vector<Period>& periods) {
  for (std::size_t i = 0; i < periods.size(); ++i) {
    const Period& period = periods[i];
    if (period.to && *period.to < period.from) return false;
    if (i == 0) continue;
    const std::optional<Date>& before = periods[i - 1].to;
    if (!before || *before >= period.from) return false;
  }
  return true;
}

bool covers(const std::vector<Period>& periods, Date day) {
  return std::any_of(periods.begin(), periods.end(), [day](const Period& period) {
    return period.from <= day && (!period.to || day <= *period.to);
  });
}

}  // namespace ledger
