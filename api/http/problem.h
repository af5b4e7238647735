#pragma once

#include <string>
#include <string_view>

#include "api/http/http_message.h"
#include "ledger/values/error.h"

namespace api {

std::string problem_json(const Problem& problem, std::string_view correlation_id);
Response to_response(const Problem& problem, std::string_view correlation_id);

/// The one translation of operating errors to HTTP.
Problem problem_of(boost::system::error_code error);

/// 403. `reason`, a literal, is for our log.
Problem not_for_the_caller(std::string_view reason);

/// 400: no ceiling is known for the year that the field names.
Problem no_rules_for_year(std::string_view field);

/// 409: another job is running, or about to be ended; its name is empty then.
Problem job_is_running(const std::string& name);

}  // namespace api
