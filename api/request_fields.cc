#include "api/request_fields.h"

#include <simdjson.h>

#include <algorithm>
#include <boost/json/parse.hpp>

#include "ingest/item_parser.h"
#include "ledger/rfc3339.h"

namespace api {
namespace {

/// The number of members as they are written, repeated ones too; Boost.JSON keeps the last of each.
std::size_t count_members(std::string_view object_text) {
  static_assert(ingest::ItemParser::padding_bytes >= simdjson::SIMDJSON_PADDING);
  thread_local simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  simdjson::ondemand::object object;
  std::size_t count = 0;
  if (parser
          .iterate(object_text.data(), object_text.size(),
                   object_text.size() + simdjson::SIMDJSON_PADDING)
          .get(document) ||
      document.get_object().get(object))
    return 0;
  if (object.count_fields().get(count)) return 0;
  return count;
}

std::string quoted(std::string_view name) { return '`' + std::string(name) + '`'; }

}  // namespace

RequestFields::RequestFields(std::string_view body, std::initializer_list<std::string_view> names) {
  boost::json::error_code error;
  boost::json::value parsed = boost::json::parse(body, error, &memory_);
  if (error || !parsed.is_object()) {
    refuse("MALFORMED_REQUEST", "", "The body is not a JSON object.");
    return;
  }
  body_ = std::move(parsed);  // within the same memory: nothing is copied
  if (count_members(body) != object().size()) {
    refuse("DUPLICATE_FIELD", "", "The body has a member twice.");
    return;
  }
  for (const auto& member : object()) {
    const std::string_view name(member.key().data(), member.key().size());
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      // The name itself is not repeated: it may be anything.
      std::string known;
      for (const std::string_view allowed : names)
        known += (known.empty() ? "" : ", ") + quoted(allowed);
      refuse("UNKNOWN_FIELD", "",
             "The body has a member that is not known here; known are " + known + ".");
      return;
    }
  }
}

void RequestFields::refuse(std::string_view code, std::string_view field, std::string detail) {
  if (!problem_) problem_ = Problem{400, code, std::move(detail), std::string(field)};
}

const boost::json::value* RequestFields::find(std::string_view name) {
  if (problem_) return nullptr;
  const boost::json::value* const found = object().if_contains(name);
  if (found == nullptr) refuse("MISSING_FIELD", name, quoted(name) + " is missing.");
  return found;
}

std::string RequestFields::text(std::string_view name, std::string_view code) {
  const boost::json::value* const found = find(name);
  if (found == nullptr) return {};
  if (!found->is_string()) {
    refuse(code, name, quoted(name) + " must be a string.");
    return {};
  }
  return {found->as_string().data(), found->as_string().size()};
}

std::int64_t RequestFields::integer(std::string_view name, std::int64_t min, std::int64_t max,
                                    std::string_view code) {
  const boost::json::value* const found = find(name);
  if (found == nullptr) return 0;
  if (!found->is_int64() || found->as_int64() < min || found->as_int64() > max) {
    refuse(code, name,
           quoted(name) + " must be an integer from " + std::to_string(min) + " to " +
               std::to_string(max) + ".");
    return 0;
  }
  return found->as_int64();
}

bool RequestFields::truth(std::string_view name, std::string_view code) {
  const boost::json::value* const found = find(name);
  if (found == nullptr) return false;
  if (!found->is_bool()) {
    refuse(code, name, quoted(name) + " must be true or false.");
    return false;
  }
  return found->as_bool();
}

std::optional<ledger::NationalId> RequestFields::person(ledger::NumberSeries series) {
  const std::string number = text("personId", "INVALID_PERSON_ID");
  if (problem_) return std::nullopt;
  const auto parsed = ledger::NationalId::parse(number, series);
  if (!parsed) {
    refuse("INVALID_PERSON_ID", "personId",
           "`personId` is not a national identity number: 11 digits, a date and two check digits.");
  }
  return parsed;
}

ledger::ServiceType RequestFields::service_type() {
  const std::string code = text("serviceType", "INVALID_SERVICE_TYPE");
  if (problem_) return {};
  const auto parsed = ledger::parse_service_type(code);
  if (!parsed) {
    refuse("INVALID_SERVICE_TYPE", "serviceType",
           "`serviceType` must be one of A S B LE HS PO LR PS PR BR TB RH FT.");
    return {};
  }
  return *parsed;
}

ledger::Date RequestFields::date(std::string_view name, std::string_view code) {
  const std::string written = text(name, code);
  if (problem_) return {};
  const auto parsed = ledger::parse_date(written);
  if (!parsed) {
    refuse(code, name, quoted(name) + " must be a date, YYYY-MM-DD.");
    return {};
  }
  return *parsed;
}

}  // namespace api
