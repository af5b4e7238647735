#include "storage/closing/difference_rows.h"

namespace storage {

void DifferenceRows::add(const ledger::Difference& difference) {
  ++figures_.differences[static_cast<std::size_t>(difference.kind)];
  table_.text(name_of(difference.kind))
      .number(difference.account.person.value())
      .number(std::int64_t{year_})
      .text(practices_.text(difference.practice))
      .text(position_cell(difference.position))
      .text(difference.field)
      .text(difference.expected)
      .text(difference.found)
      .end_row();
}

}  // namespace storage
