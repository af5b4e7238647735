#pragma once

#include <filesystem>
#include <span>
#include <stdexcept>

#include "storage/closing/reconciliation.h"
#include "storage/closing/reconciliation_work.h"
#include "storage/closing/statement.h"

namespace storage {

/// Publishes a statement: given all that it says and the work folder with its tables, writes and
/// signs what is missing, hands the files to `use_files`, and puts the folder into its place. All
/// of it is on stable storage then, and the work folder is gone. A dry run is neither signed nor
/// moved: of its work folder the statement is left. Closes the files of the work. Throws
/// std::runtime_error; see UnplacedStatement.
MadeStatement publish(const Statement& statement, const ReconciliationSource& source,
                      ReconciliationWork& work, const UseFiles& use_files);

/// The statement is in the journal, or may be, and its files are not in their place. They are in
/// the work folder, and must stay there.
class UnplacedStatement : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Puts the files of those of these statements into their place whose publication ended between the
/// entry in the journal and that. `folder` is the ledger's. Throws std::runtime_error.
void finish_publications(const std::filesystem::path& folder,
                         std::span<const ledger::StatementEntry> statements);

}  // namespace storage
