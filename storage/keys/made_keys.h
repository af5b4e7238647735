#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

// Who had the keys in a folder made, as their files say.
namespace storage {

struct MadeKey {
  std::string id;
  std::string made_by;  ///< a user of the machine; empty of a key that no command has made
};

/// What the master key is known by. Throws std::runtime_error when its file cannot be read.
std::string master_key_id(const std::filesystem::path& folder);

/// The master key and the keys of the national card query, without those whose id is `known`.
/// Throws std::runtime_error when a file cannot be read.
std::vector<MadeKey> made_keys(const std::filesystem::path& folder,
                               const std::set<std::string>& known);

}  // namespace storage
