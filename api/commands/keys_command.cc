// frikort keys: the key files of a ledger made, rotated and shown; never anything secret.

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "api/commands/command_line.h"
#include "api/commands/commands.h"
#include "api/program/output.h"
#include "api/runtime/config.h"
#include "ledger/values/hex.h"
#include "ledger/values/rfc3339.h"
#include "storage/json/json.h"
#include "storage/keys/keys.h"

namespace api {
namespace {

namespace fs = std::filesystem;

/// Of one of the two the folder of keys: a data folder, or itself.
struct KeysOptions {
  std::string data;
  std::string keys;
  bool is_json = false;
};

fs::path folder_of(const KeysOptions& options) {
  return options.data.empty() ? fs::path(options.keys) : fs::path(options.data) / "keys";
}

/// When a file was written, by its time: copies that keep it tell the same.
std::string time_of(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    throw fs::filesystem_error("stat", path, std::error_code(errno, std::generic_category()));
  }
  return ledger::to_rfc3339(ledger::Instant{status.st_mtim.tv_sec});
}

void print_json(const fs::path& folder, const storage::KeyRing& keys) {
  print(storage::Json::object({
      {"keyId", keys.signing.key_id()},
      {"publicKey", ledger::to_hex(keys.signing.public_key())},
      {"publicKeyFile", (folder / "signing.pub").string()},
      {"signingKeyTime", time_of(folder / "signing.pem")},
      {"masterKeyTime", time_of(folder / "master.key")},
      {"state", keys.is_rotation_unfinished ? "rotationUnfinished" : "whole"},
  }));
}

void print_text(const fs::path& folder, const storage::KeyRing& keys) {
  const auto row = [](std::string_view name, const auto& value) {
    fmt::print("{:<16} {}\n", name, value);
  };
  row("key id", keys.signing.key_id());
  row("public key", ledger::to_hex(keys.signing.public_key()));
  row("public key file", (folder / "signing.pub").string());
  row("signing key of", time_of(folder / "signing.pem"));
  row("master key of", time_of(folder / "master.key"));
  row("state", keys.is_rotation_unfinished
                   ? "a rotation was ended before its last step; the keys can be used, and "
                     "`frikort keys rotate` tidies up"
                   : "whole");
}

int show_keys(const KeysOptions& options) {
  const fs::path folder = folder_of(options);
  const storage::KeyRing keys = storage::KeyRing::open(folder);
  if (options.is_json) {
    print_json(folder, keys);
  } else {
    print_text(folder, keys);
  }
  return exit_done;
}

int create_keys(const KeysOptions& options) {
  require_unused("--keys", options.keys);
  storage::KeyRing::create(options.keys);
  return show_keys(options);
}

int rotate_keys(const KeysOptions& options) {
  storage::KeyRing::rotate(folder_of(options));
  const int status = show_keys(options);
  if (!options.is_json) {
    fmt::print(
        "The master key is new, the signing key stays. Copies of the old master.key and "
        "numbers.key, as in backups, still open the numbers: guard or delete them.\n");
  }
  return status;
}

}  // namespace

void add_keys_command(const Commands& commands) {
  const Commands parts = commands.group("keys", "make, rotate and show the key files of a ledger");
  Command<KeysOptions> create(parts, "create", "make the key files of a new ledger", create_keys);
  create.keys("folder to make; new or empty")->required();
  create.json();
  const auto add_to_some = [&](const std::string& name, const std::string& description,
                               int (*execute)(const KeysOptions&)) {
    Command<KeysOptions> command(parts, name, description, execute);
    command.exactly_one("--data", &KeysOptions::data, "--keys", &KeysOptions::keys);
    command.add("--data", &KeysOptions::data, "DIR", "data folder, with its keys in DIR/keys; or");
    command.keys("folder of the key files");
    command.json();
  };
  add_to_some("rotate",
              "replace the master key: the key that encrypts national numbers is wrapped with a "
              "new one. Nobody may have the ledger open. Numbers are encrypted as before; the "
              "signing key stays: it is not rotated",
              rotate_keys);
  add_to_some("show", "key id, public key, and whether the files are whole; nothing secret",
              show_keys);
}

}  // namespace api
