#pragma once

#include <cstdint>
#include <string>

#include "bench/latency_histogram.h"

namespace bench {

enum class LoadMode : std::uint8_t {
  single,  ///< one registration a request, JSON
  batch,   ///< many registrations a request, NDJSON
  status,  ///< one card query a request
};

struct LoadOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8080;
  std::string socket_file;  ///< instead of host and port
  LoadMode mode = LoadMode::single;
  std::uint32_t connections = 64;
  std::uint32_t seconds = 10;
  std::uint64_t items = 0;  ///< ends after so many new items, if not by the time; 0 = by the time
  std::uint32_t batch_lines = 1000;
  std::uint32_t persons = 100'000;
  std::uint32_t rate = 0;  ///< requests a second; 0 = each connection as fast as it is answered
  std::uint32_t resend_percent = 0;  ///< of the items
  std::uint64_t seed = 1;
  std::string token;  ///< of an operator, sent with each request; may be empty
};

struct LoadFigures {
  std::uint64_t requests = 0;  ///< answered with 200
  std::uint64_t accepted = 0;
  std::uint64_t duplicate = 0;
  std::uint64_t rejected = 0;
  std::uint64_t exempt = 0;      ///< card queries answered yes
  std::uint64_t unexpected = 0;  ///< answers with 200 and other verdicts than these items must get
  std::uint64_t not_200 = 0;
  std::uint64_t broken = 0;      ///< connections lost, and answers that are not HTTP
  std::uint64_t unanswered = 0;  ///< when all was over
  std::uint64_t not_sent = 0;    ///< due at a fixed rate, and no connection was free until the end
  LatencyHistogram latency;
  double elapsed_seconds = 0;
  double client_cpu_seconds = 0;
  std::string first_problem;

  std::uint64_t items() const { return accepted + duplicate + rejected; }
  std::uint64_t problems() const { return unexpected + not_200 + broken + unanswered + not_sent; }
};

/// Loads a service from one thread until the time is over and all is answered. At a fixed rate a
/// latency begins when the request was due, also when it could not be sent then: a service that
/// stalls is not spared the requests that would have come (no coordinated omission).
/// Throws std::runtime_error when it cannot connect.
LoadFigures run_load(const LoadOptions& options);

struct StatusCounts {
  std::uint64_t registrations = 0;
  std::uint64_t duplicates = 0;
};

/// What GET /v1/status says. Throws std::exception when there is no such answer.
StatusCounts read_status(const LoadOptions& options);

}  // namespace bench
