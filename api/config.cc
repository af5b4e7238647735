#include "api/config.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <stdexcept>

#include "api/commands.h"
#include "storage/shard.h"

namespace api {
namespace {

[[noreturn]] void refuse(const std::string& path, const toml::node& node, std::string_view what) {
  throw UsageError(fmt::format("{}:{}: {}", path, node.source().begin.line, what));
}

std::int64_t positive(const std::string& path, std::string_view name, const toml::node& node) {
  const auto value = node.value<std::int64_t>();
  if (!value || *value < 1) {
    refuse(path, node, fmt::format("`{}` must be an integer above 0", name));
  }
  return *value;
}

void read_ceilings(const std::string& path, const toml::table& table, Config& config) {
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    const bool is_year =
        name.size() == 4 && name.find_first_not_of("0123456789") == std::string::npos;
    if (!is_year) refuse(path, node, "a ceiling is named by its year, such as 2027");
    const std::int64_t kroner = positive(path, name, node);
    config.ceilings[std::stoi(name)] = {ledger::Money::from_kroner(kroner), "configuration"};
  }
}

void read_limits(const std::string& path, const toml::table& table, Config& config) {
  Limits& limits = config.limits;
  const std::map<std::string_view, std::size_t*> sizes{
      {"json_body_bytes_max", &limits.json_body_bytes_max},
      {"ndjson_body_bytes_max", &limits.ndjson_body_bytes_max},
      {"body_items_max", &limits.body_items_max},
      {"header_bytes_max", &limits.header_bytes_max},
      {"connections_max", &limits.connections_max},
      {"card_status_lines_max", &limits.card_status_lines_max},
      {"waiting_bytes_max", &limits.waiting_bytes_max},
      {"unread_result_bytes_max", &limits.unread_result_bytes_max},
      {"waiting_items_max", &limits.waiting_items_max},
      {"waiting_polls_max", &limits.waiting_polls_max}};
  const std::map<std::string_view, std::chrono::seconds*> times{
      {"idle_timeout_s", &limits.idle_timeout},
      {"slow_timeout_s", &limits.slow_timeout},
      {"poll_timeout_s", &limits.poll_timeout},
      {"drain_timeout_s", &limits.drain_timeout}};
  for (const auto& [key, node] : table) {
    const std::string_view name = key.str();
    if (const auto size = sizes.find(name); size != sizes.end()) {
      *size->second = static_cast<std::size_t>(positive(path, name, node));
    } else if (const auto time = times.find(name); time != times.end()) {
      *time->second = std::chrono::seconds{positive(path, name, node)};
    } else {
      refuse(path, node, fmt::format("`limits.{}` is not known", name));
    }
  }
}

void read_state(const std::string& path, const toml::table& table, Config& config) {
  const std::map<std::string_view, std::uint64_t*> sizes{
      {"hand_over_items", &config.state.hand_over_items},
      {"cached_persons_max", &config.state.cached_persons_max},
      {"filter_bytes_max", &config.state.filter_bytes_max}};
  for (const auto& [key, node] : table) {
    const auto size = sizes.find(key.str());
    if (size == sizes.end()) {
      refuse(path, node, fmt::format("`state.{}` is not known", key.str()));
    }
    *size->second = static_cast<std::uint64_t>(positive(path, key.str(), node));
  }
}

}  // namespace

Config read_config(const std::string& path) {
  Config config;
  if (path.empty()) return config;
  toml::table table;
  try {
    table = toml::parse_file(path);
  } catch (const toml::parse_error& error) {
    throw UsageError(
        fmt::format("{}:{}: {}", path, error.source().begin.line, error.description()));
  }
  for (const auto& [key, node] : table) {
    const std::string_view name = key.str();
    if (name == "accept_test_numbers" && node.is_boolean()) {
      config.series = node.as_boolean()->get() ? ledger::NumberSeries::production_and_tests
                                               : ledger::NumberSeries::production;
    } else if (name == "ceilings" && node.is_table()) {
      read_ceilings(path, *node.as_table(), config);
    } else if (name == "limits" && node.is_table()) {
      read_limits(path, *node.as_table(), config);
    } else if (name == "state" && node.is_table()) {
      read_state(path, *node.as_table(), config);
    } else {
      refuse(path, node, fmt::format("`{}` is not known or of the wrong type", name));
    }
  }
  return config;
}

storage::ShardOptions shard_options(const std::string& data, const std::string& keys,
                                    const Config& config) {
  storage::ShardOptions options;
  options.folder = data;
  options.keys_folder = keys;
  options.ceilings = config.ceilings;
  options.state = config.state;
  return options;
}

void require_ledger(const std::string& data) {
  if (!storage::has_ledger(data)) throw std::runtime_error("there is no ledger in " + data);
}

}  // namespace api
