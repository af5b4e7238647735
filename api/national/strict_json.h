#pragma once

#include <simdjson.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace api {

/// A JSON object with its members as they were written: also those that stand there twice, of which
/// most libraries keep one.
class StrictObject {
 public:
  using Member = std::pair<std::string_view, simdjson::dom::element>;

  /// Nothing when the text is not exactly one JSON object in UTF-8, without a byte order mark, and
  /// nested a few levels deep at most.
  static std::optional<StrictObject> parse(const std::string& text);

  const std::vector<Member>& members() const { return members_; }
  /// The name of a member that is there before; empty when there is none.
  std::string_view repeated() const;
  bool has(std::string_view name) const { return find(name) != nullptr; }
  /// Nothing when it is not there or is not a string.
  std::optional<std::string_view> text(std::string_view name) const;

 private:
  explicit StrictObject(std::unique_ptr<simdjson::dom::parser> parser)
      : parser_(std::move(parser)) {}
  const simdjson::dom::element* find(std::string_view name) const;

  std::unique_ptr<simdjson::dom::parser> parser_;  // has what the members refer to
  std::vector<Member> members_;
};

}  // namespace api
