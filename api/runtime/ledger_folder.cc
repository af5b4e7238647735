#include "api/runtime/ledger_folder.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <iostream>
#include <system_error>

#include "api/program/usage_error.h"
#include "storage/ledger_files/ledger_files.h"

namespace api {
namespace {

namespace fs = std::filesystem;

/// What a first start that was killed or failed may leave, and what a new disk brings. The access
/// log is made after the journal: beside no journal it is the rest of a ledger.
constexpr std::array<std::string_view, 6> names_of_nothing{"keys",  "keys.partial", "journal",
                                                           "state", "proofs",       "lost+found"};

bool is_empty(const fs::path& folder) {
  return std::all_of(fs::directory_iterator(folder), fs::directory_iterator(),
                     [](const fs::directory_entry& entry) {
                       const std::string name = entry.path().filename().string();
                       return std::find(names_of_nothing.begin(), names_of_nothing.end(), name) !=
                              names_of_nothing.end();
                     });
}

bool is_attended() { return ::isatty(STDIN_FILENO) != 0 && ::isatty(STDERR_FILENO) != 0; }

/// A script or a unit file that names a new folder within one that exists means it; nobody is there
/// who could be asked.
bool is_named_by_script(const fs::path& folder) {
  return !is_attended() && !fs::exists(folder) &&
         fs::is_directory(fs::absolute(folder / "..").lexically_normal());
}

bool is_wished_for(const std::string& what) {
  if (!is_attended()) return false;
  std::cerr << what << ". Make a new ledger there, with new keys? [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

}  // namespace

bool prepare_ledger(const std::string& data, bool creates) {
  if (storage::has_ledger(data)) return false;
  const bool is_there = fs::exists(data);
  if (is_there && !fs::is_directory(data)) throw UsageError(data + " is not a folder");
  if (!creates && !(is_there && is_empty(data)) && !is_named_by_script(data)) {
    const std::string what = is_there ? data + " is not empty and holds no ledger"
                                      : "there is no ledger in " + data + ", nor such a folder";
    if (!is_wished_for(what)) {
      throw UsageError(what + "; remedy: correct the path, or add --create to make a new ledger");
    }
  }
  // What is made by others, with another umask, becomes a ledger's.
  std::error_code is_of_another_owner;
  if (is_there) {
    fs::permissions(data, fs::perms::others_all, fs::perm_options::remove, is_of_another_owner);
  }
  return true;
}

}  // namespace api
