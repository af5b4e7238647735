#include "api/runtime/config.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <stdexcept>
#include <variant>

#include "api/program/usage_error.h"
#include "api/runtime/auth_config.h"
#include "api/runtime/table_reader.h"
#include "ingest/writer/submission.h"
#include "storage/ledger_files/ledger_files.h"

namespace api {
namespace {

constexpr int first_year = ledger::year_of(ledger::first_day);
constexpr int last_year = ledger::year_of(ledger::last_day);
constexpr std::int64_t ceiling_kroner_min = 100;
constexpr std::int64_t ceiling_kroner_max = 100'000;

/// A number of the configuration: where it is kept, and the bounds that the service works within.
struct Number {
  std::string_view table;
  std::string_view name;
  std::variant<std::size_t Limits::*, std::chrono::seconds Limits::*,
               std::uint64_t storage::StateOptions::*>
      place;
  std::int64_t min;
  std::int64_t max;
  std::string_view why_min;  ///< what a lower one would break; may be empty

  std::int64_t get(const Config& config) const {
    if (const auto* const size = std::get_if<std::size_t Limits::*>(&place)) {
      return static_cast<std::int64_t>(config.limits.**size);
    }
    if (const auto* const time = std::get_if<std::chrono::seconds Limits::*>(&place)) {
      return (config.limits.**time).count();
    }
    return static_cast<std::int64_t>(config.state.*
                                     std::get<std::uint64_t storage::StateOptions::*>(place));
  }
  void set(Config& config, std::int64_t value) const {
    if (const auto* const size = std::get_if<std::size_t Limits::*>(&place)) {
      config.limits.** size = static_cast<std::size_t>(value);
    } else if (const auto* const time = std::get_if<std::chrono::seconds Limits::*>(&place)) {
      config.limits.** time = std::chrono::seconds{value};
    } else {
      config.state.*std::get<std::uint64_t storage::StateOptions::*>(place) =
          static_cast<std::uint64_t>(value);
    }
  }
};

constexpr std::int64_t day_s = 86'400;
constexpr std::int64_t mebibyte = 1 << 20;
constexpr std::int64_t gibibyte = 1 << 30;
/// Two groups: one that waits must leave room for another.
constexpr std::int64_t waiting_items_min = 2 * ingest::group_items_max;

constexpr Number numbers[] = {
    {"limits", "json_body_bytes_max", &Limits::json_body_bytes_max, 1024, gibibyte, ""},
    {"limits", "ndjson_body_bytes_max", &Limits::ndjson_body_bytes_max, 1024, 1024 * gibibyte, ""},
    {"limits", "body_items_max", &Limits::body_items_max, 1, 10'000'000, ""},
    {"limits", "header_bytes_max", &Limits::header_bytes_max, 1024, mebibyte, ""},
    {"limits", "connections_max", &Limits::connections_max, 1, 1'000'000, ""},
    {"limits", "card_status_lines_max", &Limits::card_status_lines_max, 1, 1'000'000, ""},
    {"limits", "waiting_bytes_max", &Limits::waiting_bytes_max, mebibyte, 1024 * gibibyte, ""},
    {"limits", "unread_result_bytes_max", &Limits::unread_result_bytes_max, mebibyte,
     1024 * gibibyte, ""},
    {"limits", "waiting_items_max", &Limits::waiting_items_max, waiting_items_min, 100'000'000,
     "fewer would keep a stream waiting for ever"},
    {"limits", "waiting_cards_max", &Limits::waiting_cards_max, 1, 100'000, ""},
    {"limits", "waiting_queries_max", &Limits::waiting_queries_max, 1, 100'000, ""},
    {"limits", "waiting_polls_max", &Limits::waiting_polls_max, 1, 1'000'000, ""},
    {"limits", "idle_timeout_s", &Limits::idle_timeout, 1, day_s, ""},
    {"limits", "slow_timeout_s", &Limits::slow_timeout, 1, day_s, ""},
    {"limits", "poll_timeout_s", &Limits::poll_timeout, 1, day_s, ""},
    {"limits", "drain_timeout_s", &Limits::drain_timeout, 1, day_s, ""},
    {"state", "hand_over_items", &storage::StateOptions::hand_over_items, 1, 1'000'000'000, ""},
    {"state", "cached_persons_max", &storage::StateOptions::cached_persons_max, 1, 1'000'000'000,
     ""},
    {"state", "filter_bytes_max", &storage::StateOptions::filter_bytes_max, 1, 1024 * gibibyte, ""},
};

/// One configuration file while it is read.
class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path), faults_(path) {}

  Config read() {
    toml::table file;
    try {
      file = toml::parse_file(path_);
    } catch (const toml::parse_error& error) {
      throw UsageError(
          fmt::format("{}:{}: {}", path_, error.source().begin.line, error.description()));
    }
    for (const auto& [key, node] : file) read_key(key.str(), node);
    if (config_.limits.waiting_bytes_max < config_.limits.json_body_bytes_max) {
      faults_.add(file,
                  "`limits.waiting_bytes_max` is lower than `limits.json_body_bytes_max`, so that "
                  "the largest bodies would wait for ever; remedy: raise the one or lower the "
                  "other");
    }
    faults_.throw_if_any();
    config_.auth.find_practices = find_practices(config_.practices);
    config_.auth.describe_practice = describe_practice(config_.practices);
    config_.auth.series = config_.series.value_or(ledger::NumberSeries::production);
    return config_;
  }

 private:
  /// What stands in the way of reading one key; the others are read all the same.
  struct Fault {
    const toml::node& node;
    std::string what;
  };
  [[noreturn]] static void refuse(const toml::node& node, std::string what) {
    throw Fault{node, std::move(what)};
  }
  template <class Read>
  void attempt(Read read) {
    try {
      read();
    } catch (const Fault& fault) {
      faults_.add(fault.node, fault.what);
    }
  }

  void read_key(std::string_view name, const toml::node& node) {
    if (name == "accept_test_numbers" && node.is_boolean()) {
      config_.series = node.as_boolean()->get() ? ledger::NumberSeries::production_and_tests
                                                : ledger::NumberSeries::production;
    } else if (name == "ceilings" && node.is_table()) {
      read_ceilings(*node.as_table());
    } else if (is_table(name) && node.is_table()) {
      read_numbers(name, *node.as_table());
    } else if (!read_auth_table(name, node, faults_, config_)) {
      faults_.add(node, fmt::format("`{}` is not known or of the wrong type; remedy: the keys and "
                                    "types of scripts/deploy/frikort.toml",
                                    name));
    }
  }

  static bool is_table(std::string_view name) {
    return std::any_of(std::begin(numbers), std::end(numbers),
                       [name](const Number& number) { return number.table == name; });
  }

  static std::int64_t integer(std::string_view key, const toml::node& node, std::int64_t min,
                              std::int64_t max, std::string_view why) {
    const auto value = node.value_exact<std::int64_t>();
    if (value && *value >= min && *value <= max) return *value;
    refuse(node,
           fmt::format("`{}` wants a whole number from {} to {}{}{}; remedy: one of these, or "
                       "leave the line out",
                       key, min, max, why.empty() ? "" : ": ", why));
  }

  void read_numbers(std::string_view table, const toml::table& values) {
    for (const auto& [key, node] : values) {
      attempt([&, name = key.str(), &value = node] { read_number(table, name, value); });
    }
  }

  void read_number(std::string_view table, std::string_view name, const toml::node& node) {
    const auto* const number = std::find_if(
        std::begin(numbers), std::end(numbers),
        [&](const Number& known) { return known.table == table && known.name == name; });
    const std::string full = fmt::format("{}.{}", table, name);
    if (number == std::end(numbers)) {
      refuse(node, fmt::format("`{}` is not known; remedy: the keys of "
                               "scripts/deploy/frikort.toml",
                               full));
    }
    number->set(config_, integer(full, node, number->min, number->max, number->why_min));
  }

  /// Years come in ascending order, so that each finds the one before it.
  void read_ceilings(const toml::table& table) {
    for (const auto& [key, node] : table) {
      attempt([this, name = key.str(), &value = node] { read_ceiling(std::string(name), value); });
    }
  }

  void read_ceiling(const std::string& name, const toml::node& node) {
    int year = 0;
    const char* const end = name.data() + name.size();
    const auto read = std::from_chars(name.data(), end, year);
    if (name.size() != 4 || read.ptr != end || year < first_year || year > last_year) {
      refuse(node, fmt::format("`ceilings.{}`: a ceiling is named by its year, {} to {}: the rules "
                               "of other years are not known; remedy: leave the line out",
                               name, first_year, last_year));
    }
    const std::string key = "ceilings." + name;
    const toml::node* amount = &node;
    bool is_confirmed = false;
    if (node.is_table()) {
      amount = node.as_table()->get("kroner");
      for (const auto& [member, value] : *node.as_table()) {
        if (member.str() == "confirmed" && value.is_boolean()) {
          is_confirmed = value.as_boolean()->get();
        } else if (member.str() != "kroner") {
          refuse(value, fmt::format("`{}.{}` is not known or of the wrong type; remedy: {} = {{ "
                                    "kroner = 3400, confirmed = true }}",
                                    key, member.str(), name));
        }
      }
      if (amount == nullptr) refuse(node, fmt::format("`{}` lacks `kroner`; remedy: add it", key));
    }
    const std::int64_t kroner = integer(key, *amount, ceiling_kroner_min, ceiling_kroner_max,
                                        "the ceiling of a year in kroner, not in øre");
    if (!is_confirmed) refuse_leap(year, kroner, *amount);
    config_.ceilings[year] = {ledger::Money::from_kroner(kroner), "configuration"};
  }

  /// A ceiling decides everybody's cards for good, and a slip of the hand is not seen before.
  void refuse_leap(int year, std::int64_t kroner, const toml::node& node) const {
    const auto next = config_.ceilings.lower_bound(year);
    if (next == config_.ceilings.begin()) return;
    const auto& [year_before, ceiling] = *std::prev(next);
    const std::int64_t before = ceiling.amount.ore() / 100;
    if (2 * std::abs(kroner - before) <= before) return;
    refuse(node, fmt::format("`ceilings.{0}` is {1} kroner, which differs by more than half from "
                             "the {2} kroner of {3}; remedy: correct it, or if it is right, {0} = "
                             "{{ kroner = {1}, confirmed = true }}",
                             year, kroner, before, year_before));
  }

  const std::string& path_;
  ConfigFaults faults_;
  Config config_;
};

}  // namespace

Config read_config(const std::string& path) {
  return path.empty() ? Config() : Reader(path).read();
}

std::vector<std::string> keys_for_restart(const Config& before, const Config& now) {
  std::vector<std::string> keys;
  for (const Number& number : numbers) {
    if (number.get(before) == number.get(now)) continue;
    keys.push_back(fmt::format("{}.{}", number.table, number.name));
  }
  const auto compare = [&keys](std::string_view key, const auto& was, const auto& is) {
    if (was != is) keys.emplace_back(key);
  };
  compare("accept_test_numbers", before.series, now.series);
  compare("auth.proofs_max", before.auth.proofs_max, now.auth.proofs_max);
  compare("metrics.listen", before.metrics_listen, now.metrics_listen);
  compare("public.url", before.address.url, now.address.url);
  compare("public.origins", before.address.origins, now.address.origins);
  compare("tls", before.tls.is_on(), now.tls.is_on());
  compare("national.serve", before.national.is_served, now.national.is_served);
  compare("national.body_bytes_max", before.national.body_bytes_max, now.national.body_bytes_max);
  compare("national.key_days", before.national.key_life, now.national.key_life);
  compare("national.key_rotate_days", before.national.key_age_max, now.national.key_age_max);
  compare("registry.practices", before.ledger.are_practices_required,
          now.ledger.are_practices_required);
  // Cards were issued by the ceilings that were known.
  for (const auto& [year, ceiling] : before.ceilings) {
    const auto found = now.ceilings.find(year);
    const bool is_same = found != now.ceilings.end() && found->second.amount == ceiling.amount;
    if (!is_same) keys.push_back(fmt::format("ceilings.{}", year));
  }
  return keys;
}

storage::LedgerOptions ledger_options(const std::string& data, const std::string& keys,
                                      const Config& config) {
  storage::LedgerOptions options;
  options.folder = data;
  options.keys_folder = keys;
  options.ceilings = config.ceilings;
  options.settings = config.ledger;
  options.state = config.state;
  return options;
}

void require_ledger(const std::string& data) {
  if (!storage::has_ledger(data)) {
    throw std::runtime_error("there is no ledger in " + data +
                             "; remedy: name the data folder of a ledger");
  }
}

void require_unused(std::string_view option, const std::string& folder) {
  namespace fs = std::filesystem;
  if (!fs::exists(folder) || (fs::is_directory(folder) && fs::is_empty(folder))) return;
  throw UsageError(fmt::format("{} wants a new or empty folder; {} is not empty", option, folder));
}

}  // namespace api
