#pragma once

#include <cstddef>
#include <string_view>

namespace ledger {

inline constexpr std::size_t organisation_number_digits = 9;
inline constexpr std::size_t hpr_number_digits_max = 9;

/// Nine digits, the last of which checks the others.
bool is_organisation_number(std::string_view text);
/// One to nine digits, as the register of health personnel gives them.
bool is_hpr_number(std::string_view text);

}  // namespace ledger
