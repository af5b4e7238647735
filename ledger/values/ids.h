#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace ledger {

/// A number with a meaning: ids of different kinds never mix, and leave the type only by value().
template <class Tag, class Rep>
class Id {
 public:
  constexpr Id() = default;
  explicit constexpr Id(Rep value) : value_(value) {}
  constexpr Rep value() const { return value_; }
  friend constexpr auto operator<=>(Id, Id) = default;

 private:
  Rep value_{};
};

/// The ledger's own key of a person; survives a change of national number. 0 = nobody.
using PersonId = Id<struct PersonIdTag, std::uint64_t>;
inline constexpr PersonId person_max{(std::uint64_t{1} << 35) - 1};

/// A practice's dense number in this ledger, given at its first submission. 0 = the nation, under
/// which the totals over all practices are kept.
using PracticeNumber = Id<struct PracticeNumberTag, std::uint32_t>;
inline constexpr PracticeNumber nation{0};

/// A place in the journal: every accepted item and every commit group has one, increasing. 0 =
/// before the first.
using Position = Id<struct PositionTag, std::uint64_t>;
inline constexpr Position position_max{(std::uint64_t{1} << 49) - 1};

/// A registration's identifier, chosen by the practice.
struct Guid {
  std::array<std::uint8_t, 16> bytes{};
  friend constexpr auto operator<=>(const Guid&, const Guid&) = default;
};

/// Parses 8-4-4-4-12 hexadecimal digits in either case, with or without braces around them.
/// Nothing when `text` is anything else.
std::optional<Guid> parse_guid(std::string_view text);

/// 8-4-4-4-12 hexadecimal digits in lower case, without braces: the one form in which a guid is
/// shown.
void append_guid(std::string& out, const Guid& guid);
std::string to_string(const Guid& guid);

/// A practice's identifier as it writes it: 1 to 20 digits; leading zeros are significant.
class PracticeId {
 public:
  static constexpr std::size_t digits_max = 20;

  constexpr PracticeId() = default;
  /// False when `text` is not 1 to 20 digits.
  static bool parse(std::string_view text, PracticeId& out);
  std::string_view view() const { return {digits_.data(), size_}; }
  friend bool operator==(const PracticeId& a, const PracticeId& b) { return a.view() == b.view(); }

 private:
  std::array<char, digits_max> digits_{};
  std::uint8_t size_ = 0;
};

/// A national identity number as the ledger keeps it: encrypted, the same for the same number and
/// key, so that it serves as a key without revealing the number.
struct EncryptedNumber {
  std::array<std::uint8_t, 16> bytes{};
  friend constexpr auto operator<=>(const EncryptedNumber&, const EncryptedNumber&) = default;
};

/// A 128-bit digest of (practice, guid): what a registration is found by.
struct Fingerprint {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend constexpr auto operator<=>(const Fingerprint&, const Fingerprint&) = default;
};

}  // namespace ledger
