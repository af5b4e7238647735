#pragma once

#include <toml++/toml.h>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace api {

/// What is wrong with a configuration file: all of it, so that it is mended at once.
class ConfigFaults {
 public:
  explicit ConfigFaults(std::string path) : path_(std::move(path)) {}

  void add(const toml::node& node, std::string_view what);
  /// Throws UsageError with all of them, a line each, if there are any.
  void throw_if_any() const;

 private:
  const std::string path_;
  std::vector<std::string> lines_;
};

/// Reads the keys of a table one after another. What is of the wrong type, out of bounds, missing
/// or not known becomes a fault, and the value its default.
class TableReader {
 public:
  /// `name` is how the table is called in faults, such as `tls` or `issuers[1]`.
  TableReader(const toml::table& table, std::string name, ConfigFaults& faults)
      : table_(table), name_(std::move(name)), faults_(faults) {}

  bool has(std::string_view key) const { return table_.contains(key); }
  std::string text(std::string_view key, std::string otherwise = {});
  std::string required_text(std::string_view key);
  std::vector<std::string> texts(std::string_view key, std::vector<std::string> otherwise = {});
  bool flag(std::string_view key, bool otherwise);
  std::int64_t number(std::string_view key, std::int64_t min, std::int64_t max,
                      std::int64_t otherwise);
  /// The tables of an array of tables.
  std::vector<const toml::table*> tables(std::string_view key);

  /// A fault of this key, or of the table when it is not there.
  void fault(std::string_view key, std::string_view what);
  /// Keys that nobody has asked for are not known.
  void finish();

 private:
  const toml::node* take(std::string_view key);

  const toml::table& table_;
  const std::string name_;
  ConfigFaults& faults_;
  std::set<std::string, std::less<>> known_;
};

}  // namespace api
