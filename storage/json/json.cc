#include "storage/json/json.h"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>

#include "ledger/values/assert.h"

namespace storage {

std::string Json::quoted(std::string_view text) {
  return boost::json::serialize(boost::json::string_view(text.data(), text.size()));
}

Json Json::fixed(double value, int decimals) {
  return verbatim(fmt::format("{:.{}f}", value, decimals));
}

Json Json::verbatim(std::string json) {
  Json value;
  value.text_ = std::move(json);
  return value;
}

Json Json::object(std::initializer_list<Member> members) {
  Json object = verbatim("{}");
  for (const auto& [name, value] : members) object.add(name, value);
  return object;
}

Json Json::array(std::initializer_list<Json> elements) {
  Json array = verbatim("[]");
  for (const Json& element : elements) array.add(element);
  return array;
}

Json& Json::add(std::string_view name, const Json& value) {
  append('{', quoted(name) + ':' + value.text_);
  return *this;
}

Json& Json::add(const Json& element) {
  append('[', element.text_);
  return *this;
}

/// Before the bracket that ends the text.
void Json::append(char opening, std::string_view json) {
  LEDGER_ASSERT(text_.front() == opening);
  const char closing = text_.back();
  text_.back() = ',';
  if (text_.size() == 2) text_.pop_back();
  text_ += json;
  text_ += closing;
}

}  // namespace storage
