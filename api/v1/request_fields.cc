#include "api/v1/request_fields.h"

#include <simdjson.h>

#include <boost/json/parse.hpp>
#include <optional>
#include <string>

#include "ingest/items/item_parser.h"
#include "ingest/items/json_out.h"
#include "ingest/items/json_text.h"
#include "ledger/values/rfc3339.h"

namespace api {
namespace {

std::string quoted(std::string_view name) { return '`' + std::string(name) + '`'; }

std::string_view name_at(std::size_t place, RequestFields::Names required,
                         RequestFields::Names optional) {
  return place < required.size() ? required.begin()[place]
                                 : optional.begin()[place - required.size()];
}

/// Among the required names and then the optional ones; their number when it is none of them.
std::size_t place_of(std::string_view name, RequestFields::Names required,
                     RequestFields::Names optional) {
  const std::size_t count = required.size() + optional.size();
  std::size_t place = 0;
  while (place < count && name_at(place, required, optional) != name) ++place;
  return place;
}

/// The name itself is not repeated: it may be anything.
std::string unknown_detail(RequestFields::Names required, RequestFields::Names optional) {
  std::string known;
  for (std::size_t place = 0; place < required.size() + optional.size(); ++place) {
    known += (known.empty() ? "" : ", ") + quoted(name_at(place, required, optional));
  }
  return "The body has a member that is not known here; known are " + known + ".";
}

}  // namespace

RequestFields::RequestFields(std::string_view body, Names required, Names optional) {
  boost::json::error_code error;
  boost::json::value parsed = boost::json::parse(body, error, &memory_);
  if (error == boost::json::error::exponent_overflow) {
    parsed = boost::json::parse(ingest::with_plain_numbers(body), error, &memory_);
  }
  if (error || !parsed.is_object()) {
    refuse("MALFORMED_REQUEST", "",
           error ? "The body is not JSON: " + ingest::json_fault(body) + '.'
                 : "The body is not a JSON object.");
    return;
  }
  body_ = std::move(parsed);  // within the same memory: nothing is copied
  check_names(body, required, optional);
}

/// As they are written: Boost.JSON keeps the last of a repeated member.
void RequestFields::check_names(std::string_view body, Names required, Names optional) {
  static_assert(ingest::ItemParser::padding_bytes >= simdjson::SIMDJSON_PADDING);
  thread_local simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  simdjson::ondemand::object object;
  if (parser.iterate(body.data(), body.size(), body.size() + simdjson::SIMDJSON_PADDING)
          .get(document) ||
      document.get_object().get(object)) {
    refuse("MALFORMED_REQUEST", "", "The body is not a JSON object.");
    return;
  }
  std::optional<std::string> unknown;
  std::string_view repeated;
  std::uint64_t seen = 0;  // a bit for each known name
  for (auto member : object) {
    std::string_view name;
    if (member.unescaped_key().get(name)) {
      refuse("MALFORMED_REQUEST", "", "The body is not a JSON object.");
      return;
    }
    const std::size_t place = place_of(name, required, optional);
    if (place == required.size() + optional.size()) {
      if (!unknown) unknown = ingest::shown_name(name);
      continue;
    }
    const std::uint64_t bit = std::uint64_t{1} << place;
    if ((seen & bit) != 0 && repeated.empty()) repeated = name_at(place, required, optional);
    seen |= bit;
  }
  if (unknown) refuse("UNKNOWN_FIELD", *unknown, unknown_detail(required, optional));
  for (const std::string_view name : required) find(name);
  if (!repeated.empty()) {
    refuse("DUPLICATE_FIELD", repeated, "The body has " + quoted(repeated) + " twice.");
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
  std::string value(found->as_string().data(), found->as_string().size());
  // To the system the text would end there.
  if (value.find('\0') != std::string::npos) {
    refuse(code, name, quoted(name) + " has a NUL character.");
    return {};
  }
  return value;
}

std::vector<std::int64_t> RequestFields::integers(std::string_view name, std::string_view code) {
  const boost::json::value* const found = find(name);
  if (found == nullptr) return {};
  const boost::json::array* const array = found->if_array();
  std::vector<std::int64_t> integers;
  for (const boost::json::value& element : array == nullptr ? boost::json::array() : *array) {
    if (element.is_int64()) integers.push_back(element.as_int64());
  }
  if (array == nullptr || integers.size() != array->size()) {
    refuse(code, name, quoted(name) + " must be an array of integers.");
    return {};
  }
  return integers;
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

std::vector<std::string_view> RequestFields::texts(std::string_view name, std::string_view code) {
  const boost::json::value* const found = find(name);
  if (found == nullptr) return {};
  std::vector<std::string_view> texts;
  if (found->is_array()) {
    for (const boost::json::value& element : found->as_array()) {
      if (!element.is_string()) break;
      texts.emplace_back(element.as_string().data(), element.as_string().size());
    }
  }
  if (!found->is_array() || texts.size() != found->as_array().size()) {
    refuse(code, name, quoted(name) + " must be an array of strings.");
    return {};
  }
  return texts;
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
