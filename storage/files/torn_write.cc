#include "storage/files/torn_write.h"

#include <algorithm>
#include <boost/crc.hpp>

namespace storage {
namespace {

constexpr std::size_t block_bytes = 32'768;
constexpr std::size_t header_bytes = 7;

enum FragmentType : std::uint8_t { none = 0, full = 1, first = 2, middle = 3, last = 4 };

std::uint32_t byte_at(std::string_view log, std::size_t at) {
  return static_cast<std::uint8_t>(log[at]);
}

std::size_t left_in_block(std::size_t at) { return block_bytes - at % block_bytes; }

/// The size of the fragment that begins here, header included; 0 when none does.
std::size_t fragment_at(std::string_view log, std::size_t at) {
  if (log.size() - at < header_bytes || left_in_block(at) < header_bytes) return 0;
  const std::size_t size = header_bytes + (byte_at(log, at + 4) | byte_at(log, at + 5) << 8);
  const std::uint32_t type = byte_at(log, at + 6);
  if (type < full || type > last) return 0;
  if (size > left_in_block(at) || size > log.size() - at) return 0;
  std::uint32_t masked = 0;
  for (std::size_t i = 0; i < 4; ++i) masked |= byte_at(log, at + i) << (8 * i);
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  crc.process_bytes(log.data() + at + 6, size - 6);
  const std::uint32_t sum = crc.checksum();
  return masked == (sum >> 15 | sum << 17) + 0xa282ead8U ? size : 0;
}

bool begins_record(std::string_view log, std::size_t at) {
  return (byte_at(log, at + 6) == full || byte_at(log, at + 6) == first) &&
         fragment_at(log, at) != 0;
}

}  // namespace

std::optional<std::uint64_t> torn_from(std::string_view log) {
  std::size_t at = 0;
  std::size_t record = 0;  // where the record at `at` began
  while (at < log.size()) {
    if (left_in_block(at) < header_bytes) {
      at += std::min(left_in_block(at), log.size() - at);
      continue;
    }
    const std::size_t size = fragment_at(log, at);
    if (size == 0) break;
    const std::uint32_t type = byte_at(log, at + 6);
    if (type == full || type == first) record = at;
    at += size;
    if (type == full || type == last) record = at;
  }
  if (at >= log.size()) return std::nullopt;
  for (std::size_t behind = at + 1; behind + header_bytes <= log.size(); ++behind) {
    if (begins_record(log, behind)) return std::nullopt;
  }
  return record;
}

}  // namespace storage
