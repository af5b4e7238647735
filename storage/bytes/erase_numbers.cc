#include "storage/bytes/byte_codec.h"
#include "storage/bytes/entry_format.h"
#include "storage/bytes/format.h"

namespace storage {

using ledger::Result;

/// An erased number takes as many bytes as one that is there, so nothing else moves.
Result<std::optional<std::string>> erase_numbers(
    std::string_view record, const std::function<bool(const ledger::EncryptedNumber&)>& is_erased) {
  const auto decoded = decode_record(record);
  if (!decoded) return decoded.error();
  std::optional<std::string> erased;
  for (const auto& [index, numbers] : decoded.value().numbers) {
    for (const StoredNumber& stored : numbers) {
      if (stored.is_erased || !is_erased(stored.number)) continue;
      if (!erased) erased.emplace(record);
      std::string bytes;
      ByteWriter out(bytes);
      out.u8(1);
      out.raw(stored.commitment);
      erased->replace(record.size() - stored.left_before, bytes.size(), bytes);
    }
  }
  return erased;
}

}  // namespace storage
