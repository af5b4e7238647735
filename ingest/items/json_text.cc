#include "ingest/items/json_text.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>

namespace ingest {
namespace {

constexpr std::string_view blanks = " \t\r\n";

/// Accepts everything: for finding out whether a text is JSON at all.
struct AcceptingHandler {
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  using Error = boost::json::error_code;
  using Text = boost::json::string_view;

  bool on_document_begin(Error&) { return true; }
  bool on_document_end(Error&) { return true; }
  bool on_object_begin(Error&) { return true; }
  bool on_object_end(std::size_t, Error&) { return true; }
  bool on_array_begin(Error&) { return true; }
  bool on_array_end(std::size_t, Error&) { return true; }
  bool on_key_part(Text, std::size_t, Error&) { return true; }
  bool on_key(Text, std::size_t, Error&) { return true; }
  bool on_string_part(Text, std::size_t, Error&) { return true; }
  bool on_string(Text, std::size_t, Error&) { return true; }
  bool on_number_part(Text, Error&) { return true; }
  bool on_int64(std::int64_t, Text, Error&) { return true; }
  bool on_uint64(std::uint64_t, Text, Error&) { return true; }
  bool on_double(double, Text, Error&) { return true; }
  bool on_bool(bool, Error&) { return true; }
  bool on_null(Error&) { return true; }
  bool on_comment_part(Text, Error&) { return true; }
  bool on_comment(Text, Error&) { return true; }
};

/// No number that is asked for is longer.
constexpr std::size_t plain_number_bytes_max = 18;
constexpr std::string_view fraction = "0.5";
/// Those of numbers. Of words, a number never follows one of them.
constexpr std::string_view number_bytes = "+-.0123456789eE";

std::size_t digits_from(std::string_view text, std::size_t at) {
  const std::size_t end = text.find_first_not_of("0123456789", at);
  return std::min(end, text.size()) - at;
}

/// How long the number that begins the text is (RFC 8259, 6); 0 when none does.
std::size_t number_size(std::string_view text) {
  std::size_t size = text.starts_with('-') ? 1 : 0;
  const std::size_t whole = digits_from(text, size);
  if (whole == 0 || (whole > 1 && text[size] == '0')) return 0;
  size += whole;
  if (size < text.size() && text[size] == '.') {
    const std::size_t decimals = digits_from(text, size + 1);
    if (decimals == 0) return 0;
    size += 1 + decimals;
  }
  if (size < text.size() && (text[size] == 'e' || text[size] == 'E')) {
    const std::size_t sign = text.substr(size + 1).find_first_not_of("+-") == 1 ? 1 : 0;
    const std::size_t digits = digits_from(text, size + 1 + sign);
    if (digits == 0) return 0;
    size += 1 + sign + digits;
  }
  return size;
}

bool is_plain_number(std::string_view number) {
  return number.size() <= plain_number_bytes_max &&
         number.find_first_of("eE") == std::string_view::npos;
}

/// How long the string that begins the text is, with its quotation marks as far as they are there.
std::size_t string_size(std::string_view text) {
  std::size_t end = 1;
  while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2U : 1U;
  return std::min(end + 1, text.size());
}

/// As read_json(), of one value with numbers that the reader can hold.
std::size_t read_plain_json(std::string_view text, boost::json::error_code& error) {
  boost::json::parse_options options;
  boost::json::basic_parser<AcceptingHandler> parser(options);
  return parser.write_some(false, text.data(), text.size(), error);
}

/// Reads one JSON value; returns how many bytes of the text are JSON.
std::size_t read_json(std::string_view text, boost::json::error_code& error) {
  std::size_t used = read_plain_json(text, error);
  if (error == boost::json::error::exponent_overflow) {
    error = {};
    used = read_plain_json(with_plain_numbers(text), error);
  }
  const std::size_t rest = text.find_first_not_of(blanks, used);
  if (error || rest == std::string_view::npos) return used;
  error = boost::json::error::extra_data;
  return rest;
}

/// Calls `at_comma` with the place of each comma between the elements of an array that begins the
/// text and is valid JSON as far as it goes: brackets and quotes are enough to find them.
template <class AtComma>
void find_commas(std::string_view text, AtComma at_comma) {
  int depth = 0;
  bool is_in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_in_string) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        is_in_string = false;
      continue;
    }
    if (c == '"') is_in_string = true;
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
    if (c == ',' && depth == 1) at_comma(i);
  }
}

}  // namespace

std::string with_plain_numbers(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    const std::size_t number = std::min(text.find_first_not_of(number_bytes), text.size());
    const std::size_t size = number != 0 ? number : text.front() == '"' ? string_size(text) : 1;
    const std::string_view piece = text.substr(0, size);
    const bool is_kept = number == 0 || is_plain_number(piece) || number_size(piece) != number;
    plain += is_kept ? piece : fraction;
    if (!is_kept) plain.append(size - fraction.size(), ' ');
    text.remove_prefix(size);
  }
  return plain;
}

bool is_valid_json(std::string_view text) {
  boost::json::error_code error;
  read_json(text, error);
  return !error;
}

std::string json_fault(std::string_view text) {
  boost::json::error_code error;
  const std::size_t at = read_json(text, error);
  if (!error) return {};
  std::string fault = error.message() + " at byte " + std::to_string(at);
  const std::size_t first = text.find_first_not_of(blanks);
  if (first < at && text[first] == '[') {
    std::size_t item = 0;
    find_commas(text.substr(first, at - first), [&item](std::size_t) { ++item; });
    fault += ", in item " + std::to_string(item);
  }
  return fault;
}

bool split_json(std::string_view text, std::vector<std::string_view>& elements,
                std::size_t elements_max) {
  if (!is_valid_json(text)) return false;
  text.remove_prefix(text.find_first_not_of(blanks));
  text = text.substr(0, text.find_last_not_of(blanks) + 1);
  if (text.front() == '{') {
    elements.push_back(text);
    return true;
  }
  if (text.front() != '[') return false;
  std::size_t begin = 1;
  const auto add = [&](std::size_t end) {
    if (elements.size() > elements_max) return;
    const std::string_view element = text.substr(begin, end - begin);
    const std::size_t from = element.find_first_not_of(blanks);
    if (from != std::string_view::npos) {
      elements.push_back(element.substr(from, element.find_last_not_of(blanks) - from + 1));
    }
    begin = end + 1;
  };
  find_commas(text, add);
  add(text.size() - 1);
  return true;
}

}  // namespace ingest
