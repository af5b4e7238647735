#include "ledger/reference/reference.h"

#include <algorithm>
#include <utility>

#include "ledger/reference/recomputation.h"
#include "ledger/reference/step.h"

namespace ledger {

ReferenceAccount reference_account(std::span<const Entry> entries, int year, Money ceiling,
                                   const RulePackHash& rule_pack) {
  return Recomputation(steps_of(entries), year, ceiling, rule_pack).run();
}

ReferenceAccount reference_account(std::span<const ItemEntry> entries, int year, Money ceiling,
                                   const RulePackHash& rule_pack) {
  return Recomputation(steps_of(entries), year, ceiling, rule_pack).run();
}

std::map<TimelinessKey, TimelinessMonth> reference_timeliness(std::span<const ItemEntry> entries) {
  std::map<TimelinessKey, TimelinessMonth> months;
  for (const ItemEntry& entry : entries) {
    if (entry.item.type != ItemType::copayment) continue;
    const Date service = oslo_date(entry.item.service_time);
    const Date received = oslo_date(entry.item.received);
    const auto days = (received - service).count();
    const std::size_t lag = days > 0 ? static_cast<std::size_t>(days) : 0;
    for (const PracticeNumber practice : {entry.practice, nation}) {
      for (const auto& [basis, day] :
           {std::pair{Basis::received, received}, std::pair{Basis::service, service}}) {
        std::vector<std::uint32_t>& by_lag = months[{practice, basis, month_of(day)}].by_lag;
        by_lag.resize(std::max(by_lag.size(), lag + 1));
        ++by_lag[lag];
      }
    }
  }
  return months;
}

}  // namespace ledger
