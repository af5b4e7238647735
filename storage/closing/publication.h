#pragma once

#include "storage/closing/reconciliation.h"
#include "storage/closing/reconciliation_work.h"
#include "storage/closing/statement.h"

namespace storage {

/// Publishes a statement: given all that it says and the work folder with its tables, writes and
/// signs what is missing, hands the files to `use_files`, and puts the folder into its place. All
/// of it is on stable storage then, and the work folder is gone. A dry run is neither signed nor
/// moved: of its work folder the statement is left. Closes the files of the work.
MadeStatement publish(const Statement& statement, const ReconciliationSource& source,
                      ReconciliationWork& work, const UseFiles& use_files);

/// Puts the files of the newest statement into their place when a process ended between its entry
/// in the journal and that.
void finish_publication(const ReconciliationSource& source, int year);

}  // namespace storage
