#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/tls_context.h"
#include "api/identity/issuer.h"
#include "api/identity/rate_limiter.h"
#include "api/program/log.h"
#include "api/runtime/limits.h"
#include "api/runtime/national_settings.h"
#include "api/runtime/public_address.h"
#include "ledger/records/ledger_settings.h"
#include "ledger/records/rule_pack.h"
#include "ledger/values/national_id.h"
#include "storage/ledger_files/ledger_files.h"

namespace api {

/// A practice by configuration, as long as no registry tells of it.
struct KnownPractice {
  std::string id;
  std::string name;  ///< for persons who look into the access log; may be empty
  std::vector<std::string> organisations;
  std::vector<std::string> practitioners;  ///< HPR numbers
};

/// What a configuration file can set; see scripts/deploy/frikort.toml for all keys.
struct Config {
  std::map<int, ledger::AnnualCeiling> ceilings = ledger::RulePack::published_ceilings();
  Limits limits;
  storage::StateOptions state;
  std::optional<ledger::NumberSeries> series;  ///< nothing: the file does not say
  PublicAddress address;
  TlsSettings tls;
  AuthSettings auth;
  Rates rates;
  std::vector<KnownPractice> practices;
  std::string metrics_listen;  ///< where /metrics is for everybody; empty: nowhere
  LogLevel log_level = LogLevel::info;
  ledger::LedgerSettings ledger;
  NationalSettings national;
};

/// Defaults where `path` is empty. Throws UsageError that names every fault, a line each, with key
/// and line.
Config read_config(const std::string& path);

/// The keys whose values differ, of those that only a start reads.
std::vector<std::string> keys_for_restart(const Config& before, const Config& now);

/// What is missing for serving with tokens, as sentences with a remedy.
std::vector<std::string> missing_for_tokens(const Config& config);

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
