#pragma once

#include "storage/bytes/format.h"
#include "storage/state/state_options.h"

namespace storage {

class StateFiles;

/// What a table of the state is made with.
struct TableContext {
  const StateFiles& files;  ///< what the table finds there when memory does not have it
  StateTotals& totals;      ///< the writer's; each table keeps its part up to date
  const StateOptions& options;
};

}  // namespace storage
