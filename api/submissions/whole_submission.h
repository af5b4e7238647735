#pragma once

#include "api/submissions/http_submission.h"

namespace api {

/// Serves a submission that is read whole and answered whole.
Awaitable<void> serve_whole_submission(SubmissionRequest& submission);

}  // namespace api
