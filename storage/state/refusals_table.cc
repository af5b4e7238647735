#include "storage/state/refusals_table.h"

#include <optional>
#include <string>
#include <utility>

#include "storage/bytes/format.h"
#include "storage/bytes/format_bounds.h"
#include "storage/state/sorted_files.h"
#include "storage/state/state_files.h"
#include "storage/state/stored_row_internal.h"

namespace storage {

using ledger::PracticeId;
using ledger::Refusals;
using ledger::Result;

RefusalsTable::RefusalsTable(const TableContext& context) : files_(context.files), refusals_(0) {}

Result<Refusals> RefusalsTable::read(std::string_view practice) const {
  auto refusals = stored_row(files_, StateFamily::refusals, practice, decode_refusals);
  if (!refusals) return refusals.error();
  return std::move(refusals.value()).value_or(Refusals());
}

Result<Refusals> RefusalsTable::find(const PracticeId& practice) const {
  const std::string id(practice.view());
  Refusals refusals;
  if (refusals_.visit(id, [&](const Refusals& row) { refusals = row; })) return refusals;
  return read(id);
}

Result<void> RefusalsTable::record(const ledger::Tally& tally) {
  const auto add = [&tally](Refusals& row) { row[tally.month].add_tally(tally.code, tally.count); };
  if (const auto storable = files_.require_storable("refusals", tally); !storable) return storable;
  const std::string id(tally.practice.view());
  if (refusals_.update(id, add)) return ledger::ok();
  auto row = read(id);
  if (!row) return row.error();
  add(row.value());
  refusals_.put(id, std::move(row.value()));
  return ledger::ok();
}

Result<Refusals> RefusalsTable::take(const PracticeId& practice) {
  auto taken = find(practice);
  if (taken && !taken.value().empty()) refusals_.put(std::string(practice.view()), Refusals());
  return taken;
}

void RefusalsTable::write(SortedFiles& files) const {
  files.write(StateFamily::refusals, refusals_.frozen_rows(), [](const auto& row) {
    std::optional<std::string> encoded;
    if (!row.second->empty()) encoded = encode_refusals(*row.second);
    return std::pair(std::string_view(row.first), std::move(encoded));
  });
}

}  // namespace storage
