#pragma once

#include <map>
#include <string>

#include "api/service.h"
#include "ledger/rule_pack.h"

namespace api {

/// What a configuration file can set; see scripts/deploy/frikort.toml for all keys.
struct Config {
  std::map<int, ledger::AnnualCeiling> ceilings = ledger::RulePack::published_ceilings();
  Limits limits;
  storage::StateOptions state;
  ledger::NumberSeries series = ledger::NumberSeries::production;
};

/// Defaults where `path` is empty. Throws UsageError that names the key and the line.
Config read_config(const std::string& path);

}  // namespace api
