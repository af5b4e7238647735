#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "api/program/usage_error.h"

namespace api {

/// Exit statuses of the program.
enum ExitStatus : int {
  exit_done = 0,
  exit_findings = 1,  ///< done, and there is something to look at
  exit_wrong_usage = 2,
  exit_could_not_run = 3,
};

struct ServeOptions {
  std::string data;
  std::string listen = "127.0.0.1:8080";
  std::string auth = "jwt";
  std::string config;
  std::string keys;
  std::size_t threads = 3;  ///< network threads; with fewer, a processor waits now and then
  std::size_t spinning_threads = 2;  ///< while single items come without a pause
  bool creates = false;              ///< a ledger in a folder that does not exist
};

struct GenerateOptions {
  std::uint64_t registrations = 0;
  std::uint64_t persons = 0;
  int year = 0;
  std::uint64_t seed = 1;
  std::string output;
  bool is_json = false;
};

struct LoadOptions {
  std::string data;
  std::string server;
  std::string keys;
  std::string config;
  std::vector<std::string> files;
  bool creates = false;  ///< a ledger in a folder that does not exist
  bool trusts_received_time = false;
  bool is_strict = false;
  bool is_json = false;
};

struct StatusOptions {
  std::string data;
  std::string server;
  std::string keys;
  std::string config;
  bool is_json = false;
};

struct RebuildOptions {
  std::string data;
  std::string into;
  std::string keys;
  std::string config;
  bool is_json = false;
};

struct VerifyOptions {
  std::string data;
  std::string public_key;  ///< file; empty: the one in the data folder
  bool is_json = false;
};

struct ExportOptions {
  std::string data;
  std::string keys;
  std::string config;
  std::string output;
  std::string format = "ndjson";
  int year = 0;  ///< of service; 0 = all
  bool has_journal = false;
  bool is_json = false;
};

struct ReconcileOptions {
  std::string data;
  std::string server;
  std::string keys;
  std::string config;
  int year = 0;
  std::uint64_t number = 0;  ///< of a kept statement to write out once more; 0: make the next one
  std::string output;
  bool is_dry_run = false;
  bool is_early = false;
  bool is_without_numbers = false;
  bool waits = false;  ///< until another job of the server has ended
  bool is_json = false;
};

struct BackupCommandOptions {
  std::string data;
  std::string server;
  std::string to;
  std::string keys;
  std::string config;
  std::size_t keep = 7;
  bool is_without_verify = false;
  bool is_without_keys = false;
  bool waits = false;  ///< until another job of the server has ended
  bool is_json = false;
};

struct RestoreCommandOptions {
  std::string from;
  std::string into;
  std::string keys;
  std::string config;
  std::uint32_t number = 0;  ///< 0: the newest verified backup
  std::string position;
  bool is_json = false;
};

/// Of one of the two the folder of keys: a data folder, or itself.
struct KeysOptions {
  std::string data;
  std::string keys;
  bool is_json = false;
};

// Each prints its result with fmt::print on standard output, progress on standard error, and
// returns the exit status. What they throw is printed by main(); main() also sees to it that no
// output is lost.
int serve(const ServeOptions& options);
int generate(const GenerateOptions& options);
int load(const LoadOptions& options);
int status(const StatusOptions& options);
int reconcile(const ReconcileOptions& options);
int rebuild(const RebuildOptions& options);
int verify(const VerifyOptions& options);
int export_ledger(const ExportOptions& options);
int backup(const BackupCommandOptions& options);
int restore(const RestoreCommandOptions& options);
int create_keys(const KeysOptions& options);
int rotate_keys(const KeysOptions& options);
int show_keys(const KeysOptions& options);

}  // namespace api
