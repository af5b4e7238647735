#pragma once

#include <cstddef>
#include <string_view>

namespace ledger {

inline constexpr std::size_t organisation_number_digits = 9;
inline constexpr std::size_t hpr_number_digits_max = 9;

/// Nine digits, the last by weights 3 2 7 6 5 4 3 2 modulo 11. Source: the Register of Legal
/// Entities' description of the organisation number.
bool is_organisation_number(std::string_view text);
/// One to nine digits, as the register of health personnel gives them.
bool is_hpr_number(std::string_view text);

}  // namespace ledger
