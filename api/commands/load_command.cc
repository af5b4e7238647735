// frikort load: files of items through the same pipeline as any submission, in file order.

#include <fmt/format.h>
#include <simdjson.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <future>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "api/commands/command_line.h"
#include "api/commands/commands.h"
#include "api/http/http_client.h"
#include "api/http/line_reader.h"
#include "api/program/output.h"
#include "api/program/progress.h"
#include "api/program/usage_error.h"
#include "api/runtime/config.h"
#include "api/runtime/ledger_folder.h"
#include "ingest/items/clock.h"
#include "ingest/items/line_parser.h"
#include "ingest/writer/ingestor.h"
#include "storage/json/json.h"
#include "storage/ledger_files/ledger_files.h"

namespace api {
namespace {

struct LoadOptions : ServerAccess {
  std::string data;
  std::string keys;
  std::string config;
  std::vector<std::string> files;
  bool creates = false;  ///< a ledger in a folder that does not exist
  bool trusts_received_time = false;
  bool is_strict = false;
  bool is_json = false;
};

using storage::Json;

constexpr int attempts_max = 60;

struct Summary {
  std::uint64_t lines = 0;
  std::uint64_t accepted = 0;
  std::uint64_t duplicate = 0;
  std::uint64_t rejected = 0;
  std::map<std::string, std::uint64_t> codes;  ///< of rejected items
  std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now();

  void count_rejected(std::string_view code) {
    ++rejected;
    ++codes[std::string(code)];
  }
};

/// Where batches go.
class Target {
 public:
  virtual ~Target() = default;
  virtual void send(std::string_view lines, Summary& summary) = 0;
  /// Returns when everything that was sent has been counted.
  virtual void finish(Summary& /*summary*/) {}

 protected:
  Target() = default;
  Target(const Target&) = default;
  Target& operator=(const Target&) = default;
};

/// Into a ledger on disk, without a server.
class EmbeddedTarget final : public Target {
 public:
  EmbeddedTarget(const LoadOptions& options, const Config& config)
      : files_(ledger_options(options.data, options.keys, config)),
        ingestor_(
            files_.state(), files_.journal(), files_.rules(), files_.are_rules_new(),
            [](const auto&...) { return ledger::ok(); },
            [this](std::vector<std::unique_ptr<ingest::Submission>> done) {
              const std::lock_guard lock(mutex_);
              for (auto& submission : done) done_.push_back(std::move(submission));
              changed_.notify_one();
            },
            {.settings = files_.settings()}),
        // A loaded file is a test file unless the configuration says otherwise.
        parser_(files_.keys().numbers,
                config.series.value_or(ledger::NumberSeries::production_and_tests)) {
    caller_.asker.client = "load";
    caller_.is_operator = options.trusts_received_time;
  }

  void send(std::string_view lines, Summary& summary) override {
    text_.assign(lines);
    text_.reserve(text_.size() + ingest::ItemParser::padding_bytes);
    const ledger::Instant received = ingest::now();
    std::vector<ingest::ParsedItem> items;
    for (std::size_t begin = 0; begin < text_.size();) {
      const std::size_t end = text_.find('\n', begin);
      const std::string_view line = std::string_view(text_).substr(begin, end - begin);
      begin = end + 1;
      if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
      items.push_back(parser_.parse(ingest::LineKind::any, line, caller_, received));
      if (items.size() == ingest::group_items_max) submit(std::exchange(items, {}), summary);
    }
    if (!items.empty()) submit(std::move(items), summary);
  }
  void finish(Summary& summary) override { wait_until_at_most(0, summary); }

 private:
  void submit(std::vector<ingest::ParsedItem> items, Summary& summary) {
    wait_until_at_most(3, summary);
    auto submission = std::make_unique<ingest::Submission>();
    submission->caller = caller_;
    submission->items = std::move(items);
    const auto submitted = ingestor_.submit(submission);
    if (!submitted) throw std::runtime_error(ingestor_.failure());
    ++on_the_way_;
  }

  /// Counts finished submissions until no more than `count` are on the way.
  void wait_until_at_most(std::size_t count, Summary& summary) {
    std::unique_lock lock(mutex_);
    while (on_the_way_ > count) {
      changed_.wait(lock, [this] { return !done_.empty(); });
      for (const auto& submission : done_) {
        if (submission->error) throw std::runtime_error(submission->error.message());
        count_outcomes(*submission, summary);
        --on_the_way_;
      }
      done_.clear();
    }
  }

  static void count_outcomes(const ingest::Submission& submission, Summary& summary) {
    summary.lines += submission.outcomes.size();
    for (const ledger::Outcome& outcome : submission.outcomes) {
      if (outcome.disposition == ledger::Disposition::accepted) ++summary.accepted;
      if (outcome.disposition == ledger::Disposition::duplicate) ++summary.duplicate;
      if (outcome.disposition == ledger::Disposition::rejected) {
        summary.count_rejected(name_of(outcome.rejection));
      }
    }
  }

