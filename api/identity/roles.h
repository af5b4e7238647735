#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "api/identity/access_token.h"
#include "api/identity/caller.h"
#include "api/identity/refusal.h"

namespace api {

/// The practices with this organisation, practitioner or person number. From any thread.
using FindPractices = std::function<std::vector<std::string>(Register in, std::string_view number)>;

/// What a verified token is worth here, now: settings and registry may have changed since it was
/// verified. A token without any role is refused. `find_practices` may be empty.
Judged<Caller> caller_of(const AccessToken& token, const AuthSettings& settings,
                         const FindPractices& find_practices);

}  // namespace api
