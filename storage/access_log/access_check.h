#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "storage/access_log/access_log.h"

namespace storage {

/// What is wrong with an access log, as far as its files, the public keys and the heads can tell.
struct AccessCheck {
  std::uint64_t blocks = 0;   ///< that are good
  std::uint64_t records = 0;  ///< in them
  std::uint64_t erased = 0;   ///< of these: a number was destroyed, as somebody wished
  AccessHead head;            ///< of the good blocks
  std::string finding;        ///< the first that is wrong, for people; empty: all is well
};

/// Reads the whole log in this folder once and checks every block: that it decodes, is kept in its
/// place and follows the one before, each leaf, root and signature; then that the heads, in any
/// order, are on the chain. Stops at the first finding. Which record of a block was changed is
/// named where its check still is what it was.
///
/// Changes nothing in the folder, and a server may have the log open. A folder that is not there is
/// a log without blocks. Throws std::runtime_error when it cannot be reached.
AccessCheck check_access_log(const std::filesystem::path& folder, std::span<const PublicKey> keys,
                             std::span<const AccessHead> heads);

}  // namespace storage
