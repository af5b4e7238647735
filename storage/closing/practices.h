#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ledger/values/ids.h"
#include "storage/state/state_reader.h"

namespace storage {

/// The practices of a state: given its reader, gives the id of each number, and back.
class Practices {
 public:
  /// Throws std::runtime_error when they cannot be read.
  explicit Practices(const StateReader& state);

  /// One more than the highest number: 0 is the nation.
  std::size_t count() const { return ids_.size(); }
  bool has(ledger::PracticeNumber number) const { return number.value() < ids_.size(); }
  /// Of a number that it has.
  const ledger::PracticeId& id(ledger::PracticeNumber number) const {
    return ids_.at(number.value());
  }
  std::optional<std::uint32_t> number_of(std::string_view id) const;
  /// As tables and differences name it: the id, or `unknown`.
  std::string text(ledger::PracticeNumber number) const;

 private:
  std::vector<ledger::PracticeId> ids_;  // by number
  std::unordered_map<std::string, std::uint32_t> numbers_;
};

}  // namespace storage
