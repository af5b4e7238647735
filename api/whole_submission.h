#pragma once

#include "api/connection.h"
#include "ingest/item_parser.h"

namespace api {

/// Serves a submission that is read whole and answered whole: an item, an array, lines, or all of
/// them or none.
Awaitable<void> serve_whole_submission(Connection& connection, ingest::ItemParser& parser,
                                       bool is_json, bool is_atomic);

}  // namespace api
