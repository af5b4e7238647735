#include "api/http/name_lookup.h"

#include <boost/asio/io_context.hpp>
#include <future>
#include <stdexcept>
#include <thread>
#include <utility>

namespace api {

namespace asio = boost::asio;
using asio::ip::tcp;

/// Nothing ends getaddrinfo() before its own time, which can be minutes. So each lookup has a
/// thread that nobody has to wait for, neither here nor at the end of the process: it refers to
/// nothing but what it owns.
tcp::resolver::results_type look_up(const std::string& host, const std::string& port,
                                    std::chrono::steady_clock::time_point deadline) {
  struct Outcome {
    boost::system::error_code error;
    tcp::resolver::results_type found;
  };
  std::promise<Outcome> promise;
  std::future<Outcome> outcome = promise.get_future();
  std::thread([host, port, promise = std::move(promise)]() mutable {
    asio::io_context context;
    tcp::resolver resolver(context);
    Outcome known;
    known.found = resolver.resolve(host, port, known.error);
    promise.set_value(std::move(known));
  }).detach();
  if (outcome.wait_until(deadline) != std::future_status::ready) {
    throw std::runtime_error(host + ": name: the lookup takes too long");
  }
  Outcome known = outcome.get();
  if (known.error) throw std::runtime_error(host + ": name: " + known.error.message());
  return std::move(known.found);
}

}  // namespace api
