#include "ingest/generator/generator_population.h"

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <optional>
#include <span>

#include "ingest/generator/generator_prng.h"
#include "ledger/values/assert.h"
#include "ledger/values/national_id.h"

namespace ingest {
namespace {

constexpr unsigned slots_a_guide_entry_bits = 4;

/// A point of a group's distribution: this part of the group has at most so many services.
struct Knot {
  std::uint64_t permille;
  std::uint64_t hundredths;
};

constexpr std::array<Knot, 4> child_knots{{{0, 0}, {500, 350}, {900, 1000}, {1000, 1500}}};
constexpr std::array<Knot, 3> light_knots{{{0, 80}, {500, 270}, {1000, 600}}};
constexpr std::array<Knot, 3> medium_knots{{{0, 700}, {500, 1200}, {1000, 2500}}};
constexpr std::array<Knot, 7> frequent_knots{
    {{0, 1900}, {200, 2700}, {500, 4050}, {750, 5700}, {900, 8800}, {970, 12000}, {1000, 15000}}};
constexpr std::array<Knot, 4> heavy_knots{{{0, 15000}, {500, 19000}, {900, 28000}, {1000, 40000}}};

/// Hundredths of services of member `index` of a group of `size`.
std::uint64_t hundredths_of(std::span<const Knot> knots, std::uint64_t index, std::uint64_t size) {
  const std::uint64_t part = (2 * index + 1) * 500'000 / size;  // millionths
  std::size_t i = 1;
  while (i + 1 < knots.size() && part >= knots[i].permille * 1000) ++i;
  const Knot& low = knots[i - 1];
  const Knot& high = knots[i];
  const std::uint64_t width = (high.permille - low.permille) * 1000;
  return low.hundredths + (part - low.permille * 1000) * (high.hundredths - low.hundredths) / width;
}

/// Inhabitants of each group in ten thousandths; the rest use no service in the year.
struct Group {
  std::span<const Knot> knots;
  std::uint64_t size;
};

std::array<Group, 5> groups_of(std::uint64_t persons) {
  const auto part = [&](std::uint64_t share) { return persons * share / 10'000; };
  // The smallest population still has somebody who needs services.
  return {{{child_knots, part(1750)},
           {light_knots, part(2450)},
           {medium_knots, part(2130)},
           {frequent_knots, std::max<std::uint64_t>(1, part(2230))},
           {heavy_knots, part(90)}}};
}

/// Gives out eleven-digit numbers, each once.
class NumberRegister {
 public:
  NumberRegister(int first_year, int last_year)
      : first_(std::chrono::sys_days{std::chrono::year{first_year} / 1 / 1}),
        dates_(static_cast<std::size_t>(
            (std::chrono::sys_days{std::chrono::year{last_year + 1} / 1 / 1} - first_).count())),
        used_(dates_ * numbers_a_date) {}

  /// A number of a person born on that day, or on the nearest day before with numbers left; days
  /// are counted from the first of the register.
  std::uint64_t take(std::size_t date, bool is_d_number, RandomBits bits) {
    const std::uint32_t start = bits.below(individual_numbers);
    for (;; date = date == 0 ? dates_ - 1 : date - 1) {
      for (std::uint32_t i = 0; i < individual_numbers; ++i) {
        const std::uint32_t individual = (start + i) % individual_numbers;
        const std::size_t place =
            date * numbers_a_date + std::size_t{individual} * 2 + (is_d_number ? 1U : 0U);
        if (used_[place]) continue;
        used_[place] = true;
        if (const auto number = number_of(date, individual, is_d_number)) return *number;
      }
    }
  }

  std::size_t day_of(int year) const {
    return static_cast<std::size_t>(
        (std::chrono::sys_days{std::chrono::year{year} / 1 / 1} - first_).count());
  }

 private:
  static constexpr std::uint32_t individual_numbers = 500;
  static constexpr std::size_t numbers_a_date = std::size_t{individual_numbers} * 2;

  /// Nothing where the check digits do not come out.
  std::optional<std::uint64_t> number_of(std::size_t date, std::uint32_t individual,
                                         bool is_d_number) const {
    const std::chrono::year_month_day birth{first_ + std::chrono::days{date}};
    const auto year = static_cast<std::uint32_t>(int{birth.year()});
    const std::uint32_t day = static_cast<unsigned>(birth.day()) + (is_d_number ? 40U : 0U);
    const std::uint32_t month = static_cast<unsigned>(birth.month()) + 80;
    // The individual number tells the century: 000 to 499 until 1999, 500 to 999 from 2000.
    const std::uint32_t nine = ((day * 100 + month) * 100 + year % 100) * 1000 + individual +
                               (year >= 2000 ? individual_numbers : 0U);
    const auto check = ledger::check_digits(nine);
    if (!check) return std::nullopt;
    return std::uint64_t{nine} * 100 + *check;
  }

  std::chrono::sys_days first_;
  std::size_t dates_;
  std::vector<bool> used_;
};

}  // namespace

GeneratedPopulation::GeneratedPopulation(std::uint64_t registrations, std::uint64_t persons,
                                         int year, std::uint64_t seed, std::uint32_t ceiling_ore)
    : ceiling_ore_(ceiling_ore),
      registrations_(registrations),
      shuffle_key_(RandomStream(seed, 1).at(0)) {
  share_out(registrations, persons);
  build_guide();
  give_numbers(year, seed);
  if (registrations > 1) slot_bits_ = static_cast<unsigned>(std::bit_width(registrations - 1));
}

void GeneratedPopulation::share_out(std::uint64_t registrations, std::uint64_t persons) {
  const std::array<Group, 5> groups = groups_of(persons);
  std::uint64_t total = 0;
  for (const Group& group : groups) {
    for (std::uint64_t i = 0; i < group.size; ++i) {
      total += hundredths_of(group.knots, i, group.size);
    }
  }
  // Cumulative rounding makes the sum exact.
  std::uint64_t before = 0;
  std::uint64_t slots = 0;
  std::array<std::uint32_t, 5> ends{};
  for (std::size_t g = 0; g < groups.size(); ++g) {
    for (std::uint64_t i = 0; i < groups[g].size; ++i) {
      before += hundredths_of(groups[g].knots, i, groups[g].size);
      const std::uint64_t end = before * registrations / total;
      if (end == slots) continue;
      persons_.push_back({0, 0, static_cast<std::uint32_t>(end)});
      slots = end;
    }
    ends[g] = size();
  }
  LEDGER_ASSERT(slots == registrations);
  children_ = ends[0];
  first_frequent_ = ends[2];
  first_heavy_user_ = ends[3];
}

void GeneratedPopulation::build_guide() {
  const std::uint64_t entries = (registrations_ >> slots_a_guide_entry_bits) + 1;
  guide_.reserve(entries);
  std::uint32_t person = 0;
  for (std::uint64_t i = 0; i < entries; ++i) {
    while (person + 1 < size() && persons_[person].last_slot <= i << slots_a_guide_entry_bits) {
      ++person;
    }
    guide_.push_back(person);
  }
}

void GeneratedPopulation::give_numbers(int year, std::uint64_t seed) {
  constexpr int age_max = 97;
  constexpr std::uint32_t d_numbers_in_256 = 10;
  const RandomStream random(seed, 2);
  NumberRegister numbers(year - age_max, year - 1);
  // Nobody turns 16 in the year and nobody is born in it, so that groups hold on every day.
  const std::size_t first_child = numbers.day_of(year - 15);
  const std::size_t last_child = numbers.day_of(year);
  const std::size_t last_adult = numbers.day_of(year - 16);
  for (std::uint32_t i = 0; i < size(); ++i) {
    RandomBits bits(random.at(i));
    const bool is_d_number = bits.take(8) < d_numbers_in_256;
    const RandomBits individual(bits.take(16));
    const std::uint32_t a = bits.take(20);
    const std::uint32_t b = bits.take(20);
    // Those who need much care are old: of two draws the earlier birth.
    const std::uint64_t draw = i >= first_frequent_ ? std::min(a, b) : a;
    const std::size_t date = is_child(i) ? first_child + ((draw * (last_child - first_child)) >> 20)
                                         : static_cast<std::size_t>((draw * last_adult) >> 20);
    persons_[i].number = numbers.take(date, is_d_number, individual);
  }
}

std::uint64_t GeneratedPopulation::slot_of(std::uint64_t registration) const {
  // A bijection on the smallest power of two, walked until it falls inside.
  const std::uint64_t mask = (std::uint64_t{1} << slot_bits_) - 1;
  const unsigned shift = slot_bits_ / 2 + 1;
  std::uint64_t slot = registration;
  do {
    for (unsigned round = 0; round < 3; ++round) {
      slot = (slot * 0x9fb21c651e98df25U + (shuffle_key_ >> (round * 8))) & mask;
      slot ^= slot >> shift;
    }
  } while (slot >= registrations_);
  return slot;
}

std::uint32_t GeneratedPopulation::person_of(std::uint64_t registration) const {
  const std::uint64_t slot = slot_of(registration);
  std::uint32_t person = guide_[slot >> slots_a_guide_entry_bits];
  while (persons_[person].last_slot <= slot) ++person;
  return person;
}

}  // namespace ingest
