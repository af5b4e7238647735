// GET /v1/events: what notification and payout systems read, in order, none missing.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <span>

#include "api/problem.h"
#include "api/service.h"
#include "ingest/result_text.h"
#include "ledger/rfc3339.h"

namespace api {
namespace {

/// Shorter than the time-outs that clients usually have.
constexpr std::chrono::seconds default_wait{5};
constexpr std::chrono::seconds wait_max{60};
constexpr std::size_t default_limit = 1000;
constexpr std::size_t limit_max = 10'000;

struct Question {
  ledger::Position after;
  std::uint32_t after_ordinal = 0;
  std::size_t limit = default_limit;
  std::chrono::seconds wait = default_wait;
};

/// A number as it is written, without sign or space.
template <class Number>
bool parse_number(std::string_view text, Number& out) {
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, out);
  return read.ec == std::errc() && read.ptr == end;
}

/// An event's place, `shard-offset-ordinal`: the item that caused it, and a number within that
/// item. Without the number: after the last event of that item.
bool parse_after(std::string_view text, Question& question) {
  const std::size_t dash = text.find('-', 2);
  if (!ingest::parse_position(text.substr(0, dash), question.after)) return false;
  if (dash != std::string_view::npos) {
    return parse_number(text.substr(dash + 1), question.after_ordinal);
  }
  question.after_ordinal = std::numeric_limits<std::uint32_t>::max();
  return true;
}

std::optional<Problem> read_question(const Request& request, Question& question) {
  if (const std::string* const text = request.query_value("after")) {
    if (!parse_after(*text, question)) {
      return Problem{400, "INVALID_AFTER",
                     "`after` must be the position of the last event read, or of an item.",
                     "after"};
    }
  }
  if (const std::string* const text = request.query_value("limit")) {
    if (!parse_number(*text, question.limit) || question.limit < 1 || question.limit > limit_max) {
      return Problem{400, "INVALID_LIMIT", fmt::format("`limit` must be from 1 to {}.", limit_max),
                     "limit"};
    }
  }
  if (const std::string* const text = request.query_value("wait")) {
    std::uint32_t seconds = 0;
    if (!parse_number(*text, seconds) || seconds > wait_max.count()) {
      return Problem{400, "INVALID_WAIT",
                     fmt::format("`wait` must be whole seconds from 0 to {}.", wait_max.count()),
                     "wait"};
    }
    question.wait = std::chrono::seconds{seconds};
  }
  return std::nullopt;
}

/// Appends the event's line. `cause` and `registration` are the entries that it names.
void append_event(std::string& out, OpenShard& open, std::uint32_t ordinal,
                  const ledger::Event& event, const ledger::Entry& cause,
                  const ledger::Entry& registration, const ledger::PracticeId& practice) {
  const ledger::AccountKey& account = event.account;
  out += fmt::format(R"({{"position":"0-{}-{}","type":"{}","at":")", event.cause.value(), ordinal,
                     name_of(event.type));
  ledger::append_rfc3339(out, cause.item.received);
  out += fmt::format(R"(","personRef":{},"year":{})", account.person.value(), account.year);
  if (event.amount.is_zero()) {
    out += fmt::format(R"(,"cardId":"{}")",
                       open.shard().keys().numbers.card_number(account.person, account.year));
  } else {
    out += fmt::format(R"(,"amountOre":{})", event.amount.ore());
  }
  if (event.entitled_from != ledger::Date{}) {
    out += fmt::format(R"(,"entitledFrom":"{}")", ledger::to_string(event.entitled_from));
  }
  out +=
      fmt::format(R"(,"registration":"0-{}","practiceId":"{}","guid":"{}"}})",
                  event.registration.value(), practice.view(), to_string(registration.item.guid));
  out += '\n';
}

/// Writes durable events, which may name what the journal holds.
ledger::Result<std::string> write_events(
    OpenShard& open, std::span<const std::pair<std::uint32_t, ledger::Event>> events) {
  std::string lines;
  ledger::Entry cause;
  for (const auto& [ordinal, event] : events) {
    if (cause.verdict.position != event.cause) {
      const auto read = open.shard().journal().read_entry(event.cause);
      if (!read) return read.error();
      cause = read.value();
    }
    ledger::Entry registration = cause;
    if (event.registration != event.cause) {
      const auto read = open.shard().journal().read_entry(event.registration);
      if (!read) return read.error();
      registration = read.value();
    }
    const auto practice = open.shard().state().practice_identifier(registration.practice);
    if (!practice) return practice.error();
    append_event(lines, open, ordinal, event, cause, registration, practice.value());
  }
  return lines;
}

}  // namespace

Response events(Service& service, OpenShard& open, const Request& request) {
  Question question;
  if (const auto problem = read_question(request, question)) {
    return to_response(*problem, request.correlation_id);
  }
  const storage::StateStore& state = open.shard().state();
  // Before the events are read, so that one that comes meanwhile is newer than what is waited for.
  const ledger::Position newest = state.newest_event();
  const auto found = state.events(question.after, question.after_ordinal, question.limit);
  if (!found) return to_response(problem_of(found.error()), request.correlation_id);
  const auto durable =
      std::find_if(found.value().begin(), found.value().end(),
                   [&](const auto& event) { return !open.is_durable(event.second.cause); });
  const auto lines = write_events(open, {found.value().begin(), durable});
  if (!lines) return to_response(problem_of(lines.error()), request.correlation_id);
  Response response;
  response.content_type = "application/x-ndjson";
  response.body = lines.value();
  if (!response.body.empty() || question.wait.count() == 0) return response;
  response.wait = std::min(question.wait, service.limits().poll_timeout);
  if (durable != found.value().end()) {
    response.again_after = ledger::Position{durable->second.cause.value() - 1};
  } else if (question.after > newest) {
    response.again_after = ledger::Position{question.after.value() - 1};
  } else {
    response.again_after = newest;
  }
  return response;
}

}  // namespace api
