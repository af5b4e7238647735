// frikort_replay: sends requests that were made beforehand, so that what a client computes for each
// of them (tokens, proofs, encryption) is not measured. See bench/README.md.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <exception>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/answer_reader.h"
#include "bench/cpu_seconds.h"
#include "bench/latency_histogram.h"

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

struct Options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8080;
  std::string requests;  ///< of each its length in decimal, a line end, and its bytes
  std::string ca_file;   ///< empty: without TLS
  std::size_t connections = 64;
};

struct Figures {
  std::uint64_t answered = 0;  ///< with 200
  std::uint64_t others = 0;    ///< with something else, or not at all
  std::string first_other;
  bench::LatencyHistogram latency;
};

std::vector<std::string> read_requests(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::vector<std::string> requests;
  for (std::string line; std::getline(file, line);) {
    std::string& request = requests.emplace_back(std::stoul(line), '\0');
    file.read(request.data(), static_cast<std::streamsize>(request.size()));
    if (!file) throw std::runtime_error(path + " ends within a request");
  }
  return requests;
}

/// All requests, each once, in their order.
class Replay {
 public:
  explicit Replay(const std::string& path) : requests_(read_requests(path)) {}

  /// Null when there are no more.
  const std::string* next() { return next_ == requests_.size() ? nullptr : &requests_[next_++]; }
  std::size_t size() const { return requests_.size(); }
  void note(const bench::AnswerReader& answer, Clock::time_point begun) {
    figures_.latency.record(Clock::now() - begun);
    if (answer.status() == 200) {
      ++figures_.answered;
    } else {
      note_other(fmt::format("status {}: {}", answer.status(), answer.body()));
    }
  }
  void note_other(std::string what) {
    if (++figures_.others == 1) figures_.first_other = std::move(what);
  }
  const Figures& figures() const { return figures_; }

 private:
  const std::vector<std::string> requests_;
  std::size_t next_ = 0;
  Figures figures_;
};

/// One connection, with one request on the way.
template <class Stream>
class Connection {
 public:
  Connection(Replay& replay, Stream stream) : replay_(replay), stream_(std::move(stream)) {}

  void next() {
    const std::string* const request = replay_.next();
    if (request == nullptr) return;
    begun_ = Clock::now();
    asio::async_write(stream_, asio::buffer(*request), [this](error_code error, std::size_t) {
      error ? replay_.note_other(error.message()) : read();
    });
  }

 private:
  void read() {
    stream_.async_read_some(asio::buffer(input_), [this](error_code error, std::size_t size) {
      if (error) return replay_.note_other(error.message());
      const auto state = reader_.take({input_.data(), size});
      if (state == bench::AnswerReader::State::partial) return read();
      if (state == bench::AnswerReader::State::broken) return replay_.note_other("no HTTP");
      replay_.note(reader_, begun_);
      reader_.clear();
      next();
    });
  }

  Replay& replay_;
  Stream stream_;
  bench::AnswerReader reader_;
  std::array<char, 64 * 1024> input_{};
  Clock::time_point begun_;
};

/// Connects all, then sends. Returns the seconds from the first request to the last answer.
template <class Stream>
double run(const Options& options, Replay& replay, asio::io_context& context,
           const std::function<Stream(tcp::socket)>& secure) {
  std::vector<std::unique_ptr<Connection<Stream>>> connections;
  for (std::size_t i = 0; i < options.connections; ++i) {
    tcp::socket socket(context);
    socket.connect({asio::ip::make_address(options.host), options.port});
    socket.set_option(tcp::no_delay(true));
    connections.push_back(std::make_unique<Connection<Stream>>(replay, secure(std::move(socket))));
  }
  const Clock::time_point begin = Clock::now();
  for (const auto& connection : connections) connection->next();
  context.run();
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

double run(const Options& options, Replay& replay) {
  asio::io_context context{1};
  if (options.ca_file.empty()) {
    return run<tcp::socket>(options, replay, context, [](tcp::socket socket) { return socket; });
  }
  using Secured = asio::ssl::stream<tcp::socket>;
  asio::ssl::context tls(asio::ssl::context::tls_client);
  tls.load_verify_file(options.ca_file);
  tls.set_verify_mode(asio::ssl::verify_peer);
  return run<Secured>(options, replay, context, [&tls](tcp::socket socket) {
    Secured stream(std::move(socket), tls);
    stream.handshake(asio::ssl::stream_base::client);
    return stream;
  });
}

double microseconds(std::chrono::nanoseconds duration) {
  return static_cast<double>(duration.count()) / 1e3;
}

int run(const Options& options) {
  Replay replay(options.requests);
  const double cpu_before = bench::cpu_seconds();
  const double seconds = run(options, replay);
  const Figures& figures = replay.figures();
  std::cout
      << fmt::format(
             R"({{"requests":{},"answered":{},"others":{},"seconds":{:.3f},"perSecond":{:.1f},"clientCpuSeconds":{:.3f},"p50Microseconds":{:.0f},"p99Microseconds":{:.0f}}})",
             replay.size(), figures.answered, figures.others, seconds,
             static_cast<double>(figures.answered) / seconds, bench::cpu_seconds() - cpu_before,
             microseconds(figures.latency.percentile(500)),
             microseconds(figures.latency.percentile(990)))
      << '\n';
  if (figures.others != 0) std::cerr << "frikort_replay: " << figures.first_other << '\n';
  return figures.others == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Sends requests that were made beforehand, each once, and tells how long it took."};
  Options options;
  app.add_option("--requests", options.requests,
                 "file: of each request its length in decimal, a line end, and its bytes")
      ->required();
  app.add_option("--host", options.host, "an IP address")->capture_default_str();
  app.add_option("--port", options.port, "of the service")->capture_default_str();
  app.add_option("--ca-file", options.ca_file, "TLS, with certificates of this authority");
  app.add_option("--connections", options.connections, "each with one request on the way")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  try {
    app.parse(argc, argv);
    return run(options);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception& error) {
    std::cerr << "frikort_replay: " << error.what() << '\n';
    return 3;
  }
}
