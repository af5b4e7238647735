#pragma once

#include <string>

#include "storage/closing/statement.h"

namespace storage {

/// The text of statement.json: given all that a statement says.
std::string to_json(const Statement& statement);

}  // namespace storage
