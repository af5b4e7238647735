#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace api {

/// A JSON object with its members as they were written: also those that stand there twice, of which
/// most libraries keep one.
class StrictObject {
 public:
  struct Member {
    std::string name;
    std::optional<std::string> text;  ///< nothing when the value is not a string
  };

  /// Nothing when the text is not exactly one JSON object in UTF-8, without a byte order mark, and
  /// nested a few levels deep at most.
  static std::optional<StrictObject> parse(const std::string& text);

  const std::vector<Member>& members() const { return members_; }
  /// The name of a member that is there before; nothing when there is none.
  std::optional<std::string_view> repeated() const;
  bool has(std::string_view name) const { return find(name) != nullptr; }
  /// Nothing when it is not there or is not a string.
  std::optional<std::string_view> text(std::string_view name) const;

 private:
  const Member* find(std::string_view name) const;

  std::vector<Member> members_;
};

}  // namespace api
