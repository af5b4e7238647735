#pragma once

#include "api/identity/access_token.h"
#include "api/identity/caller.h"
#include "api/identity/refusal.h"

namespace api {

/// What a verified token is worth here, now: settings and registry may have changed since it was
/// verified. A token without any role for routes of this contract is refused.
Judged<Caller> caller_of(const AccessToken& token, const AuthSettings& settings, Surface surface);
/// As rates know who sends such tokens.
std::string client_of(const AccessToken& token);

}  // namespace api
