#pragma once

#include "ledger/ports/journal.h"
#include "ledger/records/account.h"
#include "ledger/records/event.h"
#include "ledger/records/registration.h"
#include "ledger/records/timeliness.h"
#include "storage/bytes/access_record.h"
#include "storage/bytes/format.h"

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
