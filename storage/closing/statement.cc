#include "storage/closing/statement.h"

#include <fmt/format.h>

namespace storage {
namespace {

constexpr std::array<std::string_view, figure_count> figure_names{
    "registrations", "amountOre",        "unpaid",      "unpaidOre",   "zeroAmount",  "credited",
    "creditedOre",   "counted",          "countedOre",  "payments",    "creditNotes", "persons",
    "cards",         "cardsUnderReview", "refundLines", "refundedOre", "payouts",     "payoutOre"};

}  // namespace

std::string_view name_of(Figure figure) { return figure_names[static_cast<std::size_t>(figure)]; }

std::int64_t StatementFigures::difference_count() const {
  std::int64_t count = 0;
  for (const std::int64_t of_kind : differences) count += of_kind;
  return count;
}

std::string Statement::id() const {
  return number == 0 ? fmt::format("{}-dry", year) : fmt::format("{}-{}", year, number);
}

}  // namespace storage
