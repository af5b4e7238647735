#include "api/identity/replay_memory.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace api::test {
namespace {

namespace fs = std::filesystem;
using Outcome = ReplayMemory::Outcome;

constexpr std::int64_t now_s = 1'795'900'100;

class ReplayMemoryTest : public testing::Test {
 protected:
  ~ReplayMemoryTest() override { fs::remove_all(folder_); }

  static ProofId proof(std::uint8_t number, std::int64_t issued_s = now_s) {
    ProofId proof;
    proof.hash[0] = number;
    proof.issued_s = issued_s;
    return proof;
  }

  const fs::path folder_ = testing::TempDir() + "replay_memory." + std::to_string(::getpid());
  AuthSettings settings_;
};

TEST_F(ReplayMemoryTest, takes_a_proof_once) {
  ReplayMemory memory(folder_, settings_, now_s);
  EXPECT_EQ(memory.spend(proof(1), now_s), Outcome::fresh);
  EXPECT_EQ(memory.spend(proof(1), now_s + 60), Outcome::used);
  EXPECT_EQ(memory.spend(proof(2), now_s), Outcome::fresh);
  EXPECT_EQ(memory.size(), 2U);
}

TEST_F(ReplayMemoryTest, forgets_what_is_too_old_for_good) {
  ReplayMemory memory(folder_, settings_, now_s);
  EXPECT_EQ(memory.spend(proof(1), now_s), Outcome::fresh);
  EXPECT_EQ(memory.spend(proof(2, now_s + 71), now_s + 71), Outcome::fresh);
  EXPECT_EQ(memory.size(), 1U);
  EXPECT_EQ(memory.spend(proof(1), now_s), Outcome::used) << "the clock was set back";
}

TEST_F(ReplayMemoryTest, keeps_an_old_proof_for_a_window_from_when_it_was_taken) {
  {
    EXPECT_EQ(ReplayMemory(folder_, settings_, now_s).spend(proof(1, now_s - 60), now_s),
              Outcome::fresh);
  }
  ReplayMemory memory(folder_, settings_, now_s + 1);
  EXPECT_EQ(memory.spend(proof(1, now_s + 70), now_s + 70), Outcome::used) << "made anew";
  EXPECT_EQ(memory.spend(proof(1, now_s + 71), now_s + 71), Outcome::fresh);
  EXPECT_EQ(memory.size(), 1U);
}

TEST_F(ReplayMemoryTest, keeps_a_proof_from_ahead_of_time_until_it_is_too_old) {
  ReplayMemory memory(folder_, settings_, now_s);
  EXPECT_EQ(memory.spend(proof(1, now_s + 10), now_s), Outcome::fresh);
  EXPECT_EQ(memory.spend(proof(1, now_s + 10), now_s + 80), Outcome::used);
}

TEST_F(ReplayMemoryTest, keeps_proofs_for_a_window_that_has_become_longer) {
  ReplayMemory memory(folder_, settings_, now_s);
  EXPECT_EQ(memory.spend(proof(1), now_s), Outcome::fresh);
  memory.set_window(std::chrono::seconds{300});
  EXPECT_EQ(memory.spend(proof(2), now_s + 200), Outcome::fresh) << "made 200 s ago";
  EXPECT_EQ(memory.spend(proof(1), now_s + 299), Outcome::used);
  EXPECT_EQ(memory.size(), 2U);
}

TEST_F(ReplayMemoryTest, remembers_over_a_restart) {
  { EXPECT_EQ(ReplayMemory(folder_, settings_, now_s).spend(proof(1), now_s), Outcome::fresh); }
  for (int restart = 0; restart < 2; ++restart) {
    ReplayMemory memory(folder_, settings_, now_s + 1);
    EXPECT_EQ(memory.spend(proof(1), now_s + 1), Outcome::used);
  }
  EXPECT_EQ(ReplayMemory(folder_, settings_, now_s + 1).spend(proof(2), now_s), Outcome::fresh);
}

TEST_F(ReplayMemoryTest, refuses_what_is_from_before_the_start_when_it_may_have_lost_some) {
  { EXPECT_EQ(ReplayMemory(folder_, settings_, now_s).spend(proof(1), now_s), Outcome::fresh); }
  std::fstream(folder_ / "proofs", std::ios::in | std::ios::out) << "another boot of the machine";
  ReplayMemory memory(folder_, settings_, now_s + 5);
  EXPECT_EQ(memory.spend(proof(1), now_s + 5), Outcome::used);
  EXPECT_EQ(memory.spend(proof(2, now_s + 5), now_s + 5), Outcome::used);
  EXPECT_EQ(memory.spend(proof(3, now_s + 6), now_s + 6), Outcome::fresh);
}

TEST_F(ReplayMemoryTest, takes_no_more_than_it_can_remember) {
  settings_.proofs_max = 2;
  ReplayMemory memory(folder_, settings_, now_s);
  EXPECT_EQ(memory.spend(proof(1), now_s), Outcome::fresh);
  EXPECT_EQ(memory.spend(proof(2), now_s), Outcome::fresh);
  EXPECT_EQ(memory.spend(proof(3), now_s), Outcome::full);
  EXPECT_EQ(memory.spend(proof(3, now_s + 80), now_s + 80), Outcome::fresh);
}

TEST_F(ReplayMemoryTest, keeps_a_file_of_no_more_than_two_windows) {
  settings_.proof_age_max = std::chrono::seconds{1};
  settings_.proof_leeway = std::chrono::seconds{0};
  ReplayMemory memory(folder_, settings_, now_s);
  for (std::uint8_t i = 1; i < 200; ++i) {
    EXPECT_EQ(memory.spend(proof(i, now_s + i), now_s + i), Outcome::fresh);
  }
  EXPECT_LT(fs::file_size(folder_ / "proofs"), 36U + 10U * 24U);
}

}  // namespace
}  // namespace api::test
