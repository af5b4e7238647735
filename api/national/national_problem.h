#pragma once

#include <string>
#include <string_view>

#include "api/http/http_message.h"
#include "api/http/problem.h"

namespace api {

/// A refusal with a sentence of our own, in Norwegian; its code is one of the published ones.
/// `reason` is for our log.
Problem invalid_query(std::string sentence);
Problem no_access(std::string_view reason, std::string sentence);

/// Tells a problem as the published documents of the card query do: four members, a code of theirs,
/// a sentence in Norwegian. What is published knows neither 413 and 415 nor 503.
void tell_national_problem(const Problem& problem, std::string_view correlation_id,
                           Response& response);

}  // namespace api
