#include "ingest/items/json_text.h"

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

/// Reads one JSON value; returns how many bytes of the text are JSON.
std::size_t read_json(std::string_view text, boost::json::error_code& error) {
  boost::json::parse_options options;
  boost::json::basic_parser<AcceptingHandler> parser(options);
  const std::size_t used = parser.write_some(false, text.data(), text.size(), error);
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
