#pragma once

#include "ledger/ports/journal.h"
#include "ledger/records/account.h"
#include "ledger/records/event.h"
#include "ledger/records/person.h"
#include "ledger/records/registration.h"
#include "ledger/records/timeliness.h"
#include "storage/bytes/format.h"

/// The bounds of every stored value, once for writing and for reading. A decoder refuses a value
/// with a field out of its bounds. A writer asks before it stores a value. So what is written can
/// be read. The bounds themselves stand beside the types, in ledger.
namespace storage {

/// The name of the first field that is out of its bounds, as people know it; null when none is.
const char* field_out_of_bounds(const ledger::Entry& entry);
const char* field_out_of_bounds(const ledger::Tally& tally);
/// Judges everything but the entries and tallies of the group.
const char* field_out_of_bounds(const ledger::CommitGroup& group);
const char* field_out_of_bounds(const ledger::Registration& registration);
const char* field_out_of_bounds(const ledger::UnpaidRegistration& registration);
const char* field_out_of_bounds(const ledger::Account& account);
const char* field_out_of_bounds(const ledger::Person& person);
const char* field_out_of_bounds(const ledger::Practice& practice);
const char* field_out_of_bounds(const ledger::TimelinessKey& key);
const char* field_out_of_bounds(const ledger::TimelinessMonth& month);
const char* field_out_of_bounds(const ledger::Refusals& refusals);
const char* field_out_of_bounds(const ledger::Event& event);
const char* field_out_of_bounds(const AppliedState& applied);

}  // namespace storage
