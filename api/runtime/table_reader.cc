#include "api/runtime/table_reader.h"

#include <fmt/format.h>

#include "api/program/usage_error.h"

namespace api {

void ConfigFaults::add(const toml::node& node, std::string_view what) {
  lines_.push_back(fmt::format("{}:{}: {}", path_, node.source().begin.line, what));
}

void ConfigFaults::throw_if_any() const {
  if (lines_.empty()) return;
  std::string text;
  for (const std::string& line : lines_) text += (text.empty() ? "" : "\n") + line;
  throw UsageError(std::move(text));
}

const toml::node* TableReader::take(std::string_view key) {
  known_.emplace(key);
  return table_.get(key);
}

std::string TableReader::text(std::string_view key, std::string otherwise) {
  const toml::node* const node = take(key);
  if (node == nullptr) return otherwise;
  const auto value = node->value_exact<std::string>();
  if (value && !value->empty()) return *value;
  fault(key, "wants a text; remedy: write it in quotes");
  return otherwise;
}

std::string TableReader::required_text(std::string_view key) {
  if (!has(key)) fault(key, "is missing; remedy: add it");
  return text(key);
}

std::vector<std::string> TableReader::texts(std::string_view key,
                                            std::vector<std::string> otherwise) {
  const toml::node* const node = take(key);
  if (node == nullptr) return otherwise;
  std::vector<std::string> list;
  const toml::array* const array = node->as_array();
  if (array != nullptr) {
    for (const toml::node& element : *array) {
      if (const auto value = element.value_exact<std::string>()) list.push_back(*value);
    }
  }
  if (array != nullptr && list.size() == array->size()) return list;
  fault(key, "wants a list of texts; remedy: [\"one\", \"two\"]");
  return otherwise;
}

bool TableReader::flag(std::string_view key, bool otherwise) {
  const toml::node* const node = take(key);
  if (node == nullptr) return otherwise;
  if (node->is_boolean()) return node->as_boolean()->get();
  fault(key, "wants true or false");
  return otherwise;
}

std::int64_t TableReader::number(std::string_view key, std::int64_t min, std::int64_t max,
                                 std::int64_t otherwise) {
  const toml::node* const node = take(key);
  if (node == nullptr) return otherwise;
  const auto value = node->value_exact<std::int64_t>();
  if (value && *value >= min && *value <= max) return *value;
  fault(key, fmt::format("wants a whole number from {} to {}; remedy: one of these, or leave the "
                         "line out",
                         min, max));
  return otherwise;
}

std::vector<const toml::table*> TableReader::tables(std::string_view key) {
  const toml::node* const node = take(key);
  std::vector<const toml::table*> list;
  if (node == nullptr) return list;
  const toml::array* const array = node->as_array();
  if (array == nullptr || !array->is_homogeneous<toml::table>()) {
    fault(key, fmt::format("wants tables; remedy: [[{}]]", key));
    return list;
  }
  for (const toml::node& element : *array) list.push_back(element.as_table());
  return list;
}

void TableReader::fault(std::string_view key, std::string_view what) {
  const toml::node* const node = table_.get(key);
  faults_.add(node == nullptr ? table_ : *node, fmt::format("`{}.{}` {}", name_, key, what));
}

void TableReader::finish() {
  for (const auto& [key, node] : table_) {
    if (known_.contains(key.str())) continue;
    faults_.add(node, fmt::format("`{}.{}` is not known; remedy: the keys of "
                                  "scripts/deploy/frikort.toml",
                                  name_, key.str()));
  }
}

}  // namespace api
