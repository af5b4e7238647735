#pragma once

#include <rocksdb/slice.h>

#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "ledger/values/result.h"
#include "storage/rocksdb/rocksdb_internal.h"
#include "storage/state/state_files.h"

namespace storage {

/// The row that the family has of the key, decoded; nothing when it has none. `decode` makes a
/// Result of the row's bytes. Errors are noted: files that cannot be read, a row that does not
/// decode.
template <class Decode>
auto stored_row(const StateFiles& files, StateFamily family, std::string_view key, Decode decode)
    -> ledger::Result<
        std::optional<typename std::invoke_result_t<Decode, std::string_view>::value_type>> {
  using Decoded = typename std::invoke_result_t<Decode, std::string_view>::value_type;
  rocksdb::PinnableSlice bytes;
  const auto found = files.get(family, key, bytes);
  if (!found) return found.error();
  if (!found.value()) return std::optional<Decoded>();
  auto row = decode(view_of(bytes));
  if (!row) return files.undecodable(family);
  return std::optional<Decoded>(std::move(row.value()));
}

}  // namespace storage
