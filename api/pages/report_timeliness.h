#pragma once

#include <string>

#include "api/pages/report_json.h"

/// The parts of the report that have plots: how soon co-payments came, and cards by month.
namespace api::report {

/// In words: how many targets were met, and each share with its target.
std::string verdict_on_targets(const json::object& timeliness);
std::string timeliness_section(const json::object& statement);
std::string cards_section(const json::object& statement);

}  // namespace api::report
