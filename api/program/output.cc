#include "api/program/output.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <stdexcept>

namespace api {

void print(const storage::Json& result) { fmt::print("{}\n", result.text()); }

void finish_output() {
  errno = 0;
  bool is_whole = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  // Some file systems say only now that there was no room. What was closed before cannot be lost.
  if (is_whole) is_whole = std::fclose(stdout) == 0 || errno == EBADF;
  if (is_whole) return;
  throw std::runtime_error(std::string("cannot write standard output: ") +
                           std::strerror(errno == 0 ? EIO : errno));
}

std::string text_of(const std::exception& exception) {
  const auto* const error = dynamic_cast<const std::filesystem::filesystem_error*>(&exception);
  if (error == nullptr) return exception.what();
  std::string text = "cannot use " + error->path1().string();
  if (!error->path2().empty()) text += " and " + error->path2().string();
  return text + ": " + error->code().message();
}

}  // namespace api
