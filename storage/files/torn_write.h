#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace storage {

/// Finds where a power cut tore the last write of a log: garbage or zeros are in place of its end.
/// Nothing when the log is whole. Nothing when it ends too early: RocksDB tolerates that itself.
/// Nothing when a record begins behind the damage: then something is damaged that was whole.
///
/// The log is as RocksDB writes it: blocks of 32 KiB, and in them fragments. A fragment is u32
/// masked CRC-32C of type and data, u16 length, u8 type, data. A record is one fragment (`full`) or
/// several (`first`, `middle`, `last`). The end of a block that is too short for a header is zeros.
std::optional<std::uint64_t> torn_from(std::string_view log);

}  // namespace storage
