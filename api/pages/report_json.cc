#include "api/pages/report_json.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/string.hpp>
#include <stdexcept>

#include "ledger/values/rfc3339.h"

namespace api::report {

void refuse(std::string_view name) {
  throw std::runtime_error(fmt::format("not a statement: `{}` is missing or wrong", name));
}

namespace {

const json::value& member(const json::object& from, std::string_view name) {
  const json::value* const found = from.if_contains(name);
  if (found == nullptr) refuse(name);
  return *found;
}

}  // namespace

const json::object& object(const json::object& from, std::string_view name) {
  const json::object* const found = member(from, name).if_object();
  if (found == nullptr) refuse(name);
  return *found;
}

const json::object* object_or_null(const json::object& from, std::string_view name) {
  return member(from, name).is_null() ? nullptr : &object(from, name);
}

const json::array& array(const json::object& from, std::string_view name) {
  const json::array* const found = member(from, name).if_array();
  if (found == nullptr) refuse(name);
  return *found;
}

/// An array whose elements are objects.
std::vector<const json::object*> objects(const json::object& from, std::string_view name) {
  std::vector<const json::object*> found;
  for (const json::value& element : array(from, name)) {
    if (!element.is_object()) refuse(name);
    found.push_back(&element.get_object());
  }
  return found;
}

std::int64_t integer(const json::value& value, std::string_view name) {
  const std::int64_t* const found = value.if_int64();
  if (found == nullptr) refuse(name);
  return *found;
}
std::int64_t integer(const json::object& from, std::string_view name) {
  return integer(member(from, name), name);
}

std::uint64_t count(const json::value& value, std::string_view name) {
  const std::int64_t found = integer(value, name);
  if (found < 0) refuse(name);
  return static_cast<std::uint64_t>(found);
}
std::uint64_t count(const json::object& from, std::string_view name) {
  return count(member(from, name), name);
}

bool flag(const json::object& from, std::string_view name) {
  const bool* const found = member(from, name).if_bool();
  if (found == nullptr) refuse(name);
  return *found;
}

bool is_null(const json::object& from, std::string_view name) {
  return member(from, name).is_null();
}

/// A number from 0 to `max`.
double number(const json::object& from, std::string_view name, double max) {
  const json::value& value = member(from, name);
  if (!value.is_number()) refuse(name);
  const auto found = value.to_number<double>();
  if (!(found >= 0 && found <= max)) refuse(name);
  return found;
}

std::string_view raw_text(const json::object& from, std::string_view name) {
  const json::string* const found = member(from, name).if_string();
  if (found == nullptr) refuse(name);
  return {found->data(), found->size()};
}

ledger::Month month(const json::object& from) {
  const auto parsed = ledger::parse_month(raw_text(from, "month"));
  if (!parsed) refuse("month");
  return *parsed;
}

ledger::Date date(const json::object& from, std::string_view name) {
  const auto parsed = ledger::parse_date(raw_text(from, name));
  if (!parsed) refuse(name);
  return *parsed;
}

ledger::Instant instant(const json::object& from, std::string_view name) {
  const auto parsed = ledger::parse_rfc3339(raw_text(from, name));
  if (!parsed) refuse(name);
  return *parsed;
}

}  // namespace api::report
