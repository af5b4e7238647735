#include "storage/bytes/practice_names.h"

namespace storage {

bool PracticeNames::complete(ledger::Entry& entry) {
  if (ledger::ItemEntry* const item = item_of(entry)) {
    return complete(item->practice, item->is_new_practice, item->item.practice);
  }
  auto* const practice = std::get_if<ledger::PracticeEntry>(&entry);
  return practice == nullptr ||
         complete(practice->practice, practice->is_new_practice, practice->event.practice);
}

bool PracticeNames::complete(ledger::PracticeNumber number, bool is_new, ledger::PracticeId& id) {
  if (is_new) practices_.push_back(id);
  const std::size_t known = practices_.size();
  if (number.value() == 0 || number.value() > known) return false;
  if (is_new && number.value() != known) return false;
  id = practices_[number.value() - 1];
  return true;
}

}  // namespace storage
