#include "api/v1/person_year.h"

#include "ingest/items/clock.h"
#include "ledger/values/position_text.h"
#include "ledger/values/rfc3339.h"

namespace api {
namespace {

using ledger::Instant;
using ledger::Position;

constexpr std::string_view by_position = "asOfPosition";
constexpr std::string_view by_time = "asOfTime";

Problem refuse(std::string_view field, std::string detail) {
  return {400, "INVALID_AS_OF", std::move(detail), std::string(field)};
}

Position head_of(OpenLedger& open) {
  return Position{open.files().journal().next_position().value() - 1};
}

/// When the entry or group at a position was committed; now, where nothing has been.
ledger::Result<AsOf> at(OpenLedger& open, Position position) {
  if (position.value() == 0) return AsOf{position, ingest::now()};
  const auto time = open.files().journal().committed_at(position);
  if (!time) return time.error();
  return AsOf{position, time.value()};
}

std::optional<Problem> take(const ledger::Result<AsOf>& found, std::optional<AsOf>& as_of) {
  if (!found) return problem_of(found.error());
  as_of = found.value();
  return std::nullopt;
}

std::optional<Problem> read_position(const std::string& text, OpenLedger& open,
                                     std::optional<AsOf>& as_of) {
  Position position;
  if (!ledger::parse_position(text, position)) {
    return refuse(by_position, "`asOfPosition` is not a position, such as \"0-4711\".");
  }
  if (position > head_of(open)) {
    return refuse(by_position, "`asOfPosition` is later than the newest entry.");
  }
  return take(at(open, position), as_of);
}

std::optional<Problem> read_time(const std::string& text, OpenLedger& open,
                                 std::optional<AsOf>& as_of) {
  const auto time = ledger::parse_rfc3339(text);
  if (!time) {
    return refuse(by_time,
                  "`asOfTime` is not a time with offset, such as \"2026-11-27T12:00:00+01:00\".");
  }
  // Commit times never fall, so they can be ahead of a clock that was set back.
  const Position head = head_of(open);
  const auto newest = at(open, head);
  if (!newest) return problem_of(newest.error());
  // The clock tells whole milliseconds: any time within the present one has begun.
  ledger::Instant begun = *time;
  begun.nanoseconds -= begun.nanoseconds % 1'000'000;
  if (begun > ingest::now() && *time > newest.value().time) {
    return refuse(by_time, "`asOfTime` is later than now.");
  }
  const auto position = open.files().journal().position_at(*time);
  if (!position) return problem_of(position.error());
  if (position.value().value() == 0) {
    as_of = AsOf{Position(), *time};
    return std::nullopt;
  }
  return take(at(open, position.value()), as_of);
}

}  // namespace

std::optional<Problem> read_person_year(RequestFields& fields, ledger::NumberSeries series,
                                        OpenLedger& open, PersonYearQuestion& question) {
  const auto number = fields.person(series);
  question.year = static_cast<int>(fields.integer("year", 1, 9999, "INVALID_YEAR"));
  std::string position;
  std::string time;
  if (!fields.is_ok()) return fields.problem();
  if (fields.has(by_position)) position = fields.text(by_position, "INVALID_AS_OF");
  if (fields.has(by_time)) time = fields.text(by_time, "INVALID_AS_OF");
  if (!fields.is_ok()) return fields.problem();
  if (fields.has(by_position) && fields.has(by_time)) {
    return refuse(by_time, "Only one of `asOfPosition` and `asOfTime` can be asked for.");
  }
  question.person = open.files().keys().numbers.encrypt(*number);
  if (fields.has(by_position)) return read_position(position, open, question.as_of);
  if (fields.has(by_time)) return read_time(time, open, question.as_of);
  return std::nullopt;
}

ledger::Result<KnownAccount> known_account(OpenLedger& open, const PersonYearQuestion& question) {
  if (!question.as_of) return newest_account(open, question.person, question.year);
  return account_as_of(open, question.person, question.year, *question.as_of);
}

}  // namespace api
