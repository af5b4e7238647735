#include "ingest/generator/generator_services.h"

#include <algorithm>
#include <span>

namespace ingest {
namespace {

using ledger::ServiceType;

constexpr std::size_t type_count = 13;
using TypeWeights = std::array<std::uint32_t, type_count>;  // in the order of the types' numbers

//                                 A   S    B    LE  HS   PO   LR  PS   PR BR  TB  RH   FT
constexpr TypeWeights all_types{3890, 50, 160, 3240, 30, 1130, 410, 60, 200, 1, 45, 14, 770};
constexpr TypeWeights ordinary{3640, 50, 148, 3545, 34, 1207, 440, 70, 118, 2, 52, 17, 677};
/// Multidose at the pharmacy, physiotherapy, travel to dialysis.
constexpr TypeWeights heavy_user{5400, 50, 250, 800, 0, 700, 300, 0, 800, 0, 0, 0, 1700};
/// Emergency doctors, pharmacies, hospitals.
constexpr TypeWeights weekend{5000, 50, 0, 3800, 0, 700, 200, 0, 250, 0, 0, 0, 0};

template <class Table>
void fill(Table& table, const TypeWeights& weights) {
  std::uint64_t before = 0;
  std::size_t at = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    before += weights[i];
    const std::size_t end = before * table.size() / 10'000;
    for (; at < end; ++at) table[at] = static_cast<ServiceType>(i + 1);
  }
}

/// An amount and how many of 256 services cost it, in each half of the year.
struct Price {
  std::uint32_t weight;
  std::uint32_t first_half_kroner;
  std::uint32_t second_half_kroner;
};

/// General practitioner, specialist in general medicine or not, with and without laboratory
/// supplement; simple contacts; sick notes and referrals; specialists; home visits.
constexpr std::array<Price, 8> doctor_by_day{{{92, 212, 224},
                                              {40, 160, 170},
                                              {26, 271, 285},
                                              {41, 58, 61},
                                              {26, 69, 72},
                                              {24, 375, 386},
                                              {4, 261, 269},
                                              {3, 223, 230}}};
constexpr std::array<Price, 5> doctor_by_night{
    {{92, 332, 342}, {120, 280, 288}, {24, 58, 61}, {16, 69, 89}, {4, 395, 407}}};
constexpr std::array<Price, 2> simple_contact{{{160, 58, 61}, {96, 160, 170}}};
constexpr std::array<Price, 1> outpatient{{{256, 375, 386}}};
constexpr std::array<Price, 2> laboratory{{{176, 267, 275}, {80, 59, 61}}};
constexpr std::array<Price, 1> psychologist{{{256, 375, 386}}};
constexpr std::array<Price, 1> travel{{{256, 171, 171}}};
constexpr std::array<Price, 3> treatment_abroad{
    {{128, 1200, 1200}, {96, 2400, 2400}, {32, 3528, 3528}}};
constexpr std::array<Price, 5> dentist{
    {{80, 310, 325}, {70, 585, 610}, {60, 890, 930}, {36, 1450, 1510}, {10, 2870, 2990}}};
constexpr std::array<Price, 1> rehabilitation{{{256, 150, 150}}};
/// Examination, twenty minutes, thirty minutes, manual therapist short and long, group.
constexpr std::array<Price, 6> physiotherapist{
    {{20, 177, 185}, {96, 129, 135}, {50, 169, 177}, {40, 170, 177}, {20, 231, 241}, {30, 56, 59}}};

std::uint32_t pick(std::span<const Price> prices, bool is_second_half, std::uint32_t draw) {
  std::size_t i = 0;
  while (i + 1 < prices.size() && draw >= prices[i].weight) draw -= prices[i++].weight;
  return 100 * (is_second_half ? prices[i].second_half_kroner : prices[i].first_half_kroner);
}

std::span<const Price> prices_of(ServiceType type, bool is_evening) {
  switch (type) {
    case ServiceType::doctor:
      return is_evening ? std::span<const Price>(doctor_by_night) : doctor_by_day;
    case ServiceType::outpatient_clinic:
      return outpatient;
    case ServiceType::laboratory:
      return laboratory;
    case ServiceType::psychologist:
      return psychologist;
    case ServiceType::patient_travel:
      return travel;
    case ServiceType::treatment_abroad:
      return treatment_abroad;
    case ServiceType::dentist:
      return dentist;
    case ServiceType::rehabilitation:
      return rehabilitation;
    case ServiceType::physiotherapist:
      return physiotherapist;
    default:
      return simple_contact;
  }
}

/// Hours of service in 64ths: 48 from 8 to 16, 11 from 16 to 20, 5 in the rest of the day.
constexpr std::array<std::uint8_t, 64> service_hours{
    8,  8,  8,  8,  8,  8,  9,  9,  9,  9,  9,  9,  9,  10, 10, 10, 10, 10, 10, 10, 10, 11,
    11, 11, 11, 11, 11, 12, 12, 12, 12, 12, 13, 13, 13, 13, 13, 13, 14, 14, 14, 14, 14, 14,
    15, 15, 15, 15, 16, 16, 16, 16, 17, 17, 17, 18, 18, 19, 19, 7,  7,  20, 21, 2};

/// Price of a prescription in kroner by sixteenths of all prescriptions.
constexpr std::array<std::uint32_t, 17> prescription_prices{
    28, 45, 60, 75, 90, 106, 124, 143, 165, 190, 222, 262, 315, 390, 520, 840, 1900};
constexpr std::uint32_t blue_prescription_max_ore = 52'000;

}  // namespace

