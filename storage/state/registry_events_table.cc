#include "storage/state/registry_events_table.h"

#include <utility>

#include "storage/state/sorted_files.h"
#include "storage/state/state_files.h"
#include "storage/state/stored_row_internal.h"

namespace storage {

using ledger::KnownEvent;
using ledger::Result;

Result<std::optional<KnownEvent>> RegistryEventsTable::find(const ledger::Guid& id) const {
  if (const KnownEvent* const event = rows_.find(id); event != nullptr) {
    return std::optional<KnownEvent>(*event);
  }
  return stored_row(files_, StateFamily::registry_events, registry_event_key(id),
                    decode_known_event);
}

void RegistryEventsTable::write(SortedFiles& files) const {
  files.write(StateFamily::registry_events, rows_.frozen_rows(), [](const auto& row) {
    return std::pair(registry_event_key(row.first), encode_known_event(*row.second));
  });
}

}  // namespace storage
