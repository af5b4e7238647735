#pragma once

#include <cstdint>

namespace storage {

/// How the files of a ledger are opened. Read-only changes nothing, so it works on a full disk.
enum class OpenMode : std::uint8_t { read_write, read_only };

}  // namespace storage