  storage::LedgerFiles files_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<ingest::Submission>> done_;
  std::size_t on_the_way_ = 0;
  ingest::Ingestor ingestor_;
  ingest::LineParser parser_;
  ingest::Caller caller_;
  std::string text_;
};

/// Counts the lines of an NDJSON answer as they come in.
class AnswerCounter {
 public:
  void take(std::string_view piece, Summary& summary) {
    rest_ += piece;
    rest_.reserve(rest_.size() + simdjson::SIMDJSON_PADDING);
    std::size_t begin = 0;
    for (std::size_t end = rest_.find('\n'); end != std::string::npos;
         end = rest_.find('\n', begin)) {
      count(
          simdjson::padded_string_view(rest_.data() + begin, end - begin, rest_.capacity() - begin),
          summary);
      begin = end + 1;
    }
    rest_.erase(0, begin);
  }
  const std::string& problem() const { return problem_; }

 private:
  void count(simdjson::padded_string_view line, Summary& summary) {
    simdjson::ondemand::document document;
    std::string_view verdict;
    if (parser_.iterate(line).get(document)) return;
    if (document["verdict"].get(verdict)) {
      // A receipt, or the problem that ended the stream.
      if (line.find("\"type\":\"about:blank\"") != std::string::npos) {
        problem_ = problem_text({200, std::string(line), 0, {}, {}});
      }
      return;
    }
    ++summary.lines;
    if (verdict == "accepted") {
      ++summary.accepted;
    } else if (verdict == "duplicate") {
      ++summary.duplicate;
    } else {
      std::string_view code;
      if (document["code"].get(code)) code = "";
      summary.count_rejected(code);
    }
  }

  simdjson::ondemand::parser parser_;
  std::string rest_;
  std::string problem_;
};

/// Through a server. What was not answered is sent again: items are never counted twice.
class ServerTarget final : public Target {
 public:
  explicit ServerTarget(const LoadOptions& options)
      : client_(options), query_(options.trusts_received_time ? "" : "?trustReceivedTime=false") {}

  /// Items and events of the registries have addresses of their own: lines that follow each other
  /// and go to the same one are sent together, in their order.
  void send(std::string_view lines, Summary& summary) override {
    while (!lines.empty()) {
      const auto feed = feeds_.feed_of(lines.substr(0, lines.find('\n')));
      std::size_t end = end_of_line(lines, 0);
      while (end < lines.size()) {
        const std::size_t next = end_of_line(lines, end);
        if (feeds_.feed_of(lines.substr(end, next - end)) != feed) break;
        end = next;
      }
      send_to(path_of(feed), lines.substr(0, end), summary);
      lines.remove_prefix(end);
    }
  }

 private:
  /// One past the line feed.
  static std::size_t end_of_line(std::string_view lines, std::size_t begin) {
    const std::size_t end = lines.find('\n', begin);
    return end == std::string_view::npos ? lines.size() : end + 1;
  }
  static std::string path_of(std::optional<ingest::EventFeed> feed) {
    if (!feed) return "/v1/registrations";
    return *feed == ingest::EventFeed::persons ? "/v1/person-events" : "/v1/practice-events";
  }

  /// What came of sending lines once.
  struct Attempt {
    unsigned status = 0;   ///< 0: there was no answer
    std::string problem;   ///< empty: every line was answered
    unsigned pause_s = 1;  ///< before the next attempt
  };

  void send_to(const std::string& path, std::string_view lines, Summary& summary) {
    Attempt last;
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
      last = try_to_send(path, lines, summary);
      if (last.problem.empty()) return;
      refuse_what_stays(last);
      client_.disconnect();
      if (attempt == 0) {
        fmt::print(stderr, "\nfrikort: trying again: {}{}\n", last.problem, trouble());
      }
      std::this_thread::sleep_for(std::chrono::seconds{last.pause_s});
    }
    throw std::runtime_error("gave up: " + last.problem + trouble());
  }

  Attempt try_to_send(const std::string& path, std::string_view lines, Summary& summary) {
    // A batch that is sent again is counted from its last answer only.
    Summary counted = summary;
    AnswerCounter counter;
    try {
      const HttpClient::Answer answer =
          client_.post_streamed(path + query_, "application/x-ndjson", lines,
                                [&](std::string_view piece) { counter.take(piece, counted); });
      if (answer.status != 200) {
        return {answer.status, problem_text(answer), std::max(1U, answer.retry_after_s)};
      }
    } catch (const std::runtime_error& error) {
      return {.problem = error.what()};
    }
    if (counter.problem().empty()) summary = counted;
    return {.status = 200, .problem = counter.problem()};
  }

  /// Throws for a refusal that another attempt would meet again. The client has tried a new token.
  static void refuse_what_stays(const Attempt& attempt) {
    const unsigned status = attempt.status;
    if (status == 401 || status == 403) {
      throw std::runtime_error("the server refuses: " + attempt.problem);
    }
    const bool was_slow_or_busy = status == 408 || status == 429;
    if (status <= 200 || was_slow_or_busy || status >= 500) return;
    throw UsageError("the server refuses the file: " + attempt.problem);
  }

