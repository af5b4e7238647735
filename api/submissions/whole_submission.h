#pragma once

#include "api/submissions/http_submission.h"

namespace api {

/// How a request wants its items to be read and answered.
struct SubmissionForm {
  bool is_json = false;     ///< an item or an array; else an item a line
  bool is_atomic = false;   ///< all items or none
  bool is_dry_run = false;  ///< answered as if they were committed

  /// Its items are decided together.
  bool is_one_group() const { return is_atomic || is_dry_run; }
};

/// Serves a submission that is read whole and answered whole.
Awaitable<void> serve_whole_submission(SubmissionRequest& submission, SubmissionForm form);

}  // namespace api
