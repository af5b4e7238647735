#include "api/request_fields.h"

#include <simdjson.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <vector>

#include "ingest/item_parser.h"
#include "ingest/json_text.h"
#include "ingest/result_text.h"
#include "ledger/rfc3339.h"

namespace api {
namespace {

/// Calls `take` with the name of each member as it is written, repeated ones too; Boost.JSON keeps
/// the last of each. The text is a JSON object.
template <class Take>
void walk_members(std::string_view object_text, Take take) {
  static_assert(ingest::ItemParser::padding_bytes >= simdjson::SIMDJSON_PADDING);
  thread_local simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  simdjson::ondemand::object object;
  if (parser
          .iterate(object_text.data(), object_text.size(),
                   object_text.size() + simdjson::SIMDJSON_PADDING)
          .get(document) ||
      document.get_object().get(object))
    return;
  for (auto member : object) {
    std::string_view name;
    if (member.unescaped_key().get(name)) return;
    take(name);
  }
}

std::size_t count_members(std::string_view object_text) {
  std::size_t count = 0;
  walk_members(object_text, [&count](std::string_view) { ++count; });
  return count;
}

/// The first name that has been there before.
std::string repeated_name(std::string_view object_text) {
  std::vector<std::string> seen;
  std::string repeated;
  walk_members(object_text, [&](std::string_view name) {
    const bool is_known = std::find(seen.begin(), seen.end(), name) != seen.end();
    if (is_known && repeated.empty()) repeated = name;
    seen.emplace_back(name);
  });
  return repeated;
}

std::string quoted(std::string_view name) { return '`' + std::string(name) + '`'; }

}  // namespace

RequestFields::RequestFields(std::string_view body, Names required, Names optional) {
  boost::json::error_code error;
  boost::json::value parsed = boost::json::parse(body, error, &memory_);
  if (error) {
    refuse("MALFORMED_REQUEST", "", "The body is not JSON: " + ingest::json_fault(body) + '.');
  } else if (!parsed.is_object()) {
    refuse("MALFORMED_REQUEST", "", "The body is not a JSON object.");
  } else {
    body_ = std::move(parsed);  // within the same memory: nothing is copied
    judge_names(body, required, optional);
  }
}

void RequestFields::judge_names(std::string_view body, Names required, Names optional) {
  const auto is_in = [](Names names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  for (const auto& member : object()) {
    const std::string_view name(member.key().data(), member.key().size());
    if (is_in(required, name) || is_in(optional, name)) continue;
    std::string known;
    for (const Names names : {required, optional}) {
      for (const std::string_view allowed : names) {
        known += (known.empty() ? "" : ", ") + quoted(allowed);
      }
    }
    // In the text the name is not repeated: it may be anything.
    refuse("UNKNOWN_FIELD", ingest::shown_name(name),
           "The body has a member that is not known here; known are " + known + ".");
    return;
  }
  for (const std::string_view name : required) find(name);
  if (!problem_ && count_members(body) != object().size()) {
    const std::string name = ingest::shown_name(repeated_name(body));
    refuse("DUPLICATE_FIELD", name, "The body has a member twice.");
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
