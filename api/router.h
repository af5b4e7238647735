#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http_message.h"

namespace api {

enum class RouteKind : std::uint8_t {
  quick,       ///< answered on the network thread: memory or one lookup
  slow,        ///< answered on a worker thread: reads that may wait or take milliseconds
  submission,  ///< POST /v1/registrations: has no handler, see run_session()
};

using Handler = std::function<Response(const Request&)>;

struct Route {
  std::string_view method;
  std::string_view path;  ///< `{}` stands for one segment
  RouteKind kind = RouteKind::quick;
  std::size_t body_bytes_max = 0;                    ///< 0: takes no body
  std::string_view media_type = "application/json";  ///< of the body
  Handler handler;
};

/// The table method + path -> handler.
class Router {
 public:
  void add(Route route);

  struct Match {
    const Route* route = nullptr;
    std::string path_parameter;
    std::string allowed;  ///< methods of this path, when only the method does not fit
  };
  Match find(std::string_view method, std::string_view path) const;

 private:
  struct Entry {
    Route route;
    std::size_t hole;  // where the path has `{}`, or npos
  };
  static std::optional<std::string_view> match_path(const Entry& entry, std::string_view path);

  std::vector<Entry> routes_;
};

}  // namespace api
