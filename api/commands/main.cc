// The program: runs one command, and says what went wrong.

#include <sys/stat.h>

#include <exception>
#include <iostream>

#include "api/commands/command_line.h"
#include "api/commands/commands.h"
#include "api/program/output.h"

namespace {

int complain(const std::exception& error, int status) {
  std::cerr << "frikort: " << api::text_of(error) << '\n';
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  // Nothing that the program writes is for others than its owner and their group.
  constexpr mode_t for_others = S_IWGRP | S_IRWXO;
  ::umask(::umask(for_others) | for_others);
  try {
    const int status = api::run_command_line(argc, argv);
    api::finish_output();
    return status;
  } catch (const api::UsageError& error) {
    return complain(error, api::exit_wrong_usage);
  } catch (const std::exception& error) {
    return complain(error, api::exit_could_not_run);
  }
}
