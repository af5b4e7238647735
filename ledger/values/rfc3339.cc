#include "ledger/values/rfc3339.h"

namespace ledger {
namespace {

/// Reads exactly `count` digits at the front of `text` and removes them; -1 when they are not
/// there.
int take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return -1;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<Month> take_month(std::string_view& text) {
  const int year = take_digits(text, 4);
  if (year < 0 || !take(text, '-')) return std::nullopt;
  const int month = take_digits(text, 2);
  if (month < 1 || month > 12) return std::nullopt;
  return std::chrono::year{year} / month;
}

std::optional<Date> take_date(std::string_view& text) {
  const auto month = take_month(text);
  if (!month || !take(text, '-')) return std::nullopt;
  const int day = take_digits(text, 2);
  if (day < 1) return std::nullopt;
  const auto date = *month / day;
  if (!date.ok()) return std::nullopt;
  return Date{date};
}

/// `.` and 1 to 9 digits, or nothing. -1 when malformed.
std::int32_t take_decimals(std::string_view& text) {
  if (!take(text, '.')) return 0;
  std::int32_t nanoseconds = 0;
  int count = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    if (++count > 9) return -1;
    nanoseconds = nanoseconds * 10 + (text.front() - '0');
    text.remove_prefix(1);
  }
  if (count == 0) return -1;
  for (; count < 9; ++count) nanoseconds *= 10;
  return nanoseconds;
}

/// `Z`, or `+hh:mm` or `-hh:mm`, and then nothing more. The offset in seconds.
std::optional<int> take_offset(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() != 6 || (text.front() != '+' && text.front() != '-')) return std::nullopt;
  const int sign = text.front() == '-' ? -1 : 1;
  text.remove_prefix(1);
  const int hours = take_digits(text, 2);
  if (hours < 0 || hours > 23 || !take(text, ':')) return std::nullopt;
  const int minutes = take_digits(text, 2);
  if (minutes < 0 || minutes > 59) return std::nullopt;
  return sign * (hours * 3600 + minutes * 60);
}

void append_digits(std::string& out, int value, int width) {
  char digits[10];
  for (int i = width - 1; i >= 0; --i) {
    digits[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  out.append(digits, static_cast<std::size_t>(width));
}

}  // namespace

std::optional<Instant> parse_rfc3339(std::string_view text) {
  const auto date = take_date(text);
  if (!date || (!take(text, 'T') && !take(text, 't'))) return std::nullopt;
  const int hour = take_digits(text, 2);
  if (hour < 0 || hour > 23 || !take(text, ':')) return std::nullopt;
  const int minute = take_digits(text, 2);
  if (minute < 0 || minute > 59 || !take(text, ':')) return std::nullopt;
  const int second = take_digits(text, 2);
  if (second < 0 || second > 59) return std::nullopt;
  const std::int32_t nanoseconds = take_decimals(text);
  if (nanoseconds < 0) return std::nullopt;
  const auto offset = take_offset(text);
  if (!offset) return std::nullopt;
  const std::int64_t days = date->time_since_epoch().count();
  return Instant{days * 86400 + hour * 3600 + minute * 60 + second - *offset, nanoseconds};
}

std::optional<Date> parse_date(std::string_view text) {
  const auto date = take_date(text);
  return text.empty() ? date : std::nullopt;
}

std::optional<Month> parse_month(std::string_view text) {
  const auto month = take_month(text);
  return text.empty() ? month : std::nullopt;
}

void append_month(std::string& out, Month month) {
  append_digits(out, int{month.year()}, 4);
  out += '-';
  append_digits(out, static_cast<int>(unsigned{month.month()}), 2);
}

void append_date(std::string& out, Date date) {
  const std::chrono::year_month_day day{date};
  append_month(out, day.year() / day.month());
  out += '-';
  append_digits(out, static_cast<int>(unsigned{day.day()}), 2);
}

void append_rfc3339(std::string& out, Instant instant) {
  const int offset = oslo_offset_seconds(instant);
  const std::chrono::sys_seconds local{std::chrono::seconds{instant.seconds + offset}};
  const Date date = std::chrono::floor<std::chrono::days>(local);
  const auto second_of_day = static_cast<int>((local - date).count());
  append_date(out, date);
  out += 'T';
  append_digits(out, second_of_day / 3600, 2);
  out += ':';
  append_digits(out, second_of_day / 60 % 60, 2);
  out += ':';
  append_digits(out, second_of_day % 60, 2);
  if (instant.nanoseconds != 0) {
    out += '.';
    append_digits(out, instant.nanoseconds, 9);
    out.erase(out.find_last_not_of('0') + 1);
  }
  out += '+';
  append_digits(out, offset / 3600, 2);
  out += ":00";
}

std::string to_rfc3339(Instant instant) {
  std::string out;
  append_rfc3339(out, instant);
  return out;
}

std::string to_string(Date date) {
  std::string out;
  append_date(out, date);
  return out;
}

std::string to_string(Month month) {
  std::string out;
  append_month(out, month);
  return out;
}

}  // namespace ledger
