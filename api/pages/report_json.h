#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/values/oslo_time.h"

/// Reading a statement for its report: the members of a JSON object. Everything throws
/// std::runtime_error with the member's name when it is missing, of another type, or cannot be.
namespace api::report {

namespace json = boost::json;

[[noreturn]] void refuse(std::string_view name);

const json::object& object(const json::object& from, std::string_view name);
const json::object* object_or_null(const json::object& from, std::string_view name);
const json::array& array(const json::object& from, std::string_view name);
/// An array whose elements are objects.
std::vector<const json::object*> objects(const json::object& from, std::string_view name);

bool flag(const json::object& from, std::string_view name);
bool is_null(const json::object& from, std::string_view name);
std::int64_t integer(const json::object& from, std::string_view name);
std::int64_t integer(const json::value& value, std::string_view name);
/// An integer from 0.
std::uint64_t count(const json::object& from, std::string_view name);
std::uint64_t count(const json::value& value, std::string_view name);
/// A number from 0 to `max`.
double number(const json::object& from, std::string_view name, double max);

std::string_view raw_text(const json::object& from, std::string_view name);
ledger::Month month(const json::object& from);
ledger::Date date(const json::object& from, std::string_view name);
ledger::Instant instant(const json::object& from, std::string_view name);

}  // namespace api::report
