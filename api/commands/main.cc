// The program: runs one command, and says what went wrong.

#include <sys/stat.h>

#include <exception>
#include <iostream>

#include "api/commands/command_line.h"
#include "api/commands/commands.h"
#include "api/program/output.h"
#include "api/program/usage_error.h"

namespace {

/// In the order in which the help shows them.
constexpr api::AddCommand commands[] = {
    api::add_serve_command,   api::add_generate_command,  api::add_load_command,
    api::add_status_command,  api::add_reconcile_command, api::add_verify_command,
    api::add_rebuild_command, api::add_backup_command,    api::add_restore_command,
    api::add_export_command,  api::add_keys_command,      api::add_check_config_command,
};

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
    const int status = api::run_command_line(argc, argv, commands);
    api::finish_output();
    return status;
  } catch (const api::UsageError& error) {
    return complain(error, api::exit_wrong_usage);
  } catch (const std::exception& error) {
    return complain(error, api::exit_could_not_run);
  }
}
