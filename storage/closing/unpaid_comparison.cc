#include "storage/closing/unpaid_comparison.h"

#include <fmt/format.h>

#include <algorithm>

#include "ledger/values/position_text.h"
#include "ledger/values/rfc3339.h"

namespace storage {
namespace {

using ledger::DifferenceKind;
using ledger::Result;
using ledger::UnpaidKey;
using ledger::UnpaidRegistration;

constexpr const char* phase = "comparing the unpaid registrations";

/// Names a row; the differing fields are filled in.
ledger::Difference difference_of(DifferenceKind kind, const UnpaidKey& key) {
  return {kind,
          {ledger::PersonId{}, ledger::year_of(key.service_date)},
          key.practice,
          key.position,
          "unpaid",
          "",
          ""};
}

std::string text_of(const UnpaidKey& key) {
  return fmt::format("{} of {}", ledger::to_string(key.position),
                     ledger::to_string(key.service_date));
}
std::string text_of(const UnpaidRegistration& unpaid) {
  return fmt::format("{} {} received {} øre {}", to_string(unpaid.guid),
                     ledger::to_rfc3339(unpaid.service_time), ledger::to_rfc3339(unpaid.received),
                     unpaid.amount.ore());
}

void report_missing(const UnpaidKey& key, const UseDifference& use) {
  ledger::Difference missing = difference_of(DifferenceKind::unpaid_missing, key);
  missing.expected = text_of(key);
  use(missing);
}

void report_unfounded(const UnpaidKey& key, const UseDifference& use) {
  ledger::Difference unfounded = difference_of(DifferenceKind::unpaid_unfounded, key);
  unfounded.found = text_of(key);
  use(unfounded);
}

void compare_row(const PutAsideUnpaid& due, std::string_view key, std::string_view row,
                 const UseDifference& use) {
  const UnpaidRegistration expected = take_up(due);
  const auto found = decode_unpaid(key, row);
  if (found && found.value() == expected) return;
  ledger::Difference differs = difference_of(DifferenceKind::unpaid_differs, key_of(due));
  differs.expected = text_of(expected);
  differs.found = found ? text_of(found.value()) : "a damaged row";
  use(differs);
}

std::string first_key_of(std::uint64_t practice) {
  return practice_key(ledger::PracticeNumber{static_cast<std::uint32_t>(practice)});
}

/// Compares the rows of the practices from `first` to before `end`; empty: to the last.
void compare_part(const StateReader& state, std::vector<PutAsideUnpaid> due,
                  const std::string& first, const std::string& end, int year,
                  const UseDifference& use) {
  std::sort(due.begin(), due.end(),
            [](const auto& a, const auto& b) { return key_of(a) < key_of(b); });
  auto next = due.begin();
  require_read(state.for_each(
                   StateFamily::unpaid, first,
                   [&](std::string_view key_bytes, std::string_view row) -> Result<void> {
                     const UnpaidKey key = decode_unpaid_key(key_bytes);
                     if (ledger::year_of(key.service_date) != year) return ledger::ok();
                     for (; next != due.end() && key_of(*next) < key; ++next) {
                       report_missing(key_of(*next), use);
                     }
                     if (next != due.end() && key_of(*next) == key) {
                       compare_row(*next++, key_bytes, row, use);
                     } else {
                       report_unfounded(key, use);
                     }
                     return ledger::ok();
                   },
                   end),
               "the unpaid registrations of the state");
  for (; next != due.end(); ++next) report_missing(key_of(*next), use);
}

}  // namespace

void compare_unpaid(const StateReader& state, const ReconciliationParts& parts, int year,
                    const UseDifference& use, const ReportProgress& report) {
  for (std::size_t part = 0; part < parts.count; ++part) {
    report(phase, "parts", part, parts.count);
    const std::string end = parts.is_last(part)
                                ? std::string()
                                : first_key_of(parts.first_of(part + 1, parts.practices));
    compare_part(state, parts.unpaid.read(part),
                 first_key_of(parts.first_of(part, parts.practices)), end, year, use);
  }
}

}  // namespace storage
