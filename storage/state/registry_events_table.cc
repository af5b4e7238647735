#include "storage/state/registry_events_table.h"

#include <utility>

#include "storage/rocksdb/rocksdb_internal.h"
#include "storage/state/sorted_files.h"
#include "storage/state/state_files.h"

namespace storage {

using ledger::KnownEvent;
using ledger::Result;

Result<std::optional<KnownEvent>> RegistryEventsTable::find(const ledger::Guid& id) const {
  if (const KnownEvent* const event = rows_.find(id); event != nullptr) {
    return std::optional<KnownEvent>(*event);
  }
  rocksdb::PinnableSlice value;
  const auto found = files_.get(StateFamily::registry_events, registry_event_key(id), value);
  if (!found) return found.error();
  if (!found.value()) return std::optional<KnownEvent>();
  const auto event = decode_known_event(view_of(value));
  if (!event) return files_.undecodable(StateFamily::registry_events);
  return std::optional<KnownEvent>(event.value());
}

void RegistryEventsTable::write(SortedFiles& files) const {
  files.write(StateFamily::registry_events, rows_.frozen_rows(), [](const auto& row) {
    return std::pair(registry_event_key(row.first), encode_known_event(*row.second));
  });
}

}  // namespace storage
