#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/ledger/reference/stories.h"
#include "tests/support/prng.h"

namespace ledger::test {

/// Items and events about three persons in any order, close to the ceiling.
class RandomStory {
 public:
  explicit RandomStory(std::uint64_t seed) : prng_(seed) {}

  /// The next step that the rules would accept.
  StoryStep next() {
    for (;;) {
      const std::optional<StoryStep> step = any();
      if (step) return *step;
    }
  }

 private:
  std::uint32_t below(std::uint32_t bound) {
    return static_cast<std::uint32_t>(prng_.next() % bound);
  }
  std::uint32_t number() { return 1 + below(4); }
  std::string day() {
    return "2024-0" + std::to_string(1 + below(3)) + "-1" + std::to_string(below(9));
  }

  std::optional<StoryStep> any() {
    static const std::vector<const char*> births{"2008-01-13", "2008-02-15", "2008-03-11",
                                                 "1990-01-01", "2010-01-01"};
    switch (below(12)) {
      case 0:
        return born(number(), births[below(5)], "2024-04-01");
      case 1: {
        const std::uint32_t first = number();
        const std::uint32_t second = first % 4 + 1;
        return below(2) == 0 ? merged(first, second, "2024-04-02")
                             : number_changed(first, second, "2024-04-02");
      }
      case 2:
        return opted_out(number(), "2024-04-03");
      case 3:
      case 4:
        return opted_in(number(), "2024-04-04");
      case 5:
      case 6:
        return follow_up(credited_, credit_of);
      case 7:
      case 8:
        return follow_up(paid_, payment_of);
      default: {
        const std::int64_t amounts[] = {0, 20, 45, 60, 100};
        ++guids_;
        return below(4) == 0 ? owes(number(), guids_, amounts[below(5)], day())
                             : pays(number(), guids_, amounts[below(5)], day());
      }
    }
  }

  std::optional<StoryStep> follow_up(std::set<std::uint32_t>& done,
                                     StoryStep (*step)(std::uint32_t, std::string_view)) {
    if (guids_ == 0) return std::nullopt;
    const std::uint32_t guid = 1 + below(guids_);
    if (credited_.contains(guid) || !done.insert(guid).second) return std::nullopt;
    return step(guid, "2024-04-05");
  }

  Prng prng_;
  std::uint32_t guids_ = 0;
  std::set<std::uint32_t> paid_;
  std::set<std::uint32_t> credited_;
};

}  // namespace ledger::test
