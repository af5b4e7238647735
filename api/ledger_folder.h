#pragma once

#include <string>

namespace api {

/// For commands that may make a ledger. A folder that exists and is empty is the wish for a new
/// one; for any other that holds none, `creates` or a yes to a question on the terminal is. True
/// when a new ledger is to be made. Throws UsageError when it is not wished for: a ledger that is
/// made by a slip in a path has new keys, and takes reports that nobody finds again.
bool prepare_ledger(const std::string& data, bool creates);

}  // namespace api
