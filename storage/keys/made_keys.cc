#include "storage/keys/made_keys.h"

#include <utility>

#include "storage/crypto/crypto.h"
#include "storage/keys/query_keys.h"
#include "storage/keys/secret_file.h"

namespace storage {
namespace {

namespace fs = std::filesystem;

/// Of a hash of the key, in its id.
constexpr std::size_t id_digits = 16;

std::string read_master_key(const fs::path& folder) { return read_secret(folder / "master.key"); }

/// A hash of 32 random bytes tells nothing of them.
std::string id_of_master_key(const std::string& text) {
  const std::string digits = text.substr(0, text.find('\n'));
  return "master-" + to_hex(sha256("frikort master key " + digits)).substr(0, id_digits);
}

}  // namespace

std::string master_key_id(const fs::path& folder) {
  return id_of_master_key(read_master_key(folder));
}

std::vector<MadeKey> made_keys(const fs::path& folder, const std::set<std::string>& known) {
  std::vector<MadeKey> made;
  const std::string master = read_master_key(folder);
  std::string master_id = id_of_master_key(master);
  if (!known.contains(master_id)) made.push_back({std::move(master_id), maker_in(master)});
  for (const auto& [id, path] : QueryKeys::files(folder)) {
    if (!known.contains(id)) made.push_back({id, maker_in(read_secret(path))});
  }
  return made;
}

}  // namespace storage
