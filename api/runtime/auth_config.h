#pragma once

#include <toml++/toml.h>

#include "api/runtime/config.h"
#include "api/runtime/table_reader.h"

namespace api {

/// Reads one of the tables about who may and what: `public`, `tls`, `auth`, `rates`, `metrics`,
/// `log`, `registry`, `national`, and the arrays `issuers` and `practices`. False when the name is
/// none of them.
bool read_auth_table(std::string_view name, const toml::node& node, ConfigFaults& faults,
                     Config& config);

/// Which practices the configuration knows by a number.
FindPractices find_practices(const std::vector<KnownPractice>& practices);
/// What it says of them.
DescribePractice describe_practice(const std::vector<KnownPractice>& practices);

}  // namespace api
