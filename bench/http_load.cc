// frikort_http_load: loads a running service over HTTP and checks that it kept what it accepted.
// See bench/README.md for what the figures mean.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <exception>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <string_view>

#include "bench/load_items.h"
#include "bench/load_run.h"
#include "ingest/writer/prompt_thread.h"

namespace {

enum ExitStatus : int {
  exit_done = 0,
  exit_findings = 1,
  exit_wrong_usage = 2,
  exit_could_not_run = 3
};

const std::map<std::string, bench::LoadMode> modes{{"single", bench::LoadMode::single},
                                                   {"batch", bench::LoadMode::batch},
                                                   {"status", bench::LoadMode::status}};

/// `http://127.0.0.1:8080` or `unix:/run/frikort.sock`; false when it is anything else.
bool read_url(std::string_view url, bench::LoadOptions& options) {
  constexpr std::string_view socket_prefix = "unix:";
  if (url.starts_with(socket_prefix)) {
    options.socket_file = url.substr(socket_prefix.size());
    return !options.socket_file.empty();
  }
  constexpr std::string_view scheme = "http://";
  if (!url.starts_with(scheme)) return false;
  url.remove_prefix(scheme.size());
  if (url.ends_with('/')) url.remove_suffix(1);
  const std::size_t colon = url.rfind(':');
  if (colon == std::string_view::npos) return false;
  options.host = url.substr(0, colon);
  if (options.host == "localhost") options.host = "127.0.0.1";
  const char* const end = url.data() + url.size();
  const auto [rest, error] = std::from_chars(url.data() + colon + 1, end, options.port);
  return error == std::errc{} && rest == end;
}

/// What the run says, and what the service says it kept.
struct Result {
  bench::LoadFigures figures;
  std::uint64_t stored = 0;      ///< growth of the registrations in GET /v1/status
  std::uint64_t duplicates = 0;  ///< growth of the duplicates there
  bool has_status = true;        ///< the service could say it

  bool is_kept() const {
    return has_status && stored == figures.accepted && duplicates == figures.duplicate;
  }
  bool is_good() const { return is_kept() && figures.problems() == 0 && figures.rejected == 0; }
};

double microseconds(std::chrono::nanoseconds duration) {
  return static_cast<double>(duration.count()) / 1e3;
}

std::string json_escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  return escaped;
}

void print_json(const Result& result, const std::string& mode) {
  const bench::LoadFigures& figures = result.figures;
  const bench::LatencyHistogram& latency = figures.latency;
  std::cout << fmt::format(
      R"({{"mode":"{}","seconds":{:.3f},"requests":{},"requestsPerSecond":{:.0f},"itemsPerSecond":{:.0f})",
      mode, figures.elapsed_seconds, figures.requests,
      static_cast<double>(figures.requests) / figures.elapsed_seconds,
      static_cast<double>(figures.items()) / figures.elapsed_seconds);
  std::cout << fmt::format(R"(,"accepted":{},"duplicate":{},"rejected":{},"exempt":{})",
                           figures.accepted, figures.duplicate, figures.rejected, figures.exempt);
  std::cout << fmt::format(
      R"(,"latencyMicroseconds":{{"p50":{:.0f},"p90":{:.0f},"p99":{:.0f},"p999":{:.0f},"max":{:.0f}}})",
      microseconds(latency.percentile(500)), microseconds(latency.percentile(900)),
      microseconds(latency.percentile(990)), microseconds(latency.percentile(999)),
      microseconds(latency.max()));
  std::cout << fmt::format(
      R"(,"unexpected":{},"not200":{},"broken":{},"unanswered":{},"notSent":{},"firstProblem":"{}")",
      figures.unexpected, figures.not_200, figures.broken, figures.unanswered, figures.not_sent,
      json_escaped(figures.first_problem));
  std::cout
      << fmt::format(
             R"(,"statusRegistrationsGrowth":{},"statusDuplicatesGrowth":{},"clientCpuSeconds":{:.2f},"good":{}}})",
             result.stored, result.duplicates, figures.client_cpu_seconds, result.is_good())
      << '\n';
}

