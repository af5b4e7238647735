#pragma once

#include "api/submissions/http_submission.h"

namespace api {

/// Serves a submission of lines that is answered while it is read. Reads no more when the queue is
/// full or the client does not read its results.
Awaitable<void> serve_stream(SubmissionRequest request);

}  // namespace api
