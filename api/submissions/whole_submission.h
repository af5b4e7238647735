#pragma once

#include "api/http/connection.h"
#include "ingest/items/item_parser.h"

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
Awaitable<void> serve_whole_submission(Connection& connection, ingest::ItemParser& parser,
                                       SubmissionForm form);

}  // namespace api
