#include "api/router.h"

namespace api {

void Router::add(Route route) {
  const std::size_t hole = route.path.find("{}");
  routes_.push_back({std::move(route), hole});
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
    if (route.method == method) return {&route, std::string(*parameter), ""};
    if (!match.allowed.empty()) match.allowed += ", ";
    match.allowed += route.method;
  }
  return match;
}

}  // namespace api
