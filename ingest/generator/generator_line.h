#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "ingest/generator/generator_calendar.h"
#include "ledger/values/hex.h"

namespace ingest {

inline constexpr std::array<char, 200> digit_pairs = [] {
  std::array<char, 200> pairs{};
  for (std::size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

/// The text of a line, piece by piece. It is written into memory that the caller has made large
/// enough.
class LineWriter {
 public:
  explicit LineWriter(char* at) : at_(at) {}
  char* end() const { return at_; }

  void text(std::string_view text) {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  void pair(std::uint32_t below_100) {
    std::memcpy(at_, digit_pairs.data() + std::size_t{below_100} * 2, 2);
    at_ += 2;
  }
  void eleven_digits(std::uint64_t number) {
    const auto high = static_cast<std::uint32_t>(number / 100'000'000);
    const auto low = static_cast<std::uint32_t>(number % 100'000'000);
    *at_++ = static_cast<char>('0' + high / 100);
    pair(high % 100);
    pair(low / 1'000'000);
    pair(low / 10'000 % 100);
    pair(low / 100 % 100);
    pair(low % 100);
  }
  void amount(std::uint32_t ore) {
    std::array<char, 10> digits{};
    std::size_t start = digits.size();
    do {
      digits[--start] = static_cast<char>('0' + ore % 10);
      ore /= 10;
    } while (ore > 0);
    text({digits.data() + start, digits.size() - start});
  }
  void guid(std::uint64_t high, std::uint64_t low) {
    for (unsigned i = 0; i < 16; ++i) {
      if (i == 4 || i == 6 || i == 8 || i == 10) *at_++ = '-';
      const std::uint64_t word = i < 8 ? high : low;
      at_ = ledger::put_hex(at_, static_cast<std::uint8_t>(word >> (56 - 8 * (i % 8))));
    }
  }
  void time(const GeneratorDay& day, bool is_summer, std::uint32_t second) {
    text({day.text.data(), day.text.size()});
    *at_++ = 'T';
    pair(second / 3600);
    *at_++ = ':';
    pair(second / 60 % 60);
    *at_++ = ':';
    pair(second % 60);
    text(is_summer ? "+02:00" : "+01:00");
  }

 private:
  char* at_;
};

}  // namespace ingest
