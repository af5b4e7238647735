// frikort generate: a synthetic year of reports.

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "api/commands/command_line.h"
#include "api/commands/commands.h"
#include "api/program/output.h"
#include "api/program/progress.h"
#include "api/program/usage_error.h"
#include "ingest/generator/generator.h"
#include "ingest/generator/registry_generator.h"
#include "ledger/records/rule_pack.h"
#include "storage/json/json.h"

namespace api {
namespace {

namespace fs = std::filesystem;

struct GenerateOptions {
  std::uint64_t registrations = 0;
  std::uint64_t persons = 0;
  int year = 0;
  std::uint64_t seed = 1;
  std::string output;
  std::string persons_output;
  std::string practices_output;
  bool is_json = false;
};

/// Where the lines go. A file gets its name when it is whole: until finish() it is NAME.partial, so
/// that one that was cut off is never taken for a year. Standard output, pipes and devices have no
/// other name.
class Output {
 public:
  explicit Output(const std::string& name) : name_(name) {
    if (is_standard_output()) return;
    std::error_code is_missing;
    const fs::path real = fs::weakly_canonical(name);
    const bool is_renamed = fs::is_regular_file(real) || !fs::exists(real, is_missing);
    if (is_renamed) {
      target_ = real;
      partial_ = real.string() + ".partial";
    }
    const fs::path path = is_renamed ? partial_ : real;
    file_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    if (file_ < 0) fail("create");
  }
  ~Output() {
    if (!is_standard_output() && file_ >= 0) ::close(file_);
    std::error_code is_renamed_already;
    if (!partial_.empty()) fs::remove(partial_, is_renamed_already);
  }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  bool is_standard_output() const { return name_ == "-"; }

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(file_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail("write");
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  void finish() {
    if (is_standard_output()) return;
    if (::close(std::exchange(file_, -1)) != 0) fail("write");
    if (!partial_.empty()) fs::rename(partial_, target_);
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    throw std::runtime_error(fmt::format("cannot {} {}: {}", what,
                                         is_standard_output() ? "standard output" : name_,
                                         std::strerror(errno)));
  }

  const std::string name_;
  fs::path target_;
  fs::path partial_;
  int file_ = STDOUT_FILENO;
};

/// What the bounds of each number alone do not say.
void require_year(const GenerateOptions& options) {
  const auto ceilings = ledger::RulePack::published_ceilings();
  if (!ceilings.contains(options.year)) {
    throw UsageError(fmt::format("--year wants one with a published ceiling, {} to {}, not {}",
                                 ceilings.begin()->first, ceilings.rbegin()->first, options.year));
  }
  constexpr std::uint64_t registrations_a_person = 10'000;
  if (options.persons != 0 && options.registrations > options.persons * registrations_a_person) {
    throw UsageError(
        fmt::format("--persons {} is too few for --registrations {}: each has at most "
                    "{}",
                    options.persons, options.registrations, registrations_a_person));
  }
}

/// Writes what `next_chunk` gives until it says that there is no more.
template <class NextChunk>
void write_all(Output& output, NextChunk next_chunk) {
  std::string chunk;
  for (bool has_more = true; has_more;) {
    chunk.clear();
    has_more = next_chunk(chunk);
    output.write(chunk);
  }
  output.finish();
}

/// What the registries tell of the same nation.
void generate_registries(const GenerateOptions& options) {
  ingest::RegistryGenerator registries(
      {options.registrations, options.persons, options.year, options.seed});
  if (!options.practices_output.empty()) {
    Output output(options.practices_output);
    write_all(output, [&](std::string& chunk) { return registries.next_practices(chunk); });
  }
  if (!options.persons_output.empty()) {
    Output output(options.persons_output);
    write_all(output, [&](std::string& chunk) { return registries.next_persons(chunk); });
  }
}

int generate(const GenerateOptions& options) {
  require_year(options);
  if (!options.persons_output.empty() || !options.practices_output.empty()) {
    generate_registries(options);
  }
  ingest::Generator generator({options.registrations, options.persons, options.year, options.seed});
  Output output(options.output);
  Progress progress("generate", "registrations", options.registrations);
  write_all(output, [&](std::string& chunk) {
    const bool has_more = generator.next_chunk(chunk);
    // Into a pipe, the program at its other end shows how far things are.
    if (!output.is_standard_output()) progress.update(generator.progress().registrations);
    return has_more;
  });
  if (output.is_standard_output()) return exit_done;
  progress.finish(generator.progress().registrations);
  if (options.is_json) {
    print(storage::Json::object(
        {{"registrations", generator.progress().registrations}, {"output", options.output}}));
  }
  return exit_done;
}

}  // namespace

void add_generate_command(const Commands& commands) {
  Command<GenerateOptions> command(commands, "generate",
                                   "make a synthetic year of reports, NDJSON in order of receipt",
                                   generate);
  command
      .number("--registrations", &GenerateOptions::registrations, 1,
              ingest::Generator::registrations_max, "accepted co-payments to make")
      ->required();
  command.number("--persons", &GenerateOptions::persons, 1, ingest::Generator::persons_max,
                 "inhabitants; default in national proportion");
  command.number("--year", &GenerateOptions::year, 1, 9999, "year of service")->required();
  command.number("--seed", &GenerateOptions::seed, 0, UINT64_MAX,
                 "same seed, same bytes; default 1");
  command.add("--output", &GenerateOptions::output, "FILE", "file, or - for standard output")
      ->required();
  command.add("--persons-output", &GenerateOptions::persons_output, "FILE",
              "events of the registry of persons, of the same nation");
  command.add("--practices-output", &GenerateOptions::practices_output, "FILE",
              "events of the registry of practices, likewise");
  command.json("summary as JSON");
}

}  // namespace api
