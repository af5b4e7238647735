#include "api/runtime/asker.h"

#include <algorithm>

#include "api/identity/roles.h"
#include "ledger/values/national_id.h"
#include "storage/access_log/access_block.h"

namespace api {

static_assert(std::max(client_bytes_max, token_name_bytes_max) <= storage::access_text_bytes_max,
              "an access that cannot be noted must not be answered");

ledger::Asker asker_of(const Request& request, const ledger::NumberVault& numbers) {
  const Caller& caller = request.caller;
  ledger::Asker asker;
  asker.client = caller.program();
  asker.network_address = request.network_address;
  asker.name = caller.organisation;
  asker.organisation_number = caller.organisation_number;
  if (caller.details == nullptr) return asker;
  const TokenDetails& details = *caller.details;
  asker.client_name = details.client_name;
  asker.token_id = details.token_id;
  asker.main_unit = details.main_unit;
  asker.supplier = details.supplier;
  asker.hpr_number = details.hpr_number;
  // Citizens look at what is theirs as themselves.
  const std::string& logged_in =
      caller.only_person.empty() ? details.practitioner : caller.only_person;
  const auto person =
      ledger::NationalId::parse(logged_in, ledger::NumberSeries::production_and_tests);
  if (person) asker.practitioner = numbers.encrypt(*person);
  return asker;
}

}  // namespace api