std::uint32_t service_percent(ServiceType type) {
  return all_types[static_cast<std::size_t>(type) - 1] / 100;
}

GeneratedServices::GeneratedServices(int year) : percent_of_price_(year <= 2022 ? 39 : 50) {
  fill(ordinary_, ordinary);
  fill(heavy_user_, heavy_user);
  // The weights of a weekend fill the table as well.
  fill(weekend_, weekend);
}

ServiceType GeneratedServices::type(bool is_weekend, bool is_heavy_user, RandomBits bits) const {
  const TypeTable& table = is_weekend ? weekend_ : is_heavy_user ? heavy_user_ : ordinary_;
  return table[bits.take(12)];
}

std::uint32_t GeneratedServices::second_of_day(RandomBits bits) const {
  const std::uint32_t hour = service_hours[bits.take(6)];
  // The hours of the night share one place.
  const std::uint32_t night = bits.take(3);
  return (hour == 2 ? night : hour) * 3600 + bits.below(720) * 5 + bits.below(5);
}

std::uint32_t GeneratedServices::blue_prescription_ore(RandomBits bits) const {
  const std::uint32_t draw = bits.take(16);
  const std::uint32_t low = prescription_prices[draw >> 12];
  const std::uint32_t high = prescription_prices[(draw >> 12) + 1];
  const std::uint32_t price_ore = low * 100 + (high - low) * 100 * (draw & 0xfff) / 4096;
  return std::min(price_ore * percent_of_price_ / 100, blue_prescription_max_ore);
}

std::uint32_t GeneratedServices::amount_ore(ServiceType type, bool is_second_half,
                                            std::uint32_t second, bool is_weekend,
                                            RandomBits bits) const {
  if (static_cast<unsigned>(type) <= static_cast<unsigned>(ServiceType::bandagist)) {
    return blue_prescription_ore(bits);
  }
  const bool is_evening = is_weekend || second < 7 * 3600 || second >= 16 * 3600;
  return pick(prices_of(type, is_evening), is_second_half, bits.take(8));
}

std::uint32_t GeneratedServices::unpaid_in_256(ServiceType type) const {
  switch (type) {
    case ServiceType::pharmacy:
    case ServiceType::hospital_pharmacy:
    case ServiceType::bandagist:
      return 4;
    case ServiceType::doctor:
      return 37;
    case ServiceType::outpatient_clinic:
    case ServiceType::laboratory:
      return 60;
    default:
      return 16;
  }
}

}  // namespace ingest
