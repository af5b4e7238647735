#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/values/ids.h"
#include "ledger/values/result.h"
#include "storage/state/state_comparison.h"
#include "storage/state/state_families.h"

namespace storage {

/// What a row says, as text by name: two rows are compared field by field.
using RowFields = std::map<std::string, std::string>;
/// By number; the nation is the first.
using PracticeIds = std::vector<ledger::PracticeId>;

/// The fields of a row of the state. Encrypted numbers are not shown.
ledger::Result<RowFields> fields_of(StateFamily family, std::string_view key,
                                    std::string_view value);

/// Which row it is: `key`, and person and year where the row is about them.
StateDifference name_row(StateFamily family, std::string_view key, std::string_view value,
                         const PracticeIds& practices);

}  // namespace storage
