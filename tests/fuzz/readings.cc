// Numbers of persons, times, dates and guids against slow and simple readings of the same rules.

#include <cctype>
#include <chrono>
#include <map>
#include <regex>
#include <string>

#include "ledger/values/assert.h"
#include "ledger/values/national_id.h"
#include "ledger/values/rfc3339.h"
#include "tests/ingest/items/item_text.h"

namespace {

using ledger::Instant;
using ledger::NationalId;
using ledger::NumberSeries;

bool has_form(const std::string& text, const std::string& form) {
  if (text.size() != form.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_digit = text[i] >= '0' && text[i] <= '9';
    if (form[i] == '9' ? !is_digit : text[i] != form[i]) return false;
  }
  return true;
}

int number(const std::string& text, std::size_t from, std::size_t size) {
  return std::stoi(text.substr(from, size));
}

bool is_leap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

int days_in(int year, int month) {
  if (month == 2) return is_leap(year) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

bool is_date(int year, int month, int day) {
  return month >= 1 && month <= 12 && day >= 1 && day <= days_in(year, month);
}

/// Days since 1970 by counting the years and months.
std::int64_t day_number(int year, int month, int day) {
  std::int64_t days = day - 1;
  for (int y = 1970; y < year; ++y) days += is_leap(y) ? 366 : 365;
  for (int y = year; y < 1970; ++y) days -= is_leap(y) ? 366 : 365;
  for (int m = 1; m < month; ++m) days += days_in(year, m);
  return days;
}

std::optional<Instant> slow_time(std::string text) {
  for (char& c : text) {
    if (c == 't' || c == 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  std::string decimals;
  const std::size_t point = text.find('.');
  if (point == 19) {
    std::size_t end = point + 1;
    while (end < text.size() && std::isdigit(static_cast<unsigned char>(text[end])) != 0) ++end;
    decimals = text.substr(point + 1, end - point - 1);
    if (decimals.empty() || decimals.size() > 9) return std::nullopt;
    text.erase(point, end - point);
  }
  int offset = 0;
  if (has_form(text, "9999-99-99T99:99:99+99:99") || has_form(text, "9999-99-99T99:99:99-99:99")) {
    if (number(text, 20, 2) > 23 || number(text, 23, 2) > 59) return std::nullopt;
    offset = (number(text, 20, 2) * 60 + number(text, 23, 2)) * (text[19] == '-' ? -60 : 60);
  } else if (!has_form(text, "9999-99-99T99:99:99Z")) {
    return std::nullopt;
  }
  const int year = number(text, 0, 4);
  const int month = number(text, 5, 2);
  const int day = number(text, 8, 2);
  if (!is_date(year, month, day)) return std::nullopt;
  const int hour = number(text, 11, 2);
  const int minute = number(text, 14, 2);
  const int second = number(text, 17, 2);
  if (hour > 23 || minute > 59 || second > 59) return std::nullopt;
  decimals.resize(9, '0');
  return Instant{
      day_number(year, month, day) * 86'400 + hour * 3'600 + minute * 60 + second - offset,
      std::stoi(decimals)};
}

bool is_number_of_person(const std::string& text, bool has_tests) {
  if (!has_form(text, "99999999999")) return false;
  int day = number(text, 0, 2);
  if (day > 40) day -= 40;
  int month = number(text, 2, 2);
  if (has_tests && month > 80) {
    month -= 80;
  } else if (has_tests && month > 65 && month <= 77) {
    month -= 65;
  } else if (has_tests && month > 40) {
    month -= 40;
  }
  // The century is not known: a year that may be a leap year is taken for one.
  if (!is_date(2000 + number(text, 4, 2), month, day)) return false;
  int first = 0;
  int second = 0;
  for (std::size_t i = 0; i < 10; ++i) first += number("3761894521", i, 1) * number(text, i, 1);
  for (std::size_t i = 0; i < 11; ++i) second += number("54327654321", i, 1) * number(text, i, 1);
  return first % 11 <= 3 && second % 11 == 0;
}

void check_time(const std::string& text) {
  const auto expected = slow_time(text);
  const auto parsed = ledger::parse_rfc3339(text);
  LEDGER_ASSERT(parsed == expected);
  const bool is_day = has_form(text, "9999-99-99") &&
                      is_date(number(text, 0, 4), number(text, 5, 2), number(text, 8, 2));
  const auto date = ledger::parse_date(text);
  LEDGER_ASSERT(date.has_value() == is_day);
  if (date) LEDGER_ASSERT(ledger::to_string(*date) == text);
  const bool is_month =
      has_form(text, "9999-99") && number(text, 5, 2) >= 1 && number(text, 5, 2) <= 12;
  const auto month = ledger::parse_month(text);
  LEDGER_ASSERT(month.has_value() == is_month);
  if (month) LEDGER_ASSERT(ledger::to_string(*month) == text);
  // What is written is read back, in the years that four digits can write.
  if (parsed && parsed->seconds > -62'000'000'000 && parsed->seconds < 253'000'000'000) {
    LEDGER_ASSERT(ledger::parse_rfc3339(ledger::to_rfc3339(*parsed)) == parsed);
  }
}

void check_number(const std::string& text) {
  for (const bool has_tests : {false, true}) {
    const auto series = has_tests ? NumberSeries::production_and_tests : NumberSeries::production;
    const auto parsed = NationalId::parse(text, series);
    LEDGER_ASSERT(parsed.has_value() == is_number_of_person(text, has_tests));
    if (parsed) LEDGER_ASSERT(parsed->value() == std::stoull(text));
  }
}

/// A guid is read by the parser of items only.
void check_guid(const std::string& text) {
  for (const char c : text) {
    if (c == '"' || c == '\\' || c < ' ' || c > '~') return;
  }
  static const std::regex form("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");
  const std::string json = R"({"type":"payment","practiceId":"1","guid":")" + text + "\"}";
  static const ingest::test::PlainVault vault;
  static ingest::ItemParser parser(vault, NumberSeries::production_and_tests);
  const auto parsed = parser.parse(ingest::test::PaddedText(json).view(), {}, {});
  LEDGER_ASSERT((parsed.refusal == ledger::Code::none) == std::regex_match(text, form));
  if (parsed.refusal != ledger::Code::none) return;
  std::string lower = text;
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  LEDGER_ASSERT(ledger::to_string(parsed.item.guid) == lower);
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name that libFuzzer calls
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  check_time(text);
  check_number(text);
  check_guid(text);
  return 0;
}
