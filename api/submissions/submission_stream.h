#pragma once

#include "api/http/connection.h"
#include "ingest/items/item_parser.h"

namespace api {

/// Serves a submission of lines that is answered while it is read. Reads no more when the queue is
/// full or the client does not read its results.
Awaitable<void> serve_stream(Connection& connection, ingest::ItemParser& parser);

}  // namespace api
