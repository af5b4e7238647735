#include "ingest/generator/generator_practices.h"

#include <algorithm>
#include <string>

#include "ingest/generator/generator_services.h"
#include "ledger/values/assert.h"

namespace ingest {
namespace {

using ledger::ServiceType;

/// Registrations of the nation in 2023, which the numbers of practices belong to.
constexpr std::uint64_t nation_registrations = 95'369'228;
/// A practice is named by 16 bits.
constexpr std::uint64_t practices_max = 60'000;

struct TypeShape {
  std::uint32_t practices;      ///< of the nation; 23 000 in all
  std::uint32_t at_least;       ///< in a small year
  std::uint32_t flat_permille;  ///< sizes fall as 1 / (rank + this part of the number)
};

/// By service type, in the order of its numbers.
constexpr std::array<TypeShape, 13> shapes{{
    {1040, 6, 300},  // pharmacy
    {35, 1, 200},    // hospital pharmacy
    {350, 2, 100},   // bandagist
    {8200, 22, 60},  // doctor
    {1170, 2, 300},  // health station
    {650, 4, 12},    // outpatient clinic
    {110, 2, 15},    // laboratory
    {2600, 4, 500},  // psychologist
    {19, 1, 60},     // patient travel
    {2, 1, 500},     // treatment abroad
    {4300, 4, 300},  // dentist
    {124, 1, 200},   // rehabilitation
    {4400, 11, 300}  // physiotherapist
}};

bool is_supplier(ServiceType type) {
  return type == ServiceType::pharmacy || type == ServiceType::hospital_pharmacy ||
         type == ServiceType::bandagist;
}

/// Six to nine digits, different for every practice.
std::string id_of(std::uint32_t practice, RandomBits bits) {
  std::uint64_t stride = 15;  // of the 900 000 numbers of six digits, for 60 000 practices
  std::uint64_t base = 100'000;
  for (std::uint32_t i = bits.take(2); i > 0; --i) {
    stride *= 10;
    base *= 10;
  }
  return std::to_string(base + practice * stride + ((bits.take(32) * stride) >> 32));
}

/// Shares of the hours of sending in 64ths: after the day's work, with a long morning.
constexpr std::array<std::uint8_t, 64> sending_hours = [] {
  constexpr std::array<std::uint8_t, 24> weights{1, 0, 0, 0,  0,  0, 0, 1, 2, 3, 3, 4,
                                                 3, 3, 5, 12, 13, 5, 2, 2, 2, 1, 1, 1};
  std::array<std::uint8_t, 64> hours{};
  std::size_t at = 0;
  for (std::uint8_t hour = 0; hour < 24; ++hour) {
    for (std::uint8_t i = 0; i < weights[hour]; ++i) hours[at++] = hour;
  }
  return hours;
}();

}  // namespace

GeneratedPractices::GeneratedPractices(std::uint64_t registrations, std::uint64_t seed)
    : favourites_(seed, 10), habits_(seed, 11), sendings_(seed, 12) {
  const std::uint64_t scaled = std::min(registrations, nation_registrations * 5 / 2);
  for (std::size_t i = 0; i < type_count; ++i) {
    const std::uint64_t count = std::max<std::uint64_t>(
        shapes[i].at_least, shapes[i].practices * scaled / nation_registrations);
    add_type(i, count, count * shapes[i].flat_permille / 1000 + 1);
  }
  LEDGER_ASSERT(practices_.size() <= practices_max);
  for (std::uint32_t i = 0; i < size(); ++i) {
    Practice& practice = practices_[i];
    RandomBits bits(habits_.at(i));
    const std::string id = id_of(i, RandomBits(habits_.at(2 * practices_max + i)));
    std::copy(id.begin(), id.end(), practice.id.begin());
    practice.id_size = static_cast<std::uint8_t>(id.size());
    practice.sends_at_night = bits.take(8) < (is_supplier(practice.type) ? 64U : 24U);
    // Pharmacies report by system, as do some others; the rest after days or at the fortnight.
    if (is_supplier(practice.type)) {
      practice.lateness = static_cast<std::uint16_t>(bits.below(9'000));
    } else if (practice.sends_at_night) {
      practice.lateness = static_cast<std::uint16_t>(12'000 + bits.below(10'000));
    } else {
      practice.lateness = static_cast<std::uint16_t>(16'000 + bits.below(32'000));
    }
  }
  choose_chronically_late();
}

void GeneratedPractices::add_type(std::size_t type, std::uint64_t count, std::uint64_t offset) {
  OfType& practices = types_[type];
  practices.first = size();
  std::uint64_t total = 0;
  const auto weight = [&](std::uint64_t rank) {
    return (std::uint64_t{1} << 40) / (rank + offset);
  };
  for (std::uint64_t i = 0; i < count; ++i) total += weight(i);
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    sum += weight(i);
    // Twelve bits less on both sides, so that the product fits.
    const std::uint64_t end = ((sum >> 12) << 32) / (total >> 12);
    practices.ends.push_back(static_cast<std::uint32_t>(std::min<std::uint64_t>(end, 0xffffffffU)));
    practices_.emplace_back();
    practices_.back().type = static_cast<ServiceType>(type + 1);
  }
  practices.ends.back() = 0xffffffffU;
  std::uint32_t at = 0;
  for (std::uint32_t i = 0; i < 1U << guide_bits; ++i) {
    while (at + 1 < count && practices.ends[at] < i << (32 - guide_bits)) ++at;
    practices.guide.push_back(at);
  }
}

