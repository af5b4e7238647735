#include "api/runtime/asker.h"

#include "api/identity/roles.h"
#include "ledger/values/national_id.h"
#include "storage/access_log/access_block.h"

namespace api {

static_assert(client_bytes_max <= storage::access_text_bytes_max,
              "an access that cannot be noted must not be answered");

ledger::Asker asker_of(const Caller& caller, const ledger::NumberVault& numbers) {
  ledger::Asker asker{caller.program(),
                      caller.organisation,
                      caller.organisation_number,
                      caller.main_unit,
                      caller.supplier,
                      caller.hpr_number,
                      {}};
  const auto practitioner =
      ledger::NationalId::parse(caller.practitioner, ledger::NumberSeries::production_and_tests);
  if (practitioner) asker.practitioner = numbers.encrypt(*practitioner);
  return asker;
}

}  // namespace api
