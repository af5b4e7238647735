#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "ledger/records/event.h"
#include "ledger/values/ids.h"
#include "ledger/values/money.h"
#include "ledger/values/result.h"
#include "storage/crypto/crypto.h"
#include "storage/state/state_store.h"

/// What is paid to each person. A statement has a row for each person to whom something is due for
/// the year and has been told, or was: what is due now, what the statements before have named, and
/// the difference, which is to be paid (or, below zero, taken back) now. So the amounts to pay of a
/// series add up to what is due in its last statement.
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

/// The sum of the refunds that people have been told of up to a place of the journal, in the feed
/// of their account: what the statements that cover that place have named together. A merge of
/// persons who are opted out is told, and paid, when they opt in.
ledger::Money refunds_told(std::span<const ledger::Event> told, ledger::Position last);

/// Told of each person whose national number is about to be told; an error stops the work.
using NoteNumber = std::function<ledger::Result<void>(const ledger::EncryptedNumber&)>;

/// Rows of the refund file for whole rows of payouts.ndjson: those where there is something to pay
/// now, with the national number put first. The only place where numbers leave the ledger; never
/// kept in the data folder. Throws std::runtime_error when a row is damaged.
ledger::Result<std::string> refund_rows(std::string_view payouts, const StateStore& state,
                                        const NumberCipher& numbers, const NoteNumber& note);

}  // namespace storage
