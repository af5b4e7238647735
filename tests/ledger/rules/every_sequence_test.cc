// Every short sequence of items over a small alphabet, against the reference.

#include <gtest/gtest.h>

#include <iostream>
#include <string>
#include <vector>

#include "ledger/records/fingerprint.h"
#include "tests/ledger/rules/reference_world.h"
#include "tests/support/print.h"

namespace ledger::test {
namespace {

using testing::PrintToString;

/// Walks through all sequences depth first.
class Explorer {
 public:
  /// Which items may come next, given those accepted so far.
  using Choices = std::vector<Item> (*)(const std::vector<ItemEntry>& accepted);

  Explorer(Choices choices, std::size_t length, bool resends)
      : choices_(choices), length_(length), resends_(resends) {}

  void run() {
    explore(World(), 0);
    std::cout << "sequences: " << sequences_ << " of length " << length_
              << ", states checked: " << states_ << '\n';
    EXPECT_GT(sequences_, 0U);
  }

 private:
  void explore(const World& world, std::size_t depth) {
    if (depth == length_) {
      ++sequences_;
      return;
    }
    for (Item item : choices_(world.store.entries())) {
      item.received = instant_of_step(depth);
      path_.push_back(item);
      World next = world;
      const ExpectedAnswer expected = expected_answer(world.store.entries(), item);
      std::string problem = answer_problem(expected, next.submit(item));
      if (problem.empty() && resends_) problem = resend_problem(next);
      if (problem.empty()) problem = state_problem(next.store);
      ++states_;
      if (!problem.empty()) {
        ADD_FAILURE() << problem << "\n  after " << PrintToString(path_);
      } else {
        explore(next, depth + 1);
      }
      path_.pop_back();
      if (testing::Test::HasFailure()) return;
    }
  }

  static Instant instant_of_step(std::size_t step) {
    static const Instant first = instant("2025-02-01T12:00:00+01:00");
    return first + std::chrono::minutes{step};
  }

  Choices choices_;
  std::size_t length_;
  bool resends_;
  std::vector<Item> path_;
  std::uint64_t sequences_ = 0;
  std::uint64_t states_ = 0;
};

constexpr const char* new_years_eve = "2024-12-31T23:59:00+01:00";
constexpr const char* january = "2025-01-10T10:00:00+01:00";
constexpr const char* february = "2025-02-01T10:00:00+01:00";
/// Every item at every step, whatever came before.
std::vector<Item> all_items(const std::vector<ItemEntry>&) {
  static const std::vector<Item> items = [] {
    std::vector<Item> all;
    for (const std::uint32_t key : {0U, 1U}) {
      all.push_back(with_key(a_copayment(), key).of_ore(60).on(january));
      all.push_back(with_key(a_copayment(), key).of_ore(60).on(february).paid(false));
      all.push_back(with_key(a_copayment(), key).of_ore(100).on(january));
      all.push_back(with_key(a_copayment(), key).of_ore(0).on(february));
      all.push_back(with_key(a_copayment(), key).of_ore(160).on(new_years_eve));
      all.push_back(with_key(a_payment(), key));
      all.push_back(with_key(a_credit_note(), key));
    }
    return all;
  }();
  return items;
}

/// Only items that will be accepted; resends are tried in every state anyway. A new registration
/// takes the lowest free key: the others would give the same states under other names.
std::vector<Item> accepted_items(const std::vector<ItemEntry>& accepted, std::uint32_t keys_max,
                                 const std::vector<Item>& contents) {
  std::vector<Item> items;
  std::uint32_t known = 0;
  for (const ItemEntry& entry : accepted) {
    if (entry.item.type != ItemType::copayment) continue;
    ++known;
    for (const ItemType type : {ItemType::payment, ItemType::credit_note}) {
      Item item = entry.item;
      item.type = type;
      if (expected_answer(accepted, item).disposition == Disposition::accepted) {
        items.push_back(item);
      }
    }
  }
  if (known == keys_max) return items;
  const Item key = with_key(a_copayment(), known);
  for (Item item : contents) {
    item.guid = key.guid;
    item.practice = key.practice;
    identify(item);
    items.push_back(item);
  }
  return items;
}

std::vector<Item> contents_of(const std::vector<std::int64_t>& amounts,
                              const std::vector<const char*>& times) {
  std::vector<Item> contents;
  for (const std::int64_t ore : amounts) {
    for (const char* time : times) {
      for (const bool is_paid : {true, false}) {
        contents.push_back(a_copayment().of_ore(ore).on(time).paid(is_paid));
      }
    }
  }
  return contents;
}

std::vector<Item> three_of_all_contents(const std::vector<ItemEntry>& accepted) {
  static const auto contents =
      contents_of({0, 40, 60, 100, 160}, {january, february, new_years_eve});
  return accepted_items(accepted, 3, contents);
}

std::vector<Item> four_of_few_contents(const std::vector<ItemEntry>& accepted) {
  static const auto contents = contents_of({40, 60, 160}, {january, february});
  return accepted_items(accepted, 4, contents);
}

std::vector<Item> three_of_paid_contents(const std::vector<ItemEntry>& accepted) {
  static const std::vector<Item> contents{
      a_copayment().of_ore(60).on(february), a_copayment().of_ore(60).on(january),
      a_copayment().of_ore(100).on(january), a_copayment().of_ore(160).on(february),
      a_copayment().of_ore(40).on(january).paid(false)};
  return accepted_items(accepted, 3, contents);
}

TEST(EverySequence, of_all_items_gives_the_state_of_the_reference) {
  Explorer(all_items, is_slow_build ? 4 : 5, false).run();
}

TEST(EverySequence, of_three_registrations_gives_the_state_of_the_reference) {
  Explorer(three_of_all_contents, is_slow_build ? 3 : 5, true).run();
}

TEST(EverySequence, of_four_registrations_gives_the_state_of_the_reference) {
  Explorer(four_of_few_contents, is_slow_build ? 4 : 5, true).run();
}

TEST(EverySequence, of_three_registrations_to_their_end_gives_the_state_of_the_reference) {
  Explorer(three_of_paid_contents, is_slow_build ? 5 : 7, true).run();
}

}  // namespace
}  // namespace ledger::test
