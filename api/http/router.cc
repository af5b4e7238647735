#include "api/http/router.h"

#include <algorithm>

#include "ingest/items/json_out.h"
#include "ledger/values/assert.h"

namespace api {
namespace {

/// `a`, `b` and so on, each within `quote`.
std::string list_of(const std::vector<std::string_view>& names, std::string_view quote) {
  std::string list;
  for (const std::string_view name : names) {
    if (!list.empty()) list += ", ";
    list.append(quote).append(name).append(quote);
  }
  return list;
}

std::string known_parameters(const Route& route) {
  if (route.parameters.empty()) return "No parameter is known here.";
  return "Known here, each once: " + list_of(route.parameters, "`") + ".";
}

}  // namespace

std::optional<Problem> query_problem(const Route& route, const Request& request) {
  const auto& query = request.query;
  for (auto at = query.begin(); at != query.end(); ++at) {
    const auto& name = at->first;
    const auto is_same = [&name](const auto& other) { return other.first == name; };
    const bool is_known =
        std::find(route.parameters.begin(), route.parameters.end(), name) != route.parameters.end();
    if (is_known && std::none_of(query.begin(), at, is_same)) continue;
    std::string detail = is_known ? "The query has a parameter twice. "
                                  : "The query has a parameter that is not known. ";
    std::string shown = ingest::shown_name(name);
    // Decoded, it need not be UTF-8.
    std::replace_if(
        shown.begin(), shown.end(), [](char c) { return static_cast<unsigned char>(c) > 0x7E; },
        '?');
    return Problem{400, "MALFORMED_REQUEST", detail + known_parameters(route), std::move(shown)};
  }
  return std::nullopt;
}

std::optional<Problem> media_problem(const Route& route, const Request& request) {
  if (request.coding == ContentCoding::unknown) {
    return Problem{415, "UNSUPPORTED_MEDIA_TYPE",
                   "The only Content-Encoding is gzip; or send the body as it is.", ""};
  }
  const auto& types = route.media_types;
  if (types.empty() || std::find(types.begin(), types.end(), request.content_type) != types.end()) {
    return std::nullopt;
  }
  return Problem{415, "UNSUPPORTED_MEDIA_TYPE",
                 "Send a body of Content-Type " + list_of(types, "") + ".", ""};
}

void Router::add(Route route) {
  LEDGER_ASSERT(route.access.is_declared());
  const std::size_t hole = route.path.find("{}");
  routes_.push_back({std::move(route), hole});
}

const ForeignSurface* Router::foreign_surface(std::string_view path) const {
  const auto found = std::find_if(
      foreign_.begin(), foreign_.end(),
      [path](const ForeignSurface& surface) { return path.starts_with(surface.prefix); });
  return found == foreign_.end() ? nullptr : &*found;
}

/// The segment that stands for `{}`, empty when the pattern has none; nothing when they differ.
std::optional<std::string_view> Router::match_path(const Entry& entry, std::string_view path) {
  const std::string_view pattern = entry.route.path;
  if (entry.hole == std::string_view::npos) {
    return pattern == path ? std::optional<std::string_view>("") : std::nullopt;
  }
  const std::string_view before = pattern.substr(0, entry.hole);
  const std::string_view after = pattern.substr(entry.hole + 2);
  if (path.size() <= before.size() + after.size() || !path.starts_with(before) ||
      !path.ends_with(after)) {
    return std::nullopt;
  }
  const std::string_view segment =
      path.substr(before.size(), path.size() - before.size() - after.size());
  if (segment.find('/') != std::string_view::npos) return std::nullopt;
  return segment;
}

Router::Match Router::find(std::string_view method, std::string_view path) const {
  Match match;
  for (const Entry& entry : routes_) {
    const auto parameter = match_path(entry, path);
    if (!parameter) continue;
    const Route& route = entry.route;
    const bool has_head = route.method == "GET" && route.answers_head;
    if (route.method == method || (has_head && method == "HEAD")) {
      return {&route, std::string(*parameter), ""};
    }
    if (!match.allowed.empty()) match.allowed += ", ";
    match.allowed.append(route.method).append(has_head ? ", HEAD" : "");
  }
  return match;
}

}  // namespace api
