#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "ingest/generator/generator_calendar.h"
#include "ingest/generator/generator_prng.h"
#include "ledger/values/service_type.h"

namespace ingest {

/// The practices of a generated year. Each gives one type of service; sizes are skewed, with a few
/// very large pharmacies, laboratories, hospitals and travel offices. How late a practice reports
/// is a property of it: pharmacies are prompt, and a few hundred practices of the nation, with a
/// twentieth of the volume, are chronically late.
class GeneratedPractices {
 public:
  struct Practice {
    std::array<char, 9> id{};
    std::uint8_t id_size = 0;
    ledger::ServiceType type = ledger::ServiceType::doctor;
    bool sends_at_night = false;
    bool is_chronically_late = false;
    std::uint16_t lateness = 0;  ///< where its reports tend to stand in the queue of their day
  };

  GeneratedPractices(std::uint64_t registrations, std::uint64_t seed);

  std::uint32_t size() const { return static_cast<std::uint32_t>(practices_.size()); }
  const Practice& operator[](std::uint32_t practice) const { return practices_[practice]; }

  /// Where the person goes for this type of service: mostly to the same practice.
  std::uint32_t choose(ledger::ServiceType type, std::uint32_t person, RandomBits bits) const;

  /// Where one report stands in the queue of the reports of its service day: the higher, the later.
  std::uint16_t queue_place(std::uint32_t practice, RandomBits bits) const;

  /// When the practice sends on a day, in wall clock seconds: reports of a day go together.
  std::uint32_t sending_second(std::uint32_t practice, std::uint32_t day, unsigned weekday) const;

 private:
  static constexpr unsigned guide_bits = 10;
  static constexpr std::size_t type_count = 13;

  struct OfType {
    std::uint32_t first = 0;            ///< practice
    std::vector<std::uint32_t> ends{};  ///< cumulative share of the volume, of 2^32
    std::vector<std::uint32_t> guide{};
  };

  void add_type(std::size_t type, std::uint64_t count, std::uint64_t offset);
  std::uint32_t at_share(const OfType& practices, std::uint32_t share) const;
  void choose_chronically_late();

  std::vector<Practice> practices_;
  std::array<OfType, type_count> types_;
  RandomStream favourites_;
  RandomStream habits_;
  RandomStream sendings_;
};

}  // namespace ingest
