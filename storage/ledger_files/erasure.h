#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "ledger/values/ids.h"

namespace storage {

struct Erasure {
  std::uint64_t records = 0;  ///< of the journal that were rewritten
  std::uint64_t numbers = 0;  ///< that were erased in them
};

/// Erases national numbers from a closed ledger, for ever: those that `is_erased` picks. The
/// journal keeps a hash of each with a salt that is destroyed with it, so its chain, roots and
/// signatures hold, and every receipt. The derived state is removed; the next opening makes it
/// again. The files of the journal are written anew, so that the old bytes are in none of them. Who
/// is interrupted begins again. Backups and the access log have copies of their own. Throws
/// std::runtime_error.
Erasure erase_numbers(const std::filesystem::path& folder,
                      const std::function<bool(const ledger::EncryptedNumber&)>& is_erased);

}  // namespace storage
