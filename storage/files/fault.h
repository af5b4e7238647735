#pragma once

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>

namespace storage {

/// What is wrong with the files of an open ledger. Ascending by what it takes to go on.
enum class FaultKind : std::uint8_t {
  unwritable,       ///< a full disk or a failed write: when it can be written again
  unreadable,       ///< a failed read: when everything can be read again
  state_damaged,    ///< the state has to be made again from the journal
  journal_damaged,  ///< the backup has to be restored
};

struct Fault {
  FaultKind kind = FaultKind::unwritable;
  std::string reason;  ///< for operators: what, where, the remedy if there is one
};

/// Why a ledger is not opened: its journal is damaged. The reason names the remedy.
class DamagedJournal : public std::runtime_error {
 public:
  explicit DamagedJournal(const std::string& what)
      : std::runtime_error(what + "; remedy: restore the latest backup") {}
};

/// Why a ledger is not opened: its state is damaged, or of another version. The reason names the
/// remedy: that it be removed.
class DamagedState : public std::runtime_error {
 public:
  explicit DamagedState(const std::string& what)
      : std::runtime_error(what +
                           "; remedy: remove that folder, it is made again from the journal") {}
};

/// Told of every fault, from whichever thread meets it; may be empty. After a fault the ledger has
/// to be opened again.
using NoteFault = std::function<void(Fault)>;

}  // namespace storage
