#pragma once

#include <concepts>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace storage {

/// A JSON value as compact text, for what is told now and then: what is told of each item or row is
/// appended by hand. Members stay in the order in which they were added. It is not a value of
/// Boost.JSON, because that writes 0.884 as 8.84E-1.
class Json {
 public:
  using Member = std::pair<std::string_view, Json>;

  Json() : text_("null") {}
  template <std::same_as<bool> Bool>
  Json(Bool value) : text_(value ? "true" : "false") {}
  template <std::integral Number>
  requires(!std::same_as<Number, bool> && !std::same_as<Number, char>) Json(Number value)
      : text_(std::to_string(value)) {}
  template <std::convertible_to<std::string_view> Text>
  Json(const Text& text) : text_(quoted(text)) {}
  template <class Value>
  Json(const std::optional<Value>& value) : Json(value ? Json(*value) : Json()) {}

  /// A number with so many decimals.
  static Json fixed(double value, int decimals);
  /// What is JSON already.
  static Json verbatim(std::string json);
  static Json object(std::initializer_list<Member> members = {});
  static Json array(std::initializer_list<Json> elements = {});

  /// To an object.
  Json& add(std::string_view name, const Json& value);
  /// To an array.
  Json& add(const Json& element);

  const std::string& text() const { return text_; }

 private:
  static std::string quoted(std::string_view text);
  void append(char opening, std::string_view json);

  std::string text_;
};

}  // namespace storage
