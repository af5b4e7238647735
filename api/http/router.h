#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/http_message.h"
#include "api/http/network.h"
#include "api/http/problem.h"
#include "api/identity/caller.h"

namespace api {

enum class RouteKind : std::uint8_t {
  quick,   ///< answered on the network thread: memory or one lookup
  slow,    ///< answered on a worker thread: reads that may wait or take milliseconds
  costly,  ///< answered on threads that give way: work with private keys. Bounded.
};

class Connection;

using Handler = std::function<Response(const Request&)>;
/// Reads the body of the connection's request and answers it.
using ConnectionHandler = std::function<Awaitable<void>(Connection&)>;

struct Route {
  std::string_view method;
  std::string_view path;  ///< `{}` stands for one segment
  Access access{};
  RouteKind kind = RouteKind::quick;
  std::size_t body_bytes_max = 0;               ///< 0: takes no body
  std::vector<std::string_view> media_types{};  ///< of the body
  std::vector<std::string_view> parameters{};   ///< those of the query
  /// The handler judges query, media type and packing itself, and gets the body as it came.
  bool takes_anything = false;
  bool answers_head = true;   ///< where it answers GET
  Handler handler{};          ///< of a body that is read whole
  ConnectionHandler serve{};  ///< instead, for who reads and answers in another way
};

/// What is wrong with the query: each parameter is known to the route, and is there once.
std::optional<Problem> query_problem(const Route& route, const Request& request);
/// What is wrong with the media type or the packing of the body, if the route takes one.
std::optional<Problem> media_problem(const Route& route, const Request& request);

/// A part of the paths that follows a contract of somebody else.
struct ForeignSurface {
  std::string_view prefix;  ///< of its paths
  /// Tells a problem in the form of that contract.
  std::function<void(const Problem&, std::string_view correlation_id, Response&)> tell;
};

/// The table method + path -> handler.
class Router {
 public:
  /// REQUIRES: the route says who may use it.
  void add(Route route);
  void add(ForeignSurface surface) { foreign_.push_back(std::move(surface)); }

  /// The contract that a path, as it was sent, is under; null where it is ours.
  const ForeignSurface* foreign_surface(std::string_view path) const;

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
  std::vector<ForeignSurface> foreign_;
};

}  // namespace api
