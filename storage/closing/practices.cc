#include "storage/closing/practices.h"

#include "storage/bytes/format.h"
#include "storage/closing/reconciliation_parts.h"

namespace storage {

Practices::Practices(const StateReader& state) : ids_(1) {
  require_read(
      state.for_each(StateFamily::practices, {},
                     [this](std::string_view, std::string_view value) -> ledger::Result<void> {
                       const auto practice = decode_practice(value);
                       if (!practice) return practice.error();
                       ids_.push_back(practice.value().practice.id);
                       return ledger::ok();
                     }),
      "the state");
  for (std::uint32_t i = 1; i < ids_.size(); ++i) numbers_[std::string(ids_[i].view())] = i;
}

std::optional<std::uint32_t> Practices::number_of(std::string_view id) const {
  const auto found = numbers_.find(std::string(id));
  return found == numbers_.end() ? std::nullopt : std::optional(found->second);
}

std::string Practices::text(ledger::PracticeNumber number) const {
  return has(number) ? std::string(id(number).view()) : std::string("unknown");
}

}  // namespace storage
