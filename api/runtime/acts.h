#pragma once

#include <string>
#include <string_view>

#include "ledger/records/entry.h"
#include "storage/ledger_files/ledger_files.h"

namespace api {

/// What somebody has had the ledger do with itself now, shortened to what an entry holds. `by` must
/// not name a person by number.
ledger::ActEntry act_now(std::string_view by, std::string_view act, std::string_view of);

/// Who runs this process, as the machine knows it: `user root`.
std::string local_user();

/// Puts a note into the journal of a ledger that no service has open: it is durable afterwards.
ledger::Result<ledger::Position> append_note(storage::LedgerFiles& files, ledger::Entry note);

/// Notes what the local user has a ledger do that no service has open. Throws std::runtime_error.
void note_act(storage::LedgerFiles& files, std::string_view act, std::string_view of);

}  // namespace api
