#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <stdexcept>

#include "api/commands.h"
#include "api/config.h"
#include "api/http_client.h"
#include "api/status_text.h"
#include "storage/shard.h"

namespace api {
namespace {

std::string read_status(const StatusOptions& options) {
  if (!options.server.empty()) {
    HttpClient client(options.server);
    const HttpClient::Answer answer = client.get("/v1/status");
    if (answer.status != 200) throw std::runtime_error("the server answers " + answer.body);
    return answer.body;
  }
  require_ledger(options.data);
  storage::Shard shard(shard_options(options.data, options.keys, read_config(options.config)));
  return status_json(shard.state().head());
}

}  // namespace

int status(const StatusOptions& options) {
  const std::string json = read_status(options);
  if (options.is_json) {
    fmt::print("{}\n", json);
    return exit_done;
  }
  const boost::json::value parsed = boost::json::parse(json);
  for (const auto& member : parsed.as_object()) {
    const std::string name(member.key());
    if (!member.value().is_object()) {
      const boost::json::value& value = member.value();
      fmt::print(
          "{:<18} {}\n", name,
          value.is_string() ? std::string(value.as_string()) : boost::json::serialize(value));
      continue;
    }
    for (const auto& inner : member.value().as_object()) {
      fmt::print("{:<18} {}\n", std::string(inner.key()), boost::json::serialize(inner.value()));
    }
  }
  return exit_done;
}

}  // namespace api
