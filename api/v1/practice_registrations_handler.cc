// POST /v1/registrations/lookup and GET /v1/practices/{practiceId}/unpaid: what a practice has
// reported, and what became of it. Nothing is said of persons.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "api/runtime/ledger_routes.h"
#include "api/v1/request_fields.h"
#include "api/v1/routes.h"
#include "ingest/items/json_out.h"
#include "ledger/records/fingerprint.h"
#include "ledger/values/position_text.h"
#include "ledger/values/rfc3339.h"

namespace api {
namespace {

using ledger::Registration;
using ledger::Result;

constexpr std::size_t guids_max = 1000;
constexpr std::size_t default_limit = 100;
constexpr std::size_t limit_max = 1000;

Problem invalid_practice() {
  return {400, "INVALID_PRACTICE_ID", "A practice is named by 1 to 20 digits.", "practiceId"};
}

void append_time(std::string& out, std::string_view name, ledger::Instant time) {
  out += fmt::format(R"(,"{}":")", name);
  ledger::append_rfc3339(out, time);
  out += '"';
}

// ---- looking up ----

struct Asked {
  ledger::PracticeId practice;
  std::vector<ledger::Guid> guids;
};

std::optional<Problem> read_question(const Request& request, Asked& asked) {
  RequestFields fields(request.body, {"practiceId", "guids"});
  const std::string practice = fields.text("practiceId", "INVALID_PRACTICE_ID");
  const std::vector<std::string_view> guids = fields.texts("guids", "INVALID_GUIDS");
  if (!fields.is_ok()) return fields.problem();
  if (!ledger::PracticeId::parse(practice, asked.practice)) return invalid_practice();
  if (guids.size() > guids_max) {
    return Problem{413, "TOO_LARGE",
                   fmt::format("At most {} guids are looked up at once.", guids_max), "guids"};
  }
  if (guids.empty()) return Problem{400, "INVALID_GUIDS", "`guids` is empty.", "guids"};
  for (const std::string_view text : guids) {
    const auto guid = ledger::parse_guid(text);
    if (!guid) {
      return Problem{400, "INVALID_GUID",
                     fmt::format("`guids[{}]` is not a UUID.", asked.guids.size()), "guids"};
    }
    asked.guids.push_back(*guid);
  }
  return std::nullopt;
}

/// In the order asked; nothing where none has been accepted. What is newest in memory is looked at
/// between groups, so that the writer waits for memory only, and never for a file.
Result<std::vector<std::optional<Registration>>> find_registrations(OpenLedger& open,
                                                                    const Asked& asked) {
  const storage::StateStore& state = open.files().state();
  std::vector<ledger::Fingerprint> keys;
  for (const ledger::Guid& guid : asked.guids) {
    keys.push_back(fingerprint_of(asked.practice, guid));
  }
  std::vector<Result<std::optional<Registration>>> found;
  found.reserve(keys.size());
  open.between_groups([&] {
    for (const auto& key : keys) found.push_back(state.registration_in_memory(key));
  });
  std::vector<std::optional<Registration>> registrations;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (found[i] && !found[i].value()) found[i] = state.registration_in_files(keys[i]);
    if (!found[i]) return found[i].error();
    registrations.push_back(found[i].value());
  }
  return registrations;
}

/// The newest place that the answer speaks of.
ledger::Position newest_of(const std::vector<std::optional<Registration>>& registrations) {
  ledger::Position newest;
  for (const auto& registration : registrations) {
    if (!registration) continue;
    newest = std::max({newest, registration->reported.position, registration->payment.position,
                       registration->credit_note.position});
  }
  return newest;
}

Result<void> append_found(std::string& out, OpenLedger& open, const Registration& registration) {
  const auto entry = open.files().journal().read_item(registration.reported.position);
  if (!entry) return entry.error();
  const ledger::Code reason = reason_not_counted(registration);
  out += ",\"position\":";
  ingest::append_position(out, registration.reported.position);
  append_time(out, "receivedTime", entry.value().item.received);
  append_time(out, "serviceTime", entry.value().item.service_time);
  out += fmt::format(R"(,"amountOre":{},"paid":{},"credited":{},"counted":{},"code":)",
                     registration.amount.ore(), registration.is_paid, registration.is_credited,
                     reason == ledger::Code::none);
  out +=
      reason == ledger::Code::none ? std::string("null") : fmt::format("\"{}\"", name_of(reason));
  return ledger::ok();
}

// ---- unpaid registrations ----

struct Range {
  ledger::Date from{};
  ledger::Date to{};
  std::size_t limit = default_limit;
  ledger::Position after;  ///< of the last registration shown; 0 = from the first
};

std::optional<Problem> read_date(const Request& request, std::string_view name,
                                 std::string_view code, ledger::Date& date) {
  const std::string* const text = request.query_value(name);
  const auto parsed = text == nullptr ? std::nullopt : ledger::parse_date(*text);
  if (!parsed) {
    return Problem{400, code, fmt::format("`{}` must be a date, YYYY-MM-DD.", name),
                   std::string(name)};
  }
  date = *parsed;
  return std::nullopt;
}

Problem invalid_cursor() {
  return {400, "INVALID_CURSOR", "`cursor` is not one that an answer has given.", "cursor"};
}

std::optional<Problem> read_range(const Request& request, Range& range) {
  if (auto problem = read_date(request, "from", "INVALID_FROM", range.from)) return problem;
  if (auto problem = read_date(request, "to", "INVALID_TO", range.to)) return problem;
  if (range.to < range.from) {
    return Problem{400, "INVALID_RANGE", "`to` must not be before `from`.", "to"};
  }
  if (const std::string* const text = request.query_value("limit")) {
    const char* const end = text->data() + text->size();
    const auto read = std::from_chars(text->data(), end, range.limit);
    if (read.ec != std::errc() || read.ptr != end || range.limit < 1 || range.limit > limit_max) {
      return Problem{400, "INVALID_LIMIT", fmt::format("`limit` must be from 1 to {}.", limit_max),
                     "limit"};
    }
  }
  const std::string* const cursor = request.query_value("cursor");
  if (cursor != nullptr &&
      (!ledger::parse_position(*cursor, range.after) || range.after.value() == 0)) {
    return invalid_cursor();
  }
  return std::nullopt;
}

/// Where the answer goes on: behind the registration that the cursor names, which must be one of
/// the practice and the days asked for. It may have been paid since.
Result<std::optional<ledger::UnpaidKey>> place_after(OpenLedger& open, const Range& range,
                                                     ledger::PracticeNumber practice) {
  if (range.after.value() == 0) {
    return std::optional(ledger::UnpaidKey{practice, range.from, ledger::Position{}});
  }
  std::optional<ledger::UnpaidKey> place;
  if (!open.is_durable(range.after)) return place;
  const auto is_entry = open.files().journal().has_entry(range.after);
  if (!is_entry) return is_entry.error();
  if (!is_entry.value()) return place;
  const auto found = open.files().journal().entry_at(range.after);
  if (!found) return found.error();
  const ledger::ItemEntry* const entry = item_of(found.value());
  if (entry == nullptr) return place;
  const ledger::Date day = oslo_date(entry->item.service_time);
  const bool is_asked_for = entry->item.type == ledger::ItemType::copayment &&
                            entry->practice == practice && day >= range.from && day <= range.to;
  if (is_asked_for) place = ledger::UnpaidKey{practice, day, range.after};
  return place;
}

void append_unpaid(std::string& out, const ledger::UnpaidRegistration& registration) {
  out += fmt::format(R"({{"guid":"{}","position":)", to_string(registration.guid));
  ingest::append_position(out, registration.position);
  append_time(out, "receivedTime", registration.received);
  append_time(out, "serviceTime", registration.service_time);
  out += fmt::format(R"(,"amountOre":{}}})", registration.amount.ore());
}

Response look_up_registrations(OpenLedger& open, const Request& request) {
  const auto fail = [&](const Problem& problem) {
    return to_response(problem, request.correlation_id);
  };
  Asked asked;
  if (const auto problem = read_question(request, asked)) return fail(*problem);
  if (!request.caller.may_act_for(asked.practice.view()))
    return fail(not_for_the_caller("another practice"));
  const auto found = find_registrations(open, asked);
  if (!found) return fail(problem_of(found.error()));
  const auto waited = open.wait_durable(newest_of(found.value()));
  if (waited) return fail(problem_of(waited));
  Response response;
  response.body = "{\"results\":[";
  for (std::size_t i = 0; i < asked.guids.size(); ++i) {
    const std::optional<Registration>& registration = found.value()[i];
    if (i != 0) response.body += ',';
    response.body += fmt::format(R"({{"guid":"{}","found":{})", to_string(asked.guids[i]),
                                 registration.has_value());
    if (registration) {
      const auto appended = append_found(response.body, open, *registration);
      if (!appended) return fail(problem_of(appended.error()));
    }
    response.body += '}';
  }
  response.body += "]}";
  return response;
}

Response unpaid_registrations(OpenLedger& open, const Request& request) {
  const auto fail = [&](const Problem& problem) {
    return to_response(problem, request.correlation_id);
  };
  ledger::PracticeId id;
  if (!ledger::PracticeId::parse(request.path_parameter, id)) return fail(invalid_practice());
  Range range;
  if (const auto problem = read_range(request, range)) return fail(*problem);
  const storage::StateStore& state = open.files().state();
  const auto practice = state.practice_number(id);
  if (!practice && range.after.value() != 0) return fail(invalid_cursor());
  std::vector<ledger::UnpaidRegistration> rows;
  if (practice) {
    const auto after = place_after(open, range, *practice);
    if (!after) return fail(problem_of(after.error()));
    if (!after.value()) return fail(invalid_cursor());
    // One more than shown says whether there is a next page.
    auto found = state.unpaid(*after.value(), range.to, range.limit + 1);
    if (!found) return fail(problem_of(found.error()));
    rows = std::move(found.value());
  }
  const bool has_more = rows.size() > range.limit;
  if (has_more) rows.pop_back();
  Response response;
  response.body = "{\"registrations\":[";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i != 0) response.body += ',';
    append_unpaid(response.body, rows[i]);
  }
  response.body += "],\"nextCursor\":";
  if (has_more) {
    ingest::append_position(response.body, rows.back().position);
  } else {
    response.body += "null";
  }
  response.body += '}';
  response.reflects = state.begun();
  return response;
}

}  // namespace

void add_practice_registration_routes(Router& router, const LedgerKeeper& keeper) {
  router.add({.method = "POST",
              .path = "/v1/registrations/lookup",
              .access = {Role::practice, Role::operations},
              .kind = RouteKind::slow,
              .body_bytes_max = 128U << 10,
              .media_types = {"application/json"},
              .handler = with_ledger(keeper, look_up_registrations)});
  router.add({.method = "GET",
              .path = "/v1/practices/{}/unpaid",
              .access = Access({Role::practice, Role::operations}).of_practice_in_path(),
              .kind = RouteKind::slow,
              .parameters = {"from", "to", "limit", "cursor"},
              .handler = with_ledger(keeper, unpaid_registrations)});
}

}  // namespace api
