// GET /v1/events: what notification and payout systems read, in order, none missing.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "api/problem.h"
#include "api/service.h"
#include "ledger/rfc3339.h"

namespace api {
namespace {

/// An event's place, `shard-offset-ordinal`: the item that caused it, and a number within that
/// item.
bool parse_event_position(std::string_view text, ledger::Position& cause, std::uint32_t& ordinal) {
  if (!text.starts_with("0-")) return false;
  const char* const end = text.data() + text.size();
  std::uint64_t offset = 0;
  const auto first = std::from_chars(text.data() + 2, end, offset);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '-') return false;
  const auto second = std::from_chars(first.ptr + 1, end, ordinal);
  cause = ledger::Position{offset};
  return second.ec == std::errc() && second.ptr == end;
}

std::string event_line(std::uint32_t ordinal, const ledger::Event& event) {
  std::string line = fmt::format(R"({{"position":"0-{}-{}","type":"{}","personRef":{},"year":{})",
                                 event.cause.value(), ordinal, name_of(event.type),
                                 event.account.person.value(), event.account.year);
  line += fmt::format(R"(,"registration":"0-{}")", event.registration.value());
  if (!event.amount.is_zero()) line += fmt::format(R"(,"amountOre":{})", event.amount.ore());
  if (event.entitled_from != ledger::Date{}) {
    line += fmt::format(R"(,"entitledFrom":"{}")", ledger::to_string(event.entitled_from));
  }
  line += "}\n";
  return line;
}

}  // namespace

Response events(Service& service, const Request& request) {
  ledger::Position after;
  std::uint32_t ordinal = 0;
  if (const std::string* const text = request.query_value("after")) {
    if (!parse_event_position(*text, after, ordinal)) {
      return to_response(
          {400, "INVALID_AFTER", "`after` must be the position of the last event read.", "after"},
          request.correlation_id);
    }
  }
  std::size_t limit = 1000;
  if (const std::string* const text = request.query_value("limit")) {
    const auto read = std::from_chars(text->data(), text->data() + text->size(), limit);
    if (read.ec != std::errc() || read.ptr != text->data() + text->size() || limit < 1 ||
        limit > 10'000) {
      return to_response({400, "INVALID_LIMIT", "`limit` must be from 1 to 10000.", "limit"},
                         request.correlation_id);
    }
  }
  const auto found = service.shard().state().events(after, ordinal, limit);
  if (!found) return to_response(problem_of(found.error()), request.correlation_id);
  Response response;
  response.content_type = "application/x-ndjson";
  for (const auto& [number, event] : found.value()) {
    response.body += event_line(number, event);
    response.reflects = std::max(response.reflects, event.cause);
  }
  return response;
}

}  // namespace api