void GeneratedPractices::choose_chronically_late() {
  // From the larger surgeries and clinics, until they make up a twentieth of all services.
  struct Candidate {
    std::uint64_t order;
    std::uint32_t practice;
    std::uint64_t volume;  ///< of 2^32 of all services
  };
  std::vector<Candidate> candidates;
  for (const ServiceType type : {ServiceType::doctor, ServiceType::outpatient_clinic}) {
    const OfType& practices = types_[static_cast<std::size_t>(type) - 1];
    const std::size_t count = practices.ends.size();
    for (std::size_t i = count / 100; i < std::max<std::size_t>(count / 5, 1); ++i) {
      const std::uint32_t before = i == 0 ? 0 : practices.ends[i - 1];
      const auto practice = practices.first + static_cast<std::uint32_t>(i);
      candidates.push_back(
          {habits_.at(practices_max + practice), practice,
           std::uint64_t{practices.ends[i] - before} * service_percent(type) / 100});
    }
  }
  std::sort(candidates.begin(), candidates.end(),
            [](const Candidate& a, const Candidate& b) { return a.order < b.order; });
  constexpr std::uint64_t wanted = (std::uint64_t{1} << 32) / 20;
  std::uint64_t volume = 0;
  for (const Candidate& candidate : candidates) {
    if (volume + candidate.volume > wanted * 21 / 20) continue;
    volume += candidate.volume;
    practices_[candidate.practice].is_chronically_late = true;
    practices_[candidate.practice].sends_at_night = false;
  }
}

std::uint32_t GeneratedPractices::at_share(const OfType& practices, std::uint32_t share) const {
  std::uint32_t at = practices.guide[share >> (32 - guide_bits)];
  while (practices.ends[at] < share) ++at;
  return practices.first + at;
}

std::uint32_t GeneratedPractices::choose(ServiceType type, std::uint32_t person,
                                         RandomBits bits) const {
  const auto index = static_cast<std::size_t>(type) - 1;
  const bool goes_elsewhere = bits.take(3) == 0;
  const std::uint32_t share =
      goes_elsewhere
          ? bits.take(32)
          : RandomBits(favourites_.at(std::uint64_t{person} * type_count + index)).take(32);
  return at_share(types_[index], share);
}

std::uint16_t GeneratedPractices::queue_place(std::uint32_t practice, RandomBits bits) const {
  const Practice& sender = practices_[practice];
  const std::uint32_t dice = bits.take(8);
  const std::uint32_t noise = bits.take(16);
  // A few reports of every practice are found late, or sent at once.
  if (dice < 4) return static_cast<std::uint16_t>(noise);
  if (sender.is_chronically_late && dice >= 64) {
    return static_cast<std::uint16_t>(57'000 + (noise >> 3));
  }
  return static_cast<std::uint16_t>(sender.lateness + (noise >> 3));
}

std::uint32_t GeneratedPractices::sending_second(std::uint32_t practice, std::uint32_t day,
                                                 unsigned weekday) const {
  RandomBits bits(sendings_.at(std::uint64_t{day} << 16 | practice));
  const std::uint32_t hour_draw = bits.take(6);
  const std::uint32_t second = bits.below(3600);
  if (practices_[practice].sends_at_night) return (hour_draw % 4) * 3600 + second;
  // At weekends there is no end of the working day.
  if (weekday >= 5) return (8 + hour_draw % 12) * 3600 + second;
  return sending_hours[hour_draw] * 3600U + second;
}

}  // namespace ingest
