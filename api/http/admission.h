#pragma once

#include "api/http/connection.h"
#include "api/http/router.h"
#include "api/identity/rate_limiter.h"

namespace api {

/// Lets the request in to the route by its token. False, and the refusal in `refusal`, when it is
/// not for the caller. It may have to wait for the issuer's keys.
Awaitable<bool> admit_by_token(Connection& connection, const Route& route, Response& refusal);

/// 429, with the headers that say how much there may be and when it may come.
Response rate_refusal(const RateExcess& excess, std::string_view correlation_id);

}  // namespace api
