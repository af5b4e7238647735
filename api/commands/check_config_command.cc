// frikort check-config: what a configuration would serve to whom, and what is wrong with it.

#include <fmt/format.h>

#include <algorithm>

#include "api/commands/command_line.h"
#include "api/commands/commands.h"
#include "api/http/https_get.h"
#include "api/http/tls_context.h"
#include "api/program/usage_error.h"
#include "api/runtime/config.h"
#include "storage/json/json.h"

namespace api {
namespace {

using storage::Json;

struct CheckConfigOptions {
  std::string config;
  bool is_offline = false;
  bool is_json = false;
};

/// What is told, line by line, and what is wrong beyond the file itself.
struct Report {
  std::vector<std::string> lines;
  std::vector<std::string> findings;
};

std::string_view name_of(const RoleRule& rule) {
  switch (rule.role) {
    case Role::practice:
      return "practice";
    case Role::portal:
      return rule.is_for_own_person ? "citizen" : "portal";
    case Role::registry:
      return "registry";
    case Role::operations:
      return "operator";
    case Role::payout:
      return "payout";
    case Role::card_query:
      return "national";
  }
  return "";
}

void tell_role(const RoleRule& rule, Report& report) {
  std::string line = fmt::format("  role {}: scope {}", name_of(rule), rule.scope);
  if (!rule.audience.empty()) line += fmt::format(", audience {}", rule.audience);
  if (!rule.acr_values.empty()) line += fmt::format(", acr {}", fmt::join(rule.acr_values, " or "));
  if (rule.is_for_listed) {
    line += rule.organisations.empty()
                ? std::string(", nobody: no organisation is listed")
                : fmt::format(", organisations {}", fmt::join(rule.organisations, ", "));
  }
  report.lines.push_back(std::move(line));
}

void try_keys(const Issuer& issuer, Report& report) {
  try {
    const FetchedKeys fetched = fetch_keys(issuer, https_get);
    report.lines.push_back(fmt::format("  keys: {}", fetched.keys.size()));
  } catch (const std::exception& error) {
    report.findings.push_back(
        fmt::format("{}: no keys: {}; remedy: correct metadata, keys_file or ca_file of the issuer",
                    issuer.name, error.what()));
  }
}

void tell_issuer(const Issuer& issuer, bool is_offline, Report& report) {
  report.lines.push_back(fmt::format(
      "issuer {}: {}, audience {}", issuer.name, issuer.scheme == Scheme::dpop ? "DPoP" : "Bearer",
      issuer.is_audience_waived ? std::string("not looked at") : issuer.audience));
  for (const RoleRule& rule : issuer.roles) tell_role(rule, report);
  if (!is_offline) try_keys(issuer, report);
}

void tell_tls(const Config& config, Report& report) {
  if (!config.tls.is_on()) {
    report.lines.emplace_back("tls: off; other addresses than loopback want --allow-plain");
    return;
  }
  try {
    make_server_context(config.tls);
    report.lines.push_back(fmt::format(
        "tls: certificate {}{}", config.tls.certificate_file,
        config.tls.client_ca_file.empty() ? "" : ", clients need a certificate of theirs"));
  } catch (const std::exception& error) {
    report.findings.emplace_back(error.what());
  }
}

Report report_of(const Config& config, bool is_offline) {
  Report report;
  report.lines.push_back(
      fmt::format("reached by: {}", config.auth.origins.empty()
                                        ? std::string("not said")
                                        : fmt::format("{}", fmt::join(config.auth.origins, ", "))));
  tell_tls(config, report);
  for (const Issuer& issuer : config.auth.issuers) tell_issuer(issuer, is_offline, report);
  report.lines.push_back(fmt::format("practices by configuration: {}", config.practices.size()));
  report.lines.push_back(fmt::format("blocked: {} clients, {} organisations",
                                     config.auth.blocked_clients.size(),
                                     config.auth.blocked_organisations.size()));
  for (const std::string& missing : missing_for_tokens(config)) report.findings.push_back(missing);
  return report;
}

Json list_of(const std::vector<std::string>& texts) {
  Json list = Json::array();
  for (const std::string& text : texts) list.add(Json(text));
  return list;
}

int check_config(const CheckConfigOptions& options) {
  const Report report = report_of(read_config(options.config), options.is_offline);
  if (options.is_json) {
    fmt::print("{}\n", Json::object({{"served", list_of(report.lines)},
                                     {"findings", list_of(report.findings)}})
                           .text());
  } else {
    for (const std::string& line : report.lines) fmt::print("{}\n", line);
    for (const std::string& finding : report.findings) fmt::print("finding: {}\n", finding);
  }
  return report.findings.empty() ? exit_done : exit_findings;
}

}  // namespace

void add_check_config_command(const Commands& commands) {
  Command<CheckConfigOptions> command(
      commands, "check-config",
      "say what a configuration would serve to whom, and everything that is wrong with it",
      check_config);
  command.add("--config", &CheckConfigOptions::config, "FILE", "configuration file (TOML)")
      ->required()
      ->check(CLI::ExistingFile);
  command.flag("--offline", &CheckConfigOptions::is_offline, "do not ask the issuers for keys");
  command.json();
  command.findings("an issuer without keys, a certificate that cannot be used, something missing");
}

}  // namespace api
