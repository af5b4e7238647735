#pragma once

#include "ledger/account.h"
#include "ledger/event.h"
#include "ledger/journal.h"
#include "ledger/registration.h"
#include "ledger/timeliness.h"
#include "storage/access_record.h"
#include "storage/format.h"

/// The bounds of every stored value, once for writing and for reading: a decoder refuses a value
/// with a field out of its bounds, and whoever stores a value asks before. So what is written can
/// be read. The bounds themselves stand beside the types, in ledger.
namespace storage {

/// The first field that no record may hold so, by the name that people know it by; null when there
/// is none.
const char* field_out_of_bounds(const ledger::Entry& entry);
const char* field_out_of_bounds(const ledger::Tally& tally);
/// Of all but the entries and tallies of the group.
const char* field_out_of_bounds(const ledger::CommitGroup& group);
const char* field_out_of_bounds(const ledger::Registration& registration);
const char* field_out_of_bounds(const ledger::UnpaidRegistration& registration);
const char* field_out_of_bounds(const ledger::Account& account);
const char* field_out_of_bounds(const ledger::Practice& practice);
const char* field_out_of_bounds(const ledger::TimelinessKey& key);
const char* field_out_of_bounds(const ledger::TimelinessMonth& month);
const char* field_out_of_bounds(const ledger::Event& event);
const char* field_out_of_bounds(const AppliedState& applied);
const char* field_out_of_bounds(const AccessRecord& record);

}  // namespace storage
