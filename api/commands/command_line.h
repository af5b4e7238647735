#pragma once

namespace api {

/// Reads the command line and runs the command that it names; returns the exit status. Throws
/// UsageError for a command line that names nothing to run, and what the command throws.
int run_command_line(int argc, char** argv);

}  // namespace api
