#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ledger {

/// Which numbers are persons: everybody's, or also the synthetic series made for testing.
enum class NumberSeries : std::uint8_t {
  production,            ///< fødselsnummer and D-numbers
  production_and_tests,  ///< also month + 40, + 65 and + 80
};

/// A Norwegian national identity number of 11 digits: a fødselsnummer, or a D-number (day + 40).
/// There is no way to print one: it must never reach a log, a URL, a metric or an error text.
class NationalId {
 public:
  static constexpr std::size_t digits = 11;

  /// Checks the date part (29 February is allowed when the two-digit year may be a leap year) and
  /// both check digits: weights 3 7 6 1 8 9 4 5 2 and 5 4 3 2 7 6 5 4 3 2, remainder of the second
  /// 0 modulo 11, of the first 0 to 3 (above 0 only in numbers given from 2032, which also say
  /// nothing about century or sex; so neither is judged here). Source: the Norwegian Tax
  /// Administration's description of the new numbers from 2032.
  static std::optional<NationalId> parse(std::string_view text, NumberSeries series);

  /// The number as an integer: for encryption only.
  std::uint64_t value() const { return value_; }

  friend bool operator==(NationalId, NationalId) = default;

 private:
  explicit NationalId(std::uint64_t value) : value_(value) {}
  std::uint64_t value_;
};

/// The last two digits that make a valid number of the first nine; nothing where that number is
/// never issued. By today's rule (first remainder 0).
std::optional<unsigned> check_digits(std::uint32_t first_nine_digits);

}  // namespace ledger
