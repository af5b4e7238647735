#include "api/national/strict_json.h"

#include <algorithm>

#include "ingest/items/json_text.h"

namespace api {
namespace {

constexpr std::size_t depth_max = 8;

}  // namespace

std::optional<StrictObject> StrictObject::parse(const std::string& text) {
  if (text.starts_with(ingest::byte_order_mark)) return std::nullopt;
  auto parser = std::make_unique<simdjson::dom::parser>();
  if (parser->allocate(text.size(), depth_max)) return std::nullopt;
  StrictObject object(std::move(parser));
  simdjson::dom::object members;
  if (object.parser_->parse(text).get_object().get(members)) return std::nullopt;
  for (const auto member : members) object.members_.emplace_back(member.key, member.value);
  return object;
}

std::string_view StrictObject::repeated() const {
  for (auto at = members_.begin(); at != members_.end(); ++at) {
    const auto is_same = [at](const Member& member) { return member.first == at->first; };
    if (std::any_of(members_.begin(), at, is_same)) return at->first;
  }
  return {};
}

const simdjson::dom::element* StrictObject::find(std::string_view name) const {
  const auto found = std::find_if(members_.begin(), members_.end(),
                                  [name](const Member& member) { return member.first == name; });
  return found == members_.end() ? nullptr : &found->second;
}

std::optional<std::string_view> StrictObject::text(std::string_view name) const {
  const simdjson::dom::element* const found = find(name);
  std::string_view value;
  if (found == nullptr || found->get_string().get(value)) return std::nullopt;
  return value;
}

}  // namespace api
