#include "storage/state/applied_table.h"

#include <rocksdb/slice.h>

#include <array>
#include <string>
#include <utility>

#include "storage/rocksdb/rocksdb_internal.h"
#include "storage/state/sorted_files.h"
#include "storage/state/state_files.h"

namespace storage {
namespace {

AppliedState read_applied(const StateFiles& files) {
  const std::string folder = files.folder().string();
  rocksdb::PinnableSlice value;
  const auto found = files.get(StateFamily::meta, applied_key, value);
  if (!found) files.refuse("cannot read the state in " + folder);
  if (!found.value()) return {};  // nothing has been applied yet
  auto applied = decode_applied(view_of(value));
  if (!applied) throw DamagedState("the state in " + folder + " is damaged or of another version");
  return std::move(applied.value());
}

}  // namespace

AppliedTable::AppliedTable(const StateFiles& files)
    : applied_(read_applied(files)), head_(applied_) {}

void AppliedTable::finish_group(const ledger::CommitGroup& group) {
  applied_.next_position = group.next_position();
  applied_.rule_pack = group.rule_pack;
  if (group.new_rules) applied_.rules = ledger::RulePack::canonical_text(*group.new_rules);
  const MutexLock lock(head_mutex_);
  head_ = applied_;
}

void AppliedTable::write(SortedFiles& files) const {
  files.write(StateFamily::meta, std::array{&frozen_}, [](const AppliedState* applied) {
    return std::pair(std::string(applied_key), encode_applied(*applied));
  });
}

AppliedState AppliedTable::head() const {
  const MutexLock lock(head_mutex_);
  return head_;
}

}  // namespace storage
