#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <tuple>

#include "storage/ledger_files/ledger_files.h"

namespace storage::test {

/// A row of the table of restatements, without the year: position and type of the event, person,
/// what changed, before, after. What is not there is empty.
using Restatement =
    std::tuple<std::string, std::string, std::uint64_t, std::string, std::string, std::string>;

/// What the table must hold: the journal goes through the rules anew, entry by entry, and the
/// accounts of the persons whom an event names are compared before and after it. Takes memory for
/// the whole ledger. Throws std::runtime_error when the journal cannot be read.
std::multiset<Restatement> restatements_by_rules(LedgerFiles& files, int year);

}  // namespace storage::test
