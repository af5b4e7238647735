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

}  // namespace

std::string master_key_id(const fs::path& folder) {
  const std::string text = read_secret(folder / "master.key");
  const std::string digits = text.substr(0, text.find('\n'));
  // A hash of 32 random bytes tells nothing of them.
  return "master-" + to_hex(sha256("frikort master key " + digits)).substr(0, id_digits);
}

std::vector<MadeKey> made_keys(const fs::path& folder, const std::set<std::string>& known) {
  std::vector<MadeKey> made;
  const auto add = [&](std::string id, std::string_view text) {
    std::string maker = maker_in(text);
    if (!maker.empty() && !known.contains(id)) made.push_back({std::move(id), std::move(maker)});
  };
  add(master_key_id(folder), read_secret(folder / "master.key"));
  for (const auto& [id, path] : QueryKeys::files(folder)) {
    if (!known.contains(id)) add(id, read_secret(path));
  }
  return made;
}

}  // namespace storage
