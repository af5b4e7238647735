#pragma once

#include <string>

namespace api {

/// For commands that may make a ledger. True when a new one is to be made: `creates` says so, the
/// folder exists and is empty, or a script names a new folder within one that exists. A person on a
/// terminal is asked. Throws UsageError when it is not wished for: a ledger that is made by a slip
/// in a path has new keys, and takes reports that nobody finds again.
bool prepare_ledger(const std::string& data, bool creates);

}  // namespace api
