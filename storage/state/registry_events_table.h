#pragma once

#include <cstring>
#include <optional>

#include "ledger/records/registry_event.h"
#include "ledger/values/ids.h"
#include "ledger/values/result.h"
#include "storage/state/mix.h"
#include "storage/state/table_context.h"
#include "storage/state/write_behind.h"

namespace storage {

class SortedFiles;

/// The events of registries that have been accepted, by their ids: an event is taken once.
///
/// Concurrency: the writer, and the thread that hands over.
class RegistryEventsTable {
 public:
  explicit RegistryEventsTable(const TableContext& context) : files_(context.files), rows_(0) {}

  // For the writer.
  ledger::Result<std::optional<ledger::KnownEvent>> find(const ledger::Guid& id) const;
  void put(const ledger::Guid& id, const ledger::KnownEvent& event) { rows_.put(id, event); }
  void freeze() { rows_.freeze(); }
  void thaw_stripe(std::size_t stripe) { rows_.thaw_stripe(stripe); }

  // For the thread that hands over.
  void write(SortedFiles& files) const;
  void forget_frozen() {}  // the writer thaws them

 private:
  struct Hash {
    std::size_t operator()(const ledger::Guid& id) const {
      std::uint64_t halves[2];
      std::memcpy(halves, id.bytes.data(), sizeof halves);
      return mix(halves[0] ^ halves[1]);
    }
  };

  const StateFiles& files_;
  WriteBehind<ledger::Guid, ledger::KnownEvent, Hash, NoReaders> rows_;
};

}  // namespace storage
