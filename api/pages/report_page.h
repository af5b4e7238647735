#pragma once

#include <string>
#include <string_view>

namespace api {

/// The year-end report for people: one page of HTML with inline SVG, nothing loaded from elsewhere.
/// `statement` is the text of a statement.json; throws std::runtime_error when it is not one.
std::string report_page(std::string_view statement);

}  // namespace api
