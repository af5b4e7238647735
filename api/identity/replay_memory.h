#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <mutex>
#include <unordered_map>

#include "api/identity/dpop_proof.h"

namespace api {

/// Remembers which proofs have been used: for a window from when they were taken, or were made if
/// that is later. Exact: a proof is taken once, whatever threads, restarts and jumps of the clock
/// come between. From any thread.
///
/// What is remembered is also appended to a file, with one write and without a sync: a process
/// that is killed leaves it with the system. The file names the boot of the machine that it is of.
/// After another boot, or without a file, proofs from before the start are refused instead, since
/// some of them could have been used. Once a window the file is written anew.
class ReplayMemory {
 public:
  enum class Outcome : std::uint8_t { fresh, used, full };

  /// Keeps a proof for the longest window of all issuers. The folder is made; an empty path keeps
  /// nothing. Throws std::runtime_error when it cannot be used.
  ReplayMemory(std::filesystem::path folder, const AuthSettings& settings, std::int64_t now_s);
  ~ReplayMemory();
  ReplayMemory(const ReplayMemory&) = delete;
  ReplayMemory& operator=(const ReplayMemory&) = delete;

  /// `fresh` for one call at most with the same proof. REQUIRES: the proof is verified.
  Outcome spend(const ProofId& proof, std::int64_t now_s);

  /// From now on; what has been forgotten is refused.
  void set_window(std::chrono::seconds window);

  std::size_t size() const;

 private:
  using Hash = std::array<std::uint8_t, 16>;
  struct First8 {
    std::size_t operator()(const Hash& hash) const;
  };

  bool read_file();
  void forget(std::int64_t now_s);
  void remember(const Hash& hash, std::int64_t from_s);
  void write(const Hash& hash, std::int64_t from_s, std::int64_t now_s);
  void begin_file(std::int64_t now_s);
  void give_up_file();

  const std::filesystem::path folder_;
  const std::size_t proofs_max_;
  const std::string boot_;

  mutable std::mutex mutex_;
  std::int64_t window_s_;  // from being made to being refused for its age
  std::unordered_map<Hash, std::int64_t, First8> kept_;  // by hash, from which second on
  std::map<std::int64_t, std::deque<Hash>> by_second_;
  std::int64_t refused_until_s_ = 0;  // proofs made then or before are refused
  int file_ = -1;
  std::int64_t file_begun_s_ = 0;
};

}  // namespace api