  /// Why the server takes no items, in its own words; empty when it does, or does not answer.
  std::string trouble() {
    try {
      const HttpClient::Answer ready = client_.get("/isready");
      return ready.status == 503 ? " The server is not ready: " + problem_text(ready) : "";
    } catch (const std::runtime_error&) {
      return {};
    }
  }

  HttpClient client_;
  const std::string query_;
  ingest::FeedFinder feeds_;
};

void print_summary(const Summary& summary, bool is_json) {
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - summary.begin;
  const double seconds = taken.count();
  if (is_json) {
    Json codes = Json::object();
    for (const auto& [code, count] : summary.codes) codes.add(code, count);
    print(Json::object({{"lines", summary.lines},
                        {"accepted", summary.accepted},
                        {"duplicate", summary.duplicate},
                        {"rejected", summary.rejected},
                        {"codes", codes},
                        {"seconds", Json::fixed(seconds, 3)}}));
    return;
  }
  fmt::print("{} lines in {:.1f} s ({:.0f} a second): {} accepted, {} duplicate, {} rejected\n",
             summary.lines, seconds, static_cast<double>(summary.lines) / std::max(seconds, 1e-3),
             summary.accepted, summary.duplicate, summary.rejected);
  for (const auto& [code, count] : summary.codes) fmt::print("  {:<24} {}\n", code, count);
}

/// Before anything is sent: a name or a form that is wrong must not leave half of the files loaded.
/// What can be read only once is looked at when its turn comes.
void check_files(const LoadOptions& options) {
  for (const std::string& name : options.files) {
    if (name == "-") continue;
    if (std::filesystem::is_directory(name)) throw UsageError(name + " is a folder, not a file");
    if (!std::filesystem::is_regular_file(name)) {
      if (::access(name.c_str(), R_OK) == 0) continue;
      throw std::runtime_error("cannot open " + name + ": " + std::strerror(errno));
    }
    LineReader reader(name);
    require_items(reader.next(), reader.name(), options.trusts_received_time);
  }
}

void load_file(const LoadOptions& options, const std::string& name, Target& target,
               Summary& summary) {
  LineReader reader(name);
  const std::uint64_t size = reader.size();
  std::string lines = reader.next();
  require_items(lines, reader.name(), options.trusts_received_time);
  Progress progress("load", size == 0 ? "lines" : "bytes", size);
  std::uint64_t done = 0;
  // While a batch is sent the next is read: who writes a pipe works meanwhile.
  while (!lines.empty()) {
    std::future<std::string> ahead = std::async(std::launch::async, [&] { return reader.next(); });
    target.send(lines, summary);
    done += lines.size();
    progress.update(size == 0 ? summary.lines : done);
    lines = ahead.get();
  }
  target.finish(summary);
  progress.finish(size == 0 ? summary.lines : done);
}

/// What helps when no line at all was taken for one reason.
void print_hint(const LoadOptions& options, const Summary& summary) {
  if (summary.lines == 0 || summary.rejected != summary.lines || summary.codes.size() != 1) return;
  const std::string& code = summary.codes.begin()->first;
  std::string hint = "all lines were rejected, " + code;
  if (code == name_of(ledger::Code::unknown_field) && !options.trusts_received_time) {
    hint += "; remedy: when that is `receivedTime`, add --trust-received-time, or leave it out";
  }
  if (code == name_of(ledger::Code::malformed_item))
    hint += "; remedy: a file with one JSON object a line";
  fmt::print(stderr, "frikort: {}\n", hint);
}

/// Standard error is for people on a terminal, and elsewhere one JSON object a line.
void say_that_a_ledger_was_made(const std::string& data) {
  if (::isatty(STDERR_FILENO) == 1) {
    fmt::print(stderr, "a new ledger was made in {}, with new keys\n", data);
    return;
  }
  const Json event = Json::object({{"event", "ledger_created"}, {"data", data}});
  fmt::print(stderr, "{}\n", event.text());
}

int load(const LoadOptions& options) {
  const Config config = read_config(options.config);
  check_files(options);
  std::unique_ptr<Target> target;
  if (options.data.empty()) {
    target = std::make_unique<ServerTarget>(options);
  } else {
    const bool is_new = prepare_ledger(options.data, options.creates);
    target = std::make_unique<EmbeddedTarget>(options, config);
    if (is_new) say_that_a_ledger_was_made(options.data);
  }

  Summary summary;
  for (const std::string& file : options.files) load_file(options, file, *target, summary);
  target.reset();
  print_summary(summary, options.is_json);
  print_hint(options, summary);
  return options.is_strict && summary.rejected != 0 ? exit_findings : exit_done;
}

}  // namespace

void add_load_command(const Commands& commands) {
  Command<LoadOptions> command(
      commands, "load",
      "submit files of items and registry events, in file order; may be run again", load);
  command.ledger();
  command.creates();
  command.flag("--trust-received-time", &LoadOptions::trusts_received_time,
               "take receivedTime from the items; else it is an unknown field");
  command.flag("--strict", &LoadOptions::is_strict, "rejected items are findings");
  command.json("summary as JSON");
  command.add("FILE", &LoadOptions::files, "...", "NDJSON files; - for standard input")->required();
  command.findings("items were rejected, with --strict");
}

}  // namespace api
