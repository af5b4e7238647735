#include "ingest/generator/registry_generator.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <tuple>

#include "ledger/values/assert.h"
#include "ledger/values/national_id.h"
#include "ledger/values/service_type.h"

namespace ingest {
namespace {

/// Of 65 536 persons.
constexpr std::uint32_t pensioners = 1966;
constexpr std::uint32_t deaths = 524;
constexpr std::uint32_t merges = 13;
constexpr std::uint32_t opt_outs = 66;
constexpr std::uint32_t changed_d_numbers = 8192;
constexpr std::uint32_t ended_agreements = 328;

/// The day of the month of a D-number is 40 more; a digit of the nine that the checks follow.
constexpr std::uint64_t d_number_part = 400'000'000;
/// Streams of random numbers, besides those of the items.
constexpr std::uint64_t fates_stream = 30;
constexpr std::uint64_t ids_stream = 31;
/// Places in them, behind those of the changes of persons.
constexpr std::uint64_t practices_place = std::uint64_t{1} << 40;
constexpr std::uint64_t pensions_place = std::uint64_t{1} << 41;

struct PracticeKind {
  std::string_view name;
  std::string_view type;
};
/// By service type, in the order of its numbers.
constexpr std::array<PracticeKind, 13> practice_kinds{{{"Apotek", "APO"},
                                                       {"Sykehusapotek", "SAPO"},
                                                       {"Bandagist", "BAND"},
                                                       {"Legekontor", "FALE"},
                                                       {"Helsestasjon", "HELS"},
                                                       {"Poliklinikk", "SYKE"},
                                                       {"Laboratorium", "LARO"},
                                                       {"Psykologpraksis", "PSNE"},
                                                       {"Pasientreiser", "PASI"},
                                                       {"Behandlingsreiser", "BEUT"},
                                                       {"Tannklinikk", "TANN"},
                                                       {"Rehabilitering", "OPPT"},
                                                       {"Fysioterapi", "FYKO"}}};

bool is_d_number(std::uint64_t number) { return number >= 40'000'000'000; }

/// As the digits have it: of the synthetic series, and with the century in the individual number.
std::string birth_date_of(std::uint64_t number) {
  const std::uint64_t day = number / 1'000'000'000 % 40;
  const std::uint64_t month = number / 10'000'000 % 100 - 80;
  const std::uint64_t year = number / 100'000 % 100;
  const bool is_of_this_century = number / 100 % 1000 >= 500;
  return fmt::format("{}-{:02}-{:02}", (is_of_this_century ? 2000 : 1900) + year, month, day);
}

/// Nine digits that begin with 3, as those of made-up organisations do.
std::string organisation_number(std::uint32_t practice) {
  constexpr std::array<std::uint32_t, 8> weights{3, 2, 7, 6, 5, 4, 3, 2};
  // A second number where the first has no check digit of one digit.
  for (std::uint32_t eight = 30'000'000 + 2 * practice;; ++eight) {
    std::uint32_t sum = 0;
    std::uint32_t rest = eight;
    for (std::size_t i = weights.size(); i-- > 0; rest /= 10) sum += weights[i] * (rest % 10);
    const std::uint32_t check = (11 - sum % 11) % 11;
    if (check != 10) return fmt::format("{}{}", eight, check);
  }
}

std::string name_of(std::uint64_t number) { return fmt::format("{:011}", number); }

}  // namespace

RegistryGenerator::RegistryGenerator(const GeneratorOptions& options)
    : year_(options.year),
      calendar_(options.year),
      population_(options.registrations, inhabitants(options), options.year, options.seed,
                  ceiling_ore(options.year)),
      practices_(options.registrations, options.seed),
      fates_(options.seed, fates_stream),
      ids_(options.seed, ids_stream) {
  LEDGER_ASSERT(Generator::is_valid(options));
  numbers_.reserve(population_.size());
  for (std::uint32_t person = 0; person < population_.size(); ++person) {
    numbers_.push_back(population_.number(person));
  }
  std::sort(numbers_.begin(), numbers_.end());
  for (std::uint32_t person = 0; person < population_.size(); ++person) draw_changes(person);
  std::sort(changes_.begin(), changes_.end(), [](const Change& a, const Change& b) {
    return std::tie(a.day, a.kind, a.person) < std::tie(b.day, b.kind, b.person);
  });
}

/// The national number that takes the place of a D-number: one that nobody has.
std::uint64_t RegistryGenerator::national_number_of(std::uint64_t d_number) const {
  const std::uint64_t first = d_number / 100 - d_number_part;
  for (std::uint64_t step = 0;; ++step) {
    // Within the individual numbers of the same century.
    const std::uint64_t individual = first % 500;
    const std::uint64_t nine = first - individual + (individual + step) % 500;
    const auto check = ledger::check_digits(static_cast<std::uint32_t>(nine));
    if (!check) continue;
    const std::uint64_t number = nine * 100 + *check;
    if (!std::binary_search(numbers_.begin(), numbers_.end(), number) || step >= 500) return number;
  }
}

void RegistryGenerator::draw_changes(std::uint32_t person) {
  const std::uint32_t days = calendar_.days_in_year();
  RandomBits bits(fates_.at(2 * std::uint64_t{person}));
  RandomBits more(fates_.at(2 * std::uint64_t{person} + 1));
  const std::uint32_t day = more.below(days);
  if (bits.take(16) < deaths) changes_.push_back({day, Kind::died, person, 0});
  const std::uint64_t number = population_.number(person);
  if (is_d_number(number) && bits.take(16) < changed_d_numbers) {
    changes_.push_back({day, Kind::number_changed, person, national_number_of(number)});
  }
  if (bits.take(16) < merges && !population_.is_child(person)) {
    const auto other =
        static_cast<std::uint32_t>((std::uint64_t{more.take(32)} * population_.size()) >> 32);
    const std::uint64_t other_number = population_.number(other);
    if (other_number != number) changes_.push_back({day, Kind::merged, person, other_number});
  }
  if (bits.take(16) >= opt_outs) return;
  changes_.push_back({day, Kind::opted_out, person, 0});
  const bool comes_back = more.take(1) != 0;
  if (comes_back && day + 1 < days) {
    changes_.push_back({day + 1 + (days - day - 1) / 2, Kind::opted_in, person, 0});
  }
}

void RegistryGenerator::append_start(std::string& out, std::uint64_t event) const {
  // Version 4, variant 1, as the registries make them.
  const std::uint64_t high = (ids_.at(2 * event) & ~std::uint64_t{0xf000}) | 0x4000;
  const std::uint64_t low = (ids_.at(2 * event + 1) >> 2) | std::uint64_t{1} << 63;
  fmt::format_to(std::back_inserter(out), R"({{"eventId":"{:08x}-{:04x}-{:04x}-{:04x}-{:012x}")",
                 high >> 32, high >> 16 & 0xffff, high & 0xffff, low >> 48, low & 0xffff'ffff'ffff);
}

/// The birth date, and the pension of some.
void RegistryGenerator::append_person(std::string& out, std::uint32_t person) const {
  const std::uint64_t number = population_.number(person);
  const std::string received = fmt::format("{}-12-31T23:30:00+01:00", year_ - 1);
  append_start(out, 2 * std::uint64_t{person});
  fmt::format_to(std::back_inserter(out),
                 R"(,"type":"birthDate","personId":"{}","birthDate":"{}","receivedTime":"{}"}})"
                 "\n",
                 name_of(number), birth_date_of(number), received);
  RandomBits bits(fates_.at(pensions_place + person));
  if (bits.take(16) >= pensioners || population_.is_child(person)) return;
  append_start(out, 2 * std::uint64_t{person} + 1);
  fmt::format_to(std::back_inserter(out),
                 R"(,"type":"minimumPension","personId":"{}","periods":[{{"from":"{}-01-01",)"
                 R"("to":null}}],"receivedTime":"{}"}})"
                 "\n",
                 name_of(number), year_ - 1, received);
}

void RegistryGenerator::append_change(std::string& out, const Change& change,
                                      std::uint64_t event) const {
  const GeneratorDay& day = calendar_.day(change.day);
  const std::string_view date(day.text.data(), day.text.size());
  append_start(out, event);
  const auto add = [&out](std::string_view type, std::uint64_t number) {
    fmt::format_to(std::back_inserter(out), R"(,"type":"{}","personId":"{}")", type,
                   name_of(number));
  };
  const auto add_other = [&](std::string_view field) {
    fmt::format_to(std::back_inserter(out), R"(,"{}":"{}")", field, name_of(change.other_number));
  };
  const std::uint64_t number = population_.number(change.person);
  switch (change.kind) {
    case Kind::died:
      add("died", number);
      fmt::format_to(std::back_inserter(out), R"(,"date":"{}")", date);
      break;
    case Kind::number_changed:
      add("numberChanged", number);
      add_other("newPersonId");
      break;
    case Kind::merged:
      add("merged", number);
      add_other("otherPersonId");
      break;
    case Kind::opted_out:
      add("optedOut", number);
      break;
    case Kind::opted_in:
      add("optedIn", number);
      break;
  }
  constexpr std::uint32_t noon = seconds_a_day / 2;
  fmt::format_to(std::back_inserter(out),
                 R"(,"receivedTime":"{}T12:00:00{}"}})"
                 "\n",
                 date, calendar_.is_summer(change.day, noon) ? "+02:00" : "+01:00");
}

void RegistryGenerator::append_practice(std::string& out, std::uint32_t practice) const {
  const GeneratedPractices::Practice& made = practices_[practice];
  const std::string_view id(made.id.data(), made.id_size);
  const auto& [name, type] = practice_kinds[static_cast<std::size_t>(made.type) - 1];
  append_start(out, practices_place + practice);
  RandomBits bits(fates_.at(practices_place + practice));
  const bool ends = bits.take(16) < ended_agreements;
  fmt::format_to(std::back_inserter(out),
                 R"(,"practiceId":"{}","name":"{} {}","practiceType":"{}",)"
                 R"("organisationNumbers":["{}"],"agreements":[{{"from":"{}-01-01","to":{}}}],)"
                 R"("receivedTime":"{}-12-31T23:00:00+01:00"}})"
                 "\n",
                 id, name, id, type, organisation_number(practice), year_ - 3,
                 ends ? fmt::format("\"{}-06-30\"", year_) : "null", year_ - 1);
}

bool RegistryGenerator::next_persons(std::string& out) {
  const std::uint64_t persons = population_.size();
  const std::uint64_t end = persons + changes_.size();
  for (; next_person_ < end && out.size() < Generator::chunk_bytes; ++next_person_) {
    if (next_person_ < persons) {
      append_person(out, static_cast<std::uint32_t>(next_person_));
    } else {
      append_change(out, changes_[next_person_ - persons], persons + next_person_);
    }
  }
  return next_person_ < end;
}

bool RegistryGenerator::next_practices(std::string& out) {
  for (; next_practice_ < practices_.size() && out.size() < Generator::chunk_bytes;
       ++next_practice_) {
    append_practice(out, next_practice_);
  }
  return next_practice_ < practices_.size();
}

}  // namespace ingest
