#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ingest/generator/generator.h"
#include "ingest/generator/generator_calendar.h"
#include "ingest/generator/generator_population.h"
#include "ingest/generator/generator_practices.h"
#include "ingest/generator/generator_prng.h"

namespace ingest {

/// What the registries tell of the nation that Generator makes with the same options, as NDJSON
/// events in the order in which they are received. The same options give the same bytes.
///
/// Persons: the birth date of everybody who is served, and the periods of 3 % minimum pensioners,
///   before the year begins. On days of the year: 0.8 % die; of the D-numbers one in eight becomes
///   a national number; 0.02 % turn out to be the same person as another; 0.1 % opt out, of whom
///   half opt in again later.
/// Practices: a name, a type, an organisation number of the synthetic series and an agreement
///   that began years ago, before the year begins; one agreement in 200 ends within the year.
/// The rates of deaths are those of Statistics Norway, the others are assumptions.
class RegistryGenerator {
 public:
  explicit RegistryGenerator(const GeneratorOptions& options);

  /// Appends whole lines, about Generator::chunk_bytes of them; false when there are no more.
  bool next_persons(std::string& out);
  bool next_practices(std::string& out);

 private:
  enum class Kind : std::uint8_t { died, number_changed, merged, opted_out, opted_in };
  /// What happens to a person within the year.
  struct Change {
    std::uint32_t day = 0;
    Kind kind = Kind::died;
    std::uint32_t person = 0;
    std::uint64_t other_number = 0;
  };

  void draw_changes(std::uint32_t person);
  std::uint64_t national_number_of(std::uint64_t d_number) const;
  void append_start(std::string& out, std::uint64_t event) const;
  void append_person(std::string& out, std::uint32_t person) const;
  void append_change(std::string& out, const Change& change, std::uint64_t event) const;
  void append_practice(std::string& out, std::uint32_t practice) const;

  const int year_;
  const GeneratorCalendar calendar_;
  const GeneratedPopulation population_;
  const GeneratedPractices practices_;
  const RandomStream fates_;
  const RandomStream ids_;
  std::vector<std::uint64_t> numbers_;  // ascending
  std::vector<Change> changes_;         // in order
  std::uint64_t next_person_ = 0;       // persons, then changes
  std::uint32_t next_practice_ = 0;
};

}  // namespace ingest
