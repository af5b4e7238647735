#pragma once

namespace api {

/// Exit statuses of the program.
enum ExitStatus : int {
  exit_done = 0,
  exit_findings = 1,  ///< done, and there is something to look at
  exit_wrong_usage = 2,
  exit_could_not_run = 3,
};

class Commands;

// Each adds a command. A command prints its result with fmt::print on standard output, progress on
// standard error, and returns the exit status. What it throws is printed by main(); main() also
// sees to it that no output is lost.
void add_serve_command(const Commands& commands);
void add_generate_command(const Commands& commands);
void add_load_command(const Commands& commands);
void add_status_command(const Commands& commands);
void add_reconcile_command(const Commands& commands);
void add_verify_command(const Commands& commands);
void add_rebuild_command(const Commands& commands);
void add_backup_command(const Commands& commands);
void add_restore_command(const Commands& commands);
void add_export_command(const Commands& commands);
void add_keys_command(const Commands& commands);
void add_check_config_command(const Commands& commands);

}  // namespace api
