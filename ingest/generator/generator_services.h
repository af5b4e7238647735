#pragma once

#include <array>
#include <cstdint>

#include "ingest/generator/generator_prng.h"
#include "ledger/values/service_type.h"

namespace ingest {

/// The part of all registrations that a service type makes, in percent, rounded down.
std::uint32_t service_percent(ledger::ServiceType type);

/// What services are given, at which hour and for which co-payment. Amounts are those of the
/// tariffs of 2020-2022 until 30 June and of 2023-2024 from 1 July; blue prescriptions are a
/// percentage of the price with a maximum, and travel and stays keep the year's amount.
class GeneratedServices {
 public:
  explicit GeneratedServices(int year);

  ledger::ServiceType type(bool is_weekend, bool is_heavy_user, RandomBits bits) const;
  /// Wall clock second at which a service starts.
  std::uint32_t second_of_day(RandomBits bits) const;
  /// The co-payment of somebody who has to pay.
  std::uint32_t amount_ore(ledger::ServiceType type, bool is_second_half, std::uint32_t second,
                           bool is_weekend, RandomBits bits) const;
  /// How many of 256 bills are not paid at once.
  std::uint32_t unpaid_in_256(ledger::ServiceType type) const;

 private:
  static constexpr std::size_t draws = 4096;
  using TypeTable = std::array<ledger::ServiceType, draws>;

  std::uint32_t blue_prescription_ore(RandomBits bits) const;

  TypeTable ordinary_{};
  TypeTable heavy_user_{};
  TypeTable weekend_{};
  std::uint32_t percent_of_price_;
};

}  // namespace ingest
