#include "storage/access_log/access_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "storage/access_log/access_families_internal.h"
#include "storage/bytes/byte_codec.h"

namespace storage {
namespace {

using ledger::Result;

/// One log while it is checked.
class Checker {
 public:
  Checker(std::span<const PublicKey> keys, std::span<const AccessHead> heads) {
    for (const PublicKey& key : keys) keys_[key_id_of(key)] = key;
    for (const AccessHead& head : heads) heads_.emplace(head.blocks, head);
  }

  /// An error ends the reading: the finding says why.
  Result<void> take(std::string_view key, std::string_view bytes) {
    const auto block = decode_access_block(bytes);
    if (!block) return find(fmt::format("{} does not decode", next_block()));
    std::string fault = fault_of(block.value());
    if (fault.empty() && access_block_key(block.value().first) != key) {
      fault = fmt::format("{} is not kept in its place", next_block());
    }
    if (!fault.empty()) return find(std::move(fault));
    take_good(block.value());
    return ledger::ok();
  }

  /// After the last block.
  AccessCheck finish() {
    if (check_.finding.empty()) check_.finding = fault_of_heads();
    return check_;
  }

  AccessCheck unreadable(std::string_view why) {
    if (check_.finding.empty()) find(fmt::format("{} cannot be read: {}", next_block(), why));
    return check_;
  }

 private:
  std::string next_block() const { return fmt::format("block {}", check_.blocks + 1); }

  ledger::Errc find(std::string what) {
    check_.finding = std::move(what);
    return ledger::Errc::corrupt_record;
  }

  std::string fault_of(const AccessBlock& block) const {
    if (block.number != check_.blocks + 1) {
      return fmt::format("{} is missing: block {} follows block {}", next_block(), block.number,
                         check_.blocks);
    }
    if (block.first != check_.records + 1) {
      return fmt::format("{} begins with record {}, not {}", next_block(), block.first,
                         check_.records + 1);
    }
    const bool is_own = check_.blocks == 0 || block.node == check_.head.node;
    if (!is_own || block.previous != check_.head.root) {
      return fmt::format("{} does not follow the one before it", next_block());
    }
    const auto key = keys_.find(block.key_id);
    if (key == keys_.end()) {
      return fmt::format("{} is signed with the key {}, which is not known", next_block(),
                         block.key_id);
    }
    if (!is_signed_by(key->second, block.hash, block.signature)) {
      return fmt::format("{} has a wrong signature: its head was changed", next_block());
    }
    const auto [begin, end] = heads_.equal_range(block.number);
    const bool is_named = std::all_of(begin, end, [&block](const auto& named) {
      return named.second.node == block.node && named.second.root == block.hash;
    });
    if (!is_named) return fmt::format("{} is not the one that the journal names", next_block());
    return fault_of_records(block);
  }

  std::string fault_of_records(const AccessBlock& block) const {
    if (root_of(block) == block.root) return unreadable_record(block);
    std::uint64_t sequence = block.first;
    for (const AccessLeaf& leaf : block.leaves) {
      if (check_of(hash_of(leaf, sequence)) != leaf.check) {
        return fmt::format("record {} in {} was changed, or one before it dropped", sequence,
                           next_block());
      }
      ++sequence;
    }
    return fmt::format("a record of {} ({} to {}) was changed or dropped", next_block(),
                       block.first, block.last());
  }

  std::string unreadable_record(const AccessBlock& block) const {
    std::uint64_t sequence = block.first;
    for (const AccessLeaf& leaf : block.leaves) {
      if (!decode_access_body(leaf.body) || check_of(hash_of(leaf, sequence)) != leaf.check) {
        return fmt::format("record {} in {} does not decode", sequence, next_block());
      }
      ++sequence;
    }
    return {};
  }

  void take_good(const AccessBlock& block) {
    check_.blocks = block.number;
    check_.records = block.last();
    check_.erased += static_cast<std::uint64_t>(
        std::count_if(block.leaves.begin(), block.leaves.end(), [](const AccessLeaf& leaf) {
          return leaf.person.is_erased() || leaf.practitioner.is_erased();
        }));
    check_.head = {block.node, block.number, block.hash};
  }

  std::string fault_of_heads() const {
    if (heads_.empty() || heads_.rbegin()->first <= check_.blocks) return {};
    return fmt::format("the log was cut off: the journal names block {}, and the last is {}",
                       heads_.rbegin()->first, check_.blocks);
  }

  std::map<std::string, PublicKey> keys_;
  std::multimap<std::uint64_t, AccessHead> heads_;  // by their number of blocks
  AccessCheck check_;
};

}  // namespace

AccessCheck check_access_log(const std::filesystem::path& folder, std::span<const PublicKey> keys,
                             std::span<const AccessHead> heads) {
  Checker checker(keys, heads);
  if (!std::filesystem::exists(folder)) return checker.finish();
  try {
    const Database database(folder.string(), journal_db_options(),
                            access_log_families(AccessLogOptions().write_buffer_bytes),
                            OpenMode::read_only);
    const auto read = database.for_each(
        access_block_family, {},
        [&](std::string_view key, std::string_view bytes) { return checker.take(key, bytes); });
    return read ? checker.finish() : checker.unreadable(read.error().message());
  } catch (const DamagedDatabase& damage) {
    return checker.unreadable(damage.what());
  }
}

}  // namespace storage
