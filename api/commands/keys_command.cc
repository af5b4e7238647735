// frikort keys: the key files of a ledger made, rotated and shown; never anything secret.

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "api/commands/command_line.h"
#include "api/commands/commands.h"
#include "api/program/output.h"
#include "api/program/usage_error.h"
#include "api/runtime/acts.h"
#include "api/runtime/config.h"
#include "ingest/items/clock.h"
#include "ledger/values/hex.h"
#include "ledger/values/rfc3339.h"
#include "storage/json/json.h"
#include "storage/keys/keys.h"
#include "storage/keys/made_keys.h"
#include "storage/keys/query_keys.h"

namespace api {
namespace {

namespace fs = std::filesystem;

/// Of one of the two the folder of keys: a data folder, or itself.
struct KeysOptions {
  std::string data;
  std::string keys;
  std::string which = "master";
  std::size_t days = 90;
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

/// Of the national card query; none until somebody has asked for one.
auto query_keys(const fs::path& folder) {
  return storage::QueryKeys({folder}).all(ingest::now().seconds);
}

std::string end_of(const storage::QueryKey& key) {
  return ledger::to_rfc3339(ledger::Instant{key.expires_s});
}

storage::Json to_json(const storage::QueryKey& key) {
  return storage::Json::object({{"keyId", key.id}, {"expires", end_of(key)}});
}

void print_json(const fs::path& folder, const storage::KeyRing& keys) {
  storage::Json signing = storage::Json::array();
  for (const storage::SigningKeyFile& file : storage::KeyRing::signing_key_files(folder)) {
    signing.add(storage::Json::object({{"keyId", storage::key_id_of(file.key)},
                                       {"publicKey", ledger::to_hex(file.key)},
                                       {"time", time_of(file.path)}}));
  }
  storage::Json queries = storage::Json::array();
  for (const auto& [id, key] : query_keys(folder)) queries.add(to_json(*key));
  print(storage::Json::object({
      {"keyId", keys.ledger_id()},
      {"publicKey", ledger::to_hex(keys.first)},
      {"publicKeyFile", (folder / "signing.pub").string()},
      {"signingKeys", signing},
      {"masterKeyId", storage::master_key_id(folder)},
      {"masterKeyTime", time_of(folder / "master.key")},
      {"state", keys.is_rotation_unfinished ? "rotationUnfinished" : "whole"},
      {"queryKeys", queries},
  }));
}

void print_text(const fs::path& folder, const storage::KeyRing& keys) {
  const auto row = [](std::string_view name, const auto& value) {
    fmt::print("{:<16} {}\n", name, value);
  };
  row("key id", keys.ledger_id());
  row("public key", ledger::to_hex(keys.first));
  row("public key file", (folder / "signing.pub").string());
  for (const storage::SigningKeyFile& file : storage::KeyRing::signing_key_files(folder)) {
    row("signing key", storage::key_id_of(file.key) + ", of " + time_of(file.path));
  }
  row("master key", storage::master_key_id(folder) + ", of " + time_of(folder / "master.key"));
  row("state", keys.is_rotation_unfinished
                   ? "a rotation was ended before its last step; the keys can be used, and "
                     "`frikort keys rotate` tidies up"
                   : "whole");
  for (const auto& [id, key] : query_keys(folder)) {
    row("query key", id + ", until " + end_of(*key));
  }
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

int rotate_query_key(const KeysOptions& options) {
  const auto key =
      storage::QueryKeys::make({folder_of(options), std::chrono::days{options.days}, {}},
                               ingest::now().seconds, local_user());
  if (options.is_json) {
    print(to_json(*key));
  } else {
    fmt::print(
        "Clients of the national card query encrypt with {} from now on, until {}; a service that "
        "runs serves it within seconds. Keys before it open until they expire.\n",
        key->id, end_of(*key));
  }
  return exit_done;
}

int add_signing_key(const KeysOptions& options) {
  storage::KeyRing::add_signing_key(folder_of(options), local_user());
  const int status = show_keys(options);
  if (!options.is_json) {
    fmt::print(
        "A service that has the ledger open signs with the newest key within seconds; else it does "
        "from its next start on. The journal names the key, signed by the one before, so the first "
        "public key goes on proving everything. Files of keys before it continue older backups: "
        "delete them with those.\n");
  }
  return status;
}

int rotate_keys(const KeysOptions& options) {
  if (options.which == "query") return rotate_query_key(options);
  if (options.which == "signing") return add_signing_key(options);
  if (options.which != "master") throw UsageError("--key wants master, signing or query");
  storage::KeyRing::rotate(folder_of(options), local_user());
  const int status = show_keys(options);
  if (!options.is_json) {
    fmt::print(
        "The master key is new, the signing keys stay. Copies of the old master.key and "
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
                               int (*execute)(const KeysOptions&), bool rotates) {
    Command<KeysOptions> command(parts, name, description, execute);
    if (rotates) {
      command.add(
          "--key", &KeysOptions::which, "master|signing|query",
          "master, the default; or signing, with which receipts, cards and the journal are "
          "signed: another takes its place; or query, with which clients of the national "
          "card query encrypt: another is made, and those before it open until they expire");
      command.number("--days", &KeysOptions::days, 1, 3650,
                     "how long clients may use the new query key; default 90. In any case longer "
                     "than every key before it, so that it is the one that is served");
    }
    command.exactly_one("--data", &KeysOptions::data, "--keys", &KeysOptions::keys);
    command.add("--data", &KeysOptions::data, "DIR", "data folder, with its keys in DIR/keys; or");
    command.keys("folder of the key files");
    command.json();
  };
  add_to_some("rotate",
              "replace the master key, or with --key another: the key that encrypts national "
              "numbers is wrapped with a new one. Nobody may have the ledger open. Numbers are "
              "encrypted as before",
              rotate_keys, true);
  add_to_some("show", "key id, public key, and whether the files are whole; nothing secret",
              show_keys, false);
}

}  // namespace api
