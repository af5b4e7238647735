#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace storage {

/// Where in a log of writes the last write was torn: a power cut left garbage or zeros in place of
/// its end. Nothing when the log is whole, or ends too early, which RocksDB tolerates itself; and
/// nothing when a record begins behind the damage: then something was damaged that was whole.
///
/// The log is as RocksDB writes it: blocks of 32 KiB; in them fragments: u32 masked CRC-32C of type
/// and data, u16 length, u8 type, data. A record is one fragment (`full`) or several (`first`,
/// `middle`, `last`); the end of a block that is too short for a header is zeros.
std::optional<std::uint64_t> torn_from(std::string_view log);

}  // namespace storage
