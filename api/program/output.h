#pragma once

#include <exception>
#include <string>

#include "storage/json/json.h"

namespace api {

/// Prints what a command is asked for with --json: one line.
void print(const storage::Json& result);

/// Brings what was printed to where standard output leads, and closes it. Throws std::runtime_error
/// when a part of it was lost: a command whose output is lost has not done its work.
void finish_output();

/// What an exception says, for people: a path and the reason where the library has put its own
/// words around them.
std::string text_of(const std::exception& exception);

}  // namespace api
