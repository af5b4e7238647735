// The national card query from anybody. The first byte says what the rest is:
//   j  a JWE: opens only if it is what a client of ours has made, byte for byte
//   q  a decrypted text: what is let in is a question with a valid number; a refusal names no value

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "api/national/jwe.h"
#include "api/national/query_text.h"
#include "ledger/values/assert.h"

namespace {

constexpr std::int64_t now_s = 1'795'900'000;
constexpr ledger::Date today = std::chrono::sys_days{std::chrono::year{2026} / 11 / 27};

storage::QueryKeys& keys() {
  static const std::filesystem::path folder = [] {
    auto made = std::filesystem::temp_directory_path() / "frikort-fuzz-card-query";
    std::filesystem::create_directories(made);
    return made;
  }();
  static storage::QueryKeys made({folder, std::chrono::days{3650}, std::chrono::days{3650}});
  return made;
}

/// No input can be sealed with a key that is new with each machine, so nothing opens.
void read_jwe(std::string_view text) {
  static const std::string id = keys().newest(now_s)->id;
  std::string named(text);
  const std::size_t place = named.find("KID");
  if (place != std::string::npos) named.replace(place, 3, id);
  LEDGER_ASSERT(!api::open_jwe(named, keys(), now_s));
}

void read_question(const std::string& text) {
  const auto read =
      api::read_card_question(text, ledger::NumberSeries::production_and_tests, today);
  const auto* const sentence = std::get_if<std::string>(&read);
  if (sentence == nullptr) return;
  std::size_t digits = 0;
  for (const char c : *sentence) {
    digits = c >= '0' && c <= '9' ? digits + 1 : 0;
    LEDGER_ASSERT(digits < 6);
  }
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name that libFuzzer calls
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (*data == 'j') read_jwe(rest);
  if (*data == 'q') read_question(std::string(rest));
  return 0;
}
