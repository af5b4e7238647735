#pragma once

#include "api/identity/access_token.h"
#include "api/identity/caller.h"
#include "api/identity/refusal.h"

namespace api {

/// What a verified token is worth here, now: settings and registry may have changed since it was
/// verified. A token without any role for routes of this contract is refused.
Judged<Caller> caller_of(const AccessToken& token, const AuthSettings& settings, Surface surface);
/// As rates and the access log know who sends such tokens: issuer and client.
std::string client_of(const AccessToken& token);
constexpr std::size_t client_bytes_max = issuer_name_bytes_max + 1 + token_name_bytes_max;

}  // namespace api
