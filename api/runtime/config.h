#pragma once

#include <map>
#include <string>
#include <string_view>

#include "api/runtime/limits.h"
#include "api/runtime/public_address.h"
#include "ledger/records/rule_pack.h"
#include "ledger/values/national_id.h"
#include "storage/ledger_files/ledger_files.h"

namespace api {

/// What a configuration file can set; see scripts/deploy/frikort.toml for all keys.
struct Config {
  std::map<int, ledger::AnnualCeiling> ceilings = ledger::RulePack::published_ceilings();
  Limits limits;
  storage::StateOptions state;
  ledger::NumberSeries series = ledger::NumberSeries::production;
  PublicAddress address;
};

/// Defaults where `path` is empty. Throws UsageError that names the key and the line.
Config read_config(const std::string& path);

/// How the ledger in the folder `data` is opened; its keys are in `keys`, or when that is empty in
/// the folder itself.
storage::LedgerOptions ledger_options(const std::string& data, const std::string& keys,
                                      const Config& config);

/// For commands that need a ledger: throws std::runtime_error when there is none in the folder.
void require_ledger(const std::string& data);

/// For commands that write a folder: throws UsageError when there is something at the place that
/// `option` names, other than an empty folder.
void require_unused(std::string_view option, const std::string& folder);

}  // namespace api
