#include "storage/closing/owners.h"

#include "storage/bytes/format.h"
#include "storage/closing/reconciliation_parts.h"

namespace storage {

using ledger::PersonId;

Owners::Owners(const std::vector<Merge>& merges) {
  for (const Merge& merge : merges) note(merge);
}

void Owners::note(const Merge& merge) {
  if (merge.into < merge.person) merged_into_.insert_or_assign(merge.person.value(), merge.into);
}

PersonId Owners::of(PersonId person) const {
  if (merged_into_.empty()) return person;
  for (;;) {
    const auto found = merged_into_.find(person.value());
    if (found == merged_into_.end()) return person;
    person = found->second;
  }
}

std::vector<Owners::Merge> Owners::merges() const {
  std::vector<Merge> merges;
  for (const auto& [person, into] : merged_into_) merges.push_back({PersonId{person}, into});
  return merges;
}

Owners read_owners(const StateReader& state) {
  Owners owners;
  require_read(
      state.for_each(StateFamily::facts, {},
                     [&](std::string_view key, std::string_view row) -> ledger::Result<void> {
                       const auto person = decode_person(row);
                       if (!person) return person.error();
                       const PersonId into = person.value().merged_into;
                       if (into != PersonId()) owners.note({decode_person_key(key), into});
                       return ledger::ok();
                     }),
      "what the state knows of persons");
  return owners;
}

}  // namespace storage
