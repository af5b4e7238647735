// GET /v1/events: what notification and payout systems read, in order, none missing.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <span>

#include "api/http/problem.h"
#include "api/runtime/ledger_routes.h"
#include "api/v1/long_poll.h"
#include "api/v1/routes.h"
#include "api/v1/told_event.h"
#include "ledger/values/hex.h"
#include "ledger/values/position_text.h"
#include "ledger/values/rfc3339.h"

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
  bool is_after_item = true;  ///< `after` names an item or group, or the beginning
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
  if (!ledger::parse_position(text.substr(0, dash), question.after)) return false;
  question.is_after_item = dash == std::string_view::npos;
  if (!question.is_after_item) {
    const std::string_view ordinal = text.substr(dash + 1);
    const bool has_other_spelling = ordinal.size() > 1 && ordinal.front() == '0';
    return !has_other_spelling && parse_number(ordinal, question.after_ordinal);
  }
  question.after_ordinal = std::numeric_limits<std::uint32_t>::max();
  return true;
}

/// Whether the place that was asked for has ever been given: as that of an event, or of an item or
/// group.
ledger::Result<bool> is_ours(OpenLedger& open, const Question& question) {
  if (question.is_after_item) return open.is_durable(question.after);
  if (!open.is_durable(question.after)) return false;
  return open.files().state().has_event(question.after, question.after_ordinal);
}

Problem invalid_after() {
  return {400, "INVALID_AFTER",
          "`after` must be the position of the last event read, or of an item, as this ledger has "
          "given it.",
          "after"};
}

std::optional<Problem> read_question(const Request& request, Question& question) {
  if (const std::string* const text = request.query_value("after")) {
    if (!parse_after(*text, question)) {
      return invalid_after();
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

void append_merge(std::string& out, const ledger::Event& event) {
  out += fmt::format(R"(,"mergedPersonRef":{},"replacedCards":[)", event.merged.value());
  for (std::size_t i = 0; i < event.replaced_cards.size(); ++i) {
    const ledger::ReplacedCard& replaced = event.replaced_cards[i];
    if (i != 0) out += ',';
    out += fmt::format(R"({{"year":{},"cardId":"{}","replacedCardId":"{}"}})", replaced.year,
                       ledger::to_hex(replaced.card), ledger::to_hex(replaced.replaced));
  }
  out += ']';
}

void append_event(std::string& out, const ToldEvent& told) {
  const ledger::Event& event = told.event;
  out +=
      fmt::format(R"({{"position":"{}","type":"{}","at":")", told.position(), name_of(event.type));
  ledger::append_rfc3339(out, told.at);
  out += fmt::format(R"(","personRef":{})", event.account.person.value());
  if (event.account.year != 0) out += fmt::format(R"(,"year":{})", event.account.year);
  out += fmt::format(R"(,"cause":"{}")", told.cause_type);
  if (event.registration.value() != 0) {
    out += fmt::format(R"(,"registration":"{}","practiceId":"{}","guid":"{}")",
                       ledger::to_string(event.registration), told.practice.view(),
                       to_string(told.guid));
  }
  if (event.type == ledger::EventType::person_merged) {
    append_merge(out, event);
  } else if (is_about_card(event.type)) {
    out += fmt::format(R"(,"cardId":"{}","entitledFrom":"{}")", ledger::to_hex(event.card),
                       ledger::to_string(event.entitled_from));
  } else {
    out += fmt::format(R"(,"amountOre":{})", event.amount.ore());
  }
  if (event.type == ledger::EventType::entitlement_moved) {
    out += fmt::format(R"(,"movedFrom":"{}")", ledger::to_string(event.moved_from));
  }
  out += "}\n";
}

/// Writes durable events, which may name what the journal holds.
ledger::Result<std::string> write_events(
    OpenLedger& open, std::span<const std::pair<std::uint32_t, ledger::Event>> events) {
  std::string lines;
  EventTeller teller(open.files().journal(), open.files().state());
  for (const auto& [ordinal, event] : events) {
    const auto told = teller.tell(ordinal, event);
    if (!told) return told.error();
    append_event(lines, told.value());
  }
  return lines;
}

PollAnswer events(std::chrono::seconds poll_timeout, OpenLedger& open, const Request& request) {
  const auto refuse = [&request](const Problem& problem) {
    return PollAnswer{to_response(problem, request.correlation_id), std::nullopt, {}};
  };
  Question question;
  if (const auto problem = read_question(request, question)) return refuse(*problem);
  const auto is_known = is_ours(open, question);
  if (!is_known) return refuse(problem_of(is_known.error()));
  if (!is_known.value()) return refuse(invalid_after());
  const storage::StateStore& state = open.files().state();
  // Before the events are read, so that one that comes meanwhile is newer than what is waited for.
  const ledger::Position newest = state.newest_event();
  const auto found = state.events(question.after, question.after_ordinal, question.limit);
  if (!found) return refuse(problem_of(found.error()));
  const auto durable =
      std::find_if(found.value().begin(), found.value().end(),
                   [&](const auto& event) { return !open.is_durable(event.second.cause); });
  const auto lines = write_events(open, {found.value().begin(), durable});
  if (!lines) return refuse(problem_of(lines.error()));
  PollAnswer answer;
  answer.response.content_type = "application/x-ndjson";
  answer.response.body = lines.value();
  if (!answer.response.body.empty() || question.wait.count() == 0) return answer;
  answer.wait = std::min(question.wait, poll_timeout);
  if (durable != found.value().end()) {
    answer.again_after = ledger::Position{durable->second.cause.value() - 1};
  } else {
    answer.again_after = newest;
  }
  return answer;
}

}  // namespace

void add_event_routes(Router& router, const LedgerKeeper& keeper, const Limits& limits) {
  constexpr std::string_view path = "/v1/events";
  const LongPoll poll{
      path, keeper, limits.waiting_polls_max,
      [poll_timeout = limits.poll_timeout](OpenLedger& open, const Request& request) {
        return events(poll_timeout, open, request);
      }};
  router.add({.method = "GET",
              .path = path,
              .access = {Role::payout},
              .kind = RouteKind::slow,
              .parameters = {"after", "limit", "wait"},
              .serve = [poll](Connection& connection) { return poll.serve(connection); }});
}

}  // namespace api
