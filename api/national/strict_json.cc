#include "api/national/strict_json.h"

#include <simdjson.h>

#include <algorithm>
#include <set>

#include "ingest/items/json_text.h"

namespace api {
namespace {

constexpr std::size_t depth_max = 8;

}  // namespace

std::optional<StrictObject> StrictObject::parse(const std::string& text) {
  if (text.starts_with(ingest::byte_order_mark)) return std::nullopt;
  simdjson::dom::parser parser;
  if (parser.allocate(text.size(), depth_max)) return std::nullopt;
  simdjson::dom::object object;
  // No number is looked at; one that is too large for the reader shall not be a fault of the text.
  if (parser.parse(ingest::with_plain_numbers(text)).get_object().get(object)) return std::nullopt;
  StrictObject read;
  for (const auto member : object) {
    std::string_view value;
    const bool is_text = !member.value.get_string().get(value);
    read.members_.push_back(
        {std::string(member.key), is_text ? std::optional<std::string>(value) : std::nullopt});
  }
  return read;
}

std::optional<std::string_view> StrictObject::repeated() const {
  std::set<std::string_view> seen;
  for (const Member& member : members_) {
    if (!seen.insert(member.name).second) return member.name;
  }
  return std::nullopt;
}

const StrictObject::Member* StrictObject::find(std::string_view name) const {
  const auto found = std::find_if(members_.begin(), members_.end(),
                                  [name](const Member& member) { return member.name == name; });
  return found == members_.end() ? nullptr : &*found;
}

std::optional<std::string_view> StrictObject::text(std::string_view name) const {
  const Member* const found = find(name);
  if (found == nullptr || !found->text) return std::nullopt;
  return *found->text;
}

}  // namespace api
