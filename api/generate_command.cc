#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "api/commands.h"
#include "api/progress.h"
#include "ingest/generator.h"

namespace api {
namespace {

void write_all(int file, const std::string& bytes, const std::string& name) {
  std::size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t result = ::write(file, bytes.data() + written, bytes.size() - written);
    if (result < 0 && errno == EINTR) continue;
    if (result < 0) throw std::runtime_error("cannot write " + name + ": " + std::strerror(errno));
    written += static_cast<std::size_t>(result);
  }
}

}  // namespace

int generate(const GenerateOptions& options) {
  const ingest::GeneratorOptions wanted{options.registrations, options.persons, options.year,
                                        options.seed};
  if (!ingest::Generator::is_valid(wanted)) {
    throw UsageError(
        "these numbers do not make a year: --registrations 1 to 1000000000, --persons 0 (in "
        "national proportion) to 8000000 with at most 10000 registrations each, --year one with a "
        "published ceiling");
  }
  const bool is_standard_output = options.output == "-";
  const int file = is_standard_output ? STDOUT_FILENO
                                      : ::open(options.output.c_str(),
                                               O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) {
    throw std::runtime_error("cannot create " + options.output + ": " + std::strerror(errno));
  }
  ingest::Generator generator(wanted);
  Progress progress("generate", "registrations", options.registrations);
  std::string chunk;
  bool has_more = true;
  while (has_more) {
    chunk.clear();
    has_more = generator.next_chunk(chunk);
    write_all(file, chunk, options.output);
    // Into a pipe, the program at its other end shows how far things are.
    if (!is_standard_output) progress.update(generator.progress().registrations);
  }
  if (!is_standard_output && ::close(file) != 0) {
    throw std::runtime_error("cannot write " + options.output + ": " + std::strerror(errno));
  }
  if (!is_standard_output) progress.finish(generator.progress().registrations);
  if (options.is_json && !is_standard_output) {
    fmt::print(R"({{"registrations":{},"output":"{}"}})"
               "\n",
               generator.progress().registrations, options.output);
  }
  return exit_done;
}

}  // namespace api
