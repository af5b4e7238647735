#include "api/identity/jws.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <cmath>

#include "api/identity/jwk.h"
#include "storage/crypto/base64url.h"

namespace api {
namespace {

namespace json = boost::json;

/// Times beyond these seconds are of no calendar.
constexpr double time_max_s = 1e11;

/// The three parts, or nothing when there are more or fewer.
std::optional<std::array<std::string_view, 3>> split(std::string_view compact) {
  const std::size_t first = compact.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = compact.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  if (compact.find('.', second + 1) != std::string_view::npos) return std::nullopt;
  return std::array{compact.substr(0, first), compact.substr(first + 1, second - first - 1),
                    compact.substr(second + 1)};
}

std::optional<json::object> decode_object(std::string_view part) {
  const auto bytes = storage::from_base64url(part);
  if (!bytes) return std::nullopt;
  boost::system::error_code error;
  json::value value =
      json::parse({reinterpret_cast<const char*>(bytes->data()), bytes->size()}, error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

}  // namespace

std::optional<Jws> parse_jws(std::string_view compact, std::size_t bytes_max) {
  if (compact.size() > bytes_max) return std::nullopt;
  const auto parts = split(compact);
  if (!parts || (*parts)[2].empty() || !storage::from_base64url((*parts)[2])) return std::nullopt;
  auto header = decode_object((*parts)[0]);
  if (!header) return std::nullopt;
  const json::string* const algorithm = text_member(*header, "alg");
  if (algorithm == nullptr || !is_signature_algorithm(view_of(*algorithm))) return std::nullopt;
  auto payload = decode_object((*parts)[1]);
  if (!payload) return std::nullopt;
  Jws jws;
  jws.compact = compact;
  jws.algorithm = view_of(*algorithm);
  if (const auto* const type = text_member(*header, "typ")) jws.type = view_of(*type);
  if (const auto* const key_id = text_member(*header, "kid")) jws.key_id = view_of(*key_id);
  jws.has_critical = header->contains("crit");
  jws.header = std::move(*header);
  jws.payload = std::move(*payload);
  return jws;
}

std::string media_type(std::string_view type) {
  constexpr std::string_view prefix = "application/";
  std::string lower(type);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  const bool is_long =
      lower.starts_with(prefix) && lower.find('/', prefix.size()) == std::string::npos;
  return is_long ? lower.substr(prefix.size()) : lower;
}

const json::string* text_member(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_string();
}

std::optional<std::int64_t> time_member(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const auto seconds = value->to_number<double>();
  if (!(seconds >= 0 && seconds <= time_max_s)) return std::nullopt;
  return static_cast<std::int64_t>(std::floor(seconds));
}

std::optional<std::vector<std::string>> list_member(const json::object& object,
                                                    std::string_view name) {
  const json::value* const value = object.if_contains(name);
  if (value == nullptr) return std::nullopt;
  std::vector<std::string> list;
  if (const json::array* const array = value->if_array()) {
    for (const json::value& element : *array) {
      if (!element.is_string()) return std::nullopt;
      list.emplace_back(view_of(element.get_string()));
    }
    return list;
  }
  const json::string* const text = value->if_string();
  if (text == nullptr) return std::nullopt;
  std::string_view left = view_of(*text);
  while (!left.empty()) {
    const std::size_t end = std::min(left.find(' '), left.size());
    if (end != 0) list.emplace_back(left.substr(0, end));
    left.remove_prefix(std::min(end + 1, left.size()));
  }
  return list;
}

}  // namespace api
