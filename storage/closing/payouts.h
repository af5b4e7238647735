#pragma once

#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "ledger/values/ids.h"
#include "ledger/values/money.h"
#include "ledger/values/result.h"
#include "storage/crypto/crypto.h"
#include "storage/state/state_store.h"

/// What is paid to each person. A statement has a row for each person to whom something is due for
/// the year, or was: what is due now, what the statements before have named, and the difference,
/// which is to be paid (or, below zero, taken back) now. So the amounts to pay of a series add up
/// to what is due in its last statement.
namespace storage {

/// A row of payouts.ndjson, without its refund lines.
struct Payout {
  ledger::PersonId person;
  ledger::Money due;    ///< for the whole year: the sum of the refund lines
  ledger::Money named;  ///< by the statements before, together
  ledger::Money to_pay() const { return due - named; }
  /// Whether the statement has a row for it.
  bool has_row() const { return due != ledger::Money() || named != ledger::Money(); }
};

/// What the statements before have named, person after person. It is what was due in the last of
/// them, since that one named what was missing.
class NamedPayouts {
 public:
  /// Of the first statement of a year: nobody.
  NamedPayouts() = default;
  /// Reads payouts.ndjson of the statement before. Throws std::runtime_error when it is damaged.
  explicit NamedPayouts(const std::filesystem::path& payouts);

  /// The next person; nothing at the end.
  std::optional<ledger::PersonId> person() const;
  /// What was named for that person; goes on to the next.
  ledger::Money take();
  /// Passes over persons before this one.
  void skip_to(ledger::PersonId person);

 private:
  void read_next();

  std::ifstream file_;
  std::optional<Payout> next_;
};

/// Told of each person whose national number is about to be told; an error stops the work.
using NoteNumber = std::function<ledger::Result<void>(const ledger::EncryptedNumber&)>;

/// Rows of the refund file for whole rows of payouts.ndjson: those where there is something to pay
/// now, with the national number put first. The only place where numbers leave the ledger; never
/// kept in the data folder. Throws std::runtime_error when a row is damaged.
ledger::Result<std::string> refund_rows(std::string_view payouts, const StateStore& state,
                                        const NumberCipher& numbers, const NoteNumber& note);

}  // namespace storage
