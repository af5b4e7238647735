#include "api/identity/replay_memory.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <stdexcept>
#include <vector>

#include "storage/files/files.h"

namespace api {
namespace {

/// A file: the boot of the machine in `boot_bytes`, then of each proof its hash and from when on it
/// is kept. A record that was cut off is at the end, and was never answered.
struct Record {
  std::array<std::uint8_t, 16> hash;
  std::int64_t from_s;
};
static_assert(sizeof(Record) == 24);
constexpr std::size_t boot_bytes = 36;
constexpr std::string_view file_name = "proofs";
constexpr std::string_view fresh_name = "proofs.new";

/// Tells one boot of this machine from the next. Empty where there is no such thing.
std::string boot_of_machine() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string boot(boot_bytes, '\0');
  file.read(boot.data(), boot_bytes);
  return file ? boot : std::string();
}

bool write_all(int file, const void* bytes, std::size_t size) {
  return ::write(file, bytes, size) == static_cast<ssize_t>(size);
}

}  // namespace

std::size_t ReplayMemory::First8::operator()(const Hash& hash) const {
  std::size_t first = 0;
  std::memcpy(&first, hash.data(), sizeof first);
  return first;
}

ReplayMemory::ReplayMemory(std::filesystem::path folder, const AuthSettings& settings,
                           std::int64_t now_s)
    : folder_(std::move(folder)),
      proofs_max_(settings.proofs_max),
      boot_(boot_of_machine()),
      window_s_(settings.longest_proof_window().count()) {
  if (folder_.empty()) return;
  // Nothing was ever taken where there has been no folder.
  const bool is_first = std::filesystem::create_directories(folder_);
  if (!read_file() && !is_first) refused_until_s_ = now_s;
  forget(now_s);
  begin_file(now_s);
  if (file_ < 0) {
    throw std::runtime_error("cannot write " + folder_.string() + ": " + std::strerror(errno));
  }
}

ReplayMemory::~ReplayMemory() {
  if (file_ >= 0) ::close(file_);
}

/// What an earlier process remembered. False when there is nothing, or it is of another boot: then
/// its end may be missing.
bool ReplayMemory::read_file() {
  const std::filesystem::path path = folder_ / file_name;
  if (!std::filesystem::exists(path)) return false;
  const std::string bytes = storage::read_file(path);
  if (boot_.empty() || !bytes.starts_with(boot_)) return false;
  for (std::size_t at = boot_bytes; at + sizeof(Record) <= bytes.size(); at += sizeof(Record)) {
    Record record{};
    std::memcpy(&record, bytes.data() + at, sizeof record);
    remember(record.hash, record.from_s);
  }
  return true;
}

void ReplayMemory::remember(const Hash& hash, std::int64_t from_s) {
  if (kept_.emplace(hash, from_s).second) by_second_[from_s].push_back(hash);
}

/// What is forgotten is refused by its age from now on, also when the clock is set back.
void ReplayMemory::forget(std::int64_t now_s) {
  while (!by_second_.empty() && by_second_.begin()->first < now_s - window_s_) {
    const auto oldest = by_second_.begin();
    for (const Hash& hash : oldest->second) kept_.erase(hash);
    refused_until_s_ = std::max(refused_until_s_, oldest->first);
    by_second_.erase(oldest);
  }
}

ReplayMemory::Outcome ReplayMemory::spend(const ProofId& proof, std::int64_t now_s) {
  const std::lock_guard lock(mutex_);
  forget(now_s);
  if (proof.issued_s <= refused_until_s_ || kept_.contains(proof.hash)) return Outcome::used;
  if (kept_.size() >= proofs_max_) return Outcome::full;
  // Of an old proof another could be made with the same `jti`.
  const std::int64_t from_s = std::max(proof.issued_s, now_s);
  remember(proof.hash, from_s);
  write(proof.hash, from_s, now_s);
  return Outcome::fresh;
}

void ReplayMemory::set_window(std::chrono::seconds window) {
  const std::lock_guard lock(mutex_);
  window_s_ = window.count();
}

std::size_t ReplayMemory::size() const {
  const std::lock_guard lock(mutex_);
  return kept_.size();
}

void ReplayMemory::write(const Hash& hash, std::int64_t from_s, std::int64_t now_s) {
  if (file_ < 0) return;
  // A new file now and then, so that old ones can go: what it begins with is all that counts.
  const bool is_old = now_s > file_begun_s_ + window_s_ || now_s < file_begun_s_;
  if (is_old) begin_file(now_s);
  const Record record{hash, from_s};
  if (file_ >= 0 && !is_old && !write_all(file_, &record, sizeof record)) give_up_file();
}

/// Writes everything that is remembered into a new file, which takes the place of all others.
void ReplayMemory::begin_file(std::int64_t now_s) {
  if (file_ >= 0) ::close(file_);
  const std::filesystem::path fresh = folder_ / fresh_name;
  file_ = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  file_begun_s_ = now_s;
  std::string bytes = boot_.empty() ? std::string(boot_bytes, ' ') : boot_;
  for (const auto& [hash, from_s] : kept_) {
    const Record record{hash, from_s};
    bytes.append(reinterpret_cast<const char*>(&record), sizeof record);
  }
  const std::filesystem::path place = folder_ / file_name;
  const bool is_written = file_ >= 0 && write_all(file_, bytes.data(), bytes.size()) &&
                          ::rename(fresh.c_str(), place.c_str()) == 0;
  if (!is_written) give_up_file();
}

/// A file that lacks a proof would let it in again: without one the next start refuses all
/// proofs from before it.
void ReplayMemory::give_up_file() {
  if (file_ >= 0) ::close(file_);
  file_ = -1;
  ::unlink((folder_ / file_name).c_str());
  ::unlink((folder_ / fresh_name).c_str());
}

}  // namespace api