void print_text(const Result& result) {
  const bench::LoadFigures& figures = result.figures;
  const bench::LatencyHistogram& latency = figures.latency;
  std::cout << fmt::format("{} requests in {:.2f} s: {:.0f} requests/s, {:.0f} items/s\n",
                           figures.requests, figures.elapsed_seconds,
                           static_cast<double>(figures.requests) / figures.elapsed_seconds,
                           static_cast<double>(figures.items()) / figures.elapsed_seconds);
  std::cout << fmt::format("accepted {}, duplicate {}, rejected {}, exempt {}\n", figures.accepted,
                           figures.duplicate, figures.rejected, figures.exempt);
  std::cout << fmt::format(
      "latency ms: p50 {:.3f}, p90 {:.3f}, p99 {:.3f}, p99.9 {:.3f}, max {:.3f}\n",
      microseconds(latency.percentile(500)) / 1e3, microseconds(latency.percentile(900)) / 1e3,
      microseconds(latency.percentile(990)) / 1e3, microseconds(latency.percentile(999)) / 1e3,
      microseconds(latency.max()) / 1e3);
  std::cout << fmt::format(
      "errors: {} unexpected, {} not 200, {} broken, {} unanswered, {} due but not sent\n",
      figures.unexpected, figures.not_200, figures.broken, figures.unanswered, figures.not_sent);
  if (!figures.first_problem.empty()) std::cout << figures.first_problem << '\n';
  std::cout << fmt::format("/v1/status: registrations +{}, duplicates +{}: {}\n", result.stored,
                           result.duplicates, result.is_kept() ? "as answered" : "NOT as answered");
  std::cout << fmt::format("this client used {:.2f} s of CPU\n", figures.client_cpu_seconds);
}

std::string read_token(const std::string& path) {
  std::string token;
  std::getline(std::ifstream(path), token);
  // The head of a request has room for no more.
  if (token.empty() || token.size() > 3000) throw CLI::ValidationError("--token-file", "no token");
  return token;
}

int run(const bench::LoadOptions& options, const std::string& mode, bool is_json) {
  const bench::StatusCounts before = bench::read_status(options);
  Result result;
  result.figures = bench::run_load(options);
  try {
    const bench::StatusCounts after = bench::read_status(options);
    result.stored = after.registrations - before.registrations;
    result.duplicates = after.duplicates - before.duplicates;
  } catch (const std::exception& error) {
    // The service is gone: the figures until then are worth seeing, and the result is not good.
    std::cerr << "frikort_http_load: after the run: " << error.what() << '\n';
    result.has_status = false;
  }
  if (is_json) {
    print_json(result, mode);
  } else {
    print_text(result);
  }
  return result.is_good() ? exit_done : exit_findings;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Loads a running ledger with made-up registrations or card queries over HTTP."};
  bench::LoadOptions options;
  std::string url = "http://127.0.0.1:8080";
  std::string mode = "single";
  bool is_json = false;
  app.add_option("--url", url, "http://HOST:PORT, HOST an IP address, or unix:PATH")
      ->capture_default_str();
  app.add_option("--mode", mode, "single, batch or status")
      ->capture_default_str()
      ->check(CLI::IsMember({"single", "batch", "status"}));
  app.add_option("--connections", options.connections, "each with one request on the way")
      ->capture_default_str()
      ->check(CLI::Range(1, 20'000));
  app.add_option("--seconds", options.seconds, "how long requests are sent")
      ->capture_default_str()
      ->check(CLI::Range(1, 86'400));
  app.add_option("--batch-lines", options.batch_lines, "items a request in mode batch")
      ->capture_default_str()
      ->check(CLI::Range(1, 100'000));
  app.add_option("--persons", options.persons, "whom the items are about")
      ->capture_default_str()
      ->check(CLI::Range(std::uint32_t{1}, bench::LoadItems::persons_max));
  CLI::Option* const rate =
      app.add_option(
             "--rate", options.rate,
             "requests a second in all, latency from when each was due; 0: each connection as "
             "fast as it is answered")
          ->capture_default_str();
  app.add_option(
         "--items", options.items,
         "end after so many new items, if the time is not over before; 0: by the time alone")
      ->capture_default_str()
      ->excludes(rate);
  app.add_option("--resend-percent", options.resend_percent, "items that were accepted before")
      ->capture_default_str()
      ->check(CLI::Range(0, 100));
  app.add_option("--seed", options.seed, "another one for each run against the same ledger")
      ->capture_default_str();
  app.add_option_function<std::string>(
         "--token-file", [&](const std::string& path) { options.token = read_token(path); },
         "the access token of an operator, as long as it lives")
      ->check(CLI::ExistingFile);
  app.add_flag("--json", is_json, "figures as one JSON object");
  try {
    app.parse(argc, argv);
    options.mode = modes.at(mode);
    if (!read_url(url, options))
      throw CLI::ValidationError("--url", "not http://HOST:PORT or unix:PATH: " + url);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_done : exit_wrong_usage;
  }
  // The latency shall be the service's: on another machine the client would have a processor.
  ingest::be_prompt();
  try {
    return run(options, mode, is_json);
  } catch (const std::exception& error) {
    std::cerr << "frikort_http_load: " << error.what() << '\n';
    return exit_could_not_run;
  }
}
