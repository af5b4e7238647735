#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ledger {

/// The national codes of service types that carry co-payments. STORED: numbers never change.
enum class ServiceType : std::uint8_t {
  pharmacy = 1,           ///< A
  hospital_pharmacy = 2,  ///< S
  bandagist = 3,          ///< B
  doctor = 4,             ///< LE
  health_station = 5,     ///< HS
  outpatient_clinic = 6,  ///< PO
  laboratory = 7,         ///< LR, laboratory and radiology
  psychologist = 8,       ///< PS
  patient_travel = 9,     ///< PR
  treatment_abroad = 10,  ///< BR
  dentist = 11,           ///< TB
  rehabilitation = 12,    ///< RH
  physiotherapist = 13,   ///< FT
};

inline constexpr std::size_t service_type_count = 13;

std::optional<ServiceType> parse_service_type(std::string_view code);
std::string_view code_of(ServiceType type);

/// Whether who has minimum pension pays nothing: for medicines and bandages on prescription.
constexpr bool is_free_with_minimum_pension(ServiceType type) {
  return type == ServiceType::pharmacy || type == ServiceType::hospital_pharmacy ||
         type == ServiceType::bandagist;
}

}  // namespace ledger
