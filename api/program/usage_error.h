#pragma once

#include <exception>
#include <string>
#include <utility>

namespace api {

/// What the caller of a command asked for is not usable: exit status 2.
class UsageError : public std::exception {
 public:
  explicit UsageError(std::string message) : message_(std::move(message)) {}
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  std::string message_;
};

}  // namespace api
