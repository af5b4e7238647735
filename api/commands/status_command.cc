#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <stdexcept>

#include "api/commands/command_line.h"
#include "api/commands/commands.h"
#include "api/http/http_client.h"
#include "api/runtime/config.h"
#include "api/runtime/status_text.h"
#include "storage/ledger_files/ledger_files.h"

namespace api {
namespace {

struct StatusOptions : ServerAccess {
  std::string data;
  std::string keys;
  std::string config;
  bool is_json = false;
};

std::string read_status(const StatusOptions& options) {
  if (!options.server.empty()) {
    HttpClient client(options);
    const HttpClient::Answer answer = client.get("/v1/status");
    require_status(answer, 200);
    return answer.body;
  }
  require_ledger(options.data);
  storage::LedgerFiles files(
      ledger_options(options.data, options.keys, read_config(options.config)));
  return status_json(files.state(), files.state().head());
}

struct Row {
  std::string_view member;  ///< of the JSON object
  std::string_view label;
};

/// The rows in their order, and what people call them.
constexpr Row rows[] = {
    {"head", "journal head"},
    {"checksum", "state checksum"},
    {"registrations", "registrations"},
    {"payments", "payments"},
    {"creditNotes", "credit notes"},
    {"duplicates", "duplicates"},
    {"rejected", "rejected"},
    {"persons", "persons"},
    {"accounts", "accounts"},
    {"cards", "cards"},
    {"cardsUnderReview", "cards under review now"},
    {"countedOre", "counted"},
    {"refundedOre", "refunded"},
};

std::string value_text(std::string_view member, const boost::json::value& value) {
  if (value.is_string()) return std::string(value.as_string());
  if (member.ends_with("Ore")) return kroner_text(value.to_number<std::int64_t>());
  return boost::json::serialize(value);
}

void print_text(const boost::json::object& status) {
  for (const Row& row : rows) {
    fmt::print("{:<24} {}\n", row.label, value_text(row.member, status.at(row.member)));
  }
  fmt::print("events so far\n");
  for (const auto& event : status.at("events").as_object()) {
    fmt::print("  {:<22} {}\n", std::string(event.key()), boost::json::serialize(event.value()));
  }
  const auto text = [](const boost::json::value& act, std::string_view member) {
    return std::string(act.at(member).as_string());
  };
  for (const auto& act : status.at("acts").as_array()) {
    fmt::print("{} {:<10} {}, by {}\n", text(act, "time"), text(act, "act"), text(act, "of"),
               text(act, "by"));
  }
}

int status(const StatusOptions& options) {
  const std::string json = read_status(options);
  if (options.is_json) {
    fmt::print("{}\n", json);
  } else {
    print_text(boost::json::parse(json).as_object());
  }
  return exit_done;
}

}  // namespace

void add_status_command(const Commands& commands) {
  Command<StatusOptions> command(commands, "status",
                                 "counts, sums, cards, journal head, state checksum", status);
  command.ledger();
  command.json("as JSON, sums in øre");
}

}  // namespace api
