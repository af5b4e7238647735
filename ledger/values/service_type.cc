#include "ledger/values/service_type.h"

#include <array>

#include "ledger/values/assert.h"

namespace ledger {
namespace {

/// In the order of the enumerators, which start at 1.
constexpr std::array<std::string_view, service_type_count> codes{
    "A", "S", "B", "LE", "HS", "PO", "LR", "PS", "PR", "BR", "TB", "RH", "FT"};

}  // namespace

std::optional<ServiceType> parse_service_type(std::string_view code) {
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (codes[i] == code) return static_cast<ServiceType>(i + 1);
  }
  return std::nullopt;
}

std::string_view code_of(ServiceType type) {
  const auto index = static_cast<std::size_t>(type) - 1;
  LEDGER_ASSERT(index < codes.size());
  return codes[index];
}

}  // namespace ledger
