// GET .../timeliness: how soon co-payments are reported, for a practice, the nation, all practices.

#include <fmt/format.h>

#include <algorithm>

#include "api/http/problem.h"
#include "api/runtime/ledger_routes.h"
#include "api/v1/routes.h"
#include "ingest/items/clock.h"
#include "ledger/values/rfc3339.h"
#include "storage/json/json.h"

namespace api {
namespace {

using ledger::Basis;
using ledger::Month;
using ledger::TimelinessFigures;
using ledger::TimelinessMonth;
using storage::Json;

constexpr int months_max = 120;

struct Range {
  Month from{};
  Month to{};
  Basis basis = Basis::received;
};

std::optional<Problem> read_basis(const Request& request, Basis& basis) {
  const std::string* const text = request.query_value("basis");
  if (text == nullptr) return std::nullopt;
  if (*text != "received" && *text != "service") {
    return Problem{400, "INVALID_BASIS", "`basis` must be received or service.", "basis"};
  }
  basis = *text == "service" ? Basis::service : Basis::received;
  return std::nullopt;
}

/// The range of months asked for; the problem when it is not one.
std::optional<Problem> read_range(const Request& request, Range& range) {
  const auto read_month = [&](std::string_view name, Month& month) {
    const std::string* const text = request.query_value(name);
    const auto parsed = text == nullptr ? std::nullopt : ledger::parse_month(*text);
    if (parsed) month = *parsed;
    return parsed.has_value();
  };
  if (!read_month("from", range.from)) {
    return Problem{400, "INVALID_FROM", "`from` must be a month, YYYY-MM.", "from"};
  }
  if (!read_month("to", range.to)) {
    return Problem{400, "INVALID_TO", "`to` must be a month, YYYY-MM.", "to"};
  }
  if (range.to < range.from || (range.to - range.from).count() >= months_max) {
    return Problem{400, "INVALID_RANGE",
                   "`to` must not be before `from`, and at most 120 months are given.", "to"};
  }
  return read_basis(request, range.basis);
}

/// Exact: the shortest text that is read back as the same number. A whole one has a decimal, too.
Json fraction(std::optional<double> value) {
  if (!value) return {};
  std::string text = fmt::format("{}", *value);
  if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
  return Json::verbatim(text);
}

/// Exact, in integers: at the target is met.
std::optional<bool> is_met(const TimelinessFigures& figures, std::size_t limit) {
  static constexpr std::uint64_t percents[3] = {90, 95, 99};
  if (figures.count == 0) return std::nullopt;
  return figures.within[limit] * 100 >= figures.count * percents[limit];
}

void add_figures(Json& json, const TimelinessMonth& month) {
  const TimelinessFigures figures = figures_of(month);
  json.add("count", figures.count);
  json.add("within16", figures.within[0]).add("within24", figures.within[1]);
  json.add("within32", figures.within[2]).add("over32", figures.over32());
  json.add("share16", fraction(figures.share[0])).add("share24", fraction(figures.share[1]));
  json.add("share32", fraction(figures.share[2]));
  json.add("averageLagDays", fraction(figures.average_lag_days));
  json.add("p50", figures.p50).add("p90", figures.p90).add("p99", figures.p99);
  json.add("targets", Json::verbatim(R"({"share16":0.90,"share24":0.95,"share32":0.99})"));
  json.add("met", Json::object({{"share16", is_met(figures, 0)},
                                {"share24", is_met(figures, 1)},
                                {"share32", is_met(figures, 2)}}));
}

void add_submissions(Json& json, const TimelinessMonth& month) {
  Json rejected = Json::object();
  for (const auto& [code, count] : month.rejected) rejected.add(name_of(code), count);
  json.add("duplicates", month.duplicates).add("rejected", rejected);
}

/// What of a practice's months is shown: lags by the basis asked for, resends and refusals always
/// by month of receipt.
ledger::Result<TimelinessMonth> month_of_practice(const storage::StateStore& state,
                                                  ledger::PracticeNumber practice, Basis basis,
                                                  Month month) {
  auto received = state.timeliness({practice, Basis::received, month});
  if (!received || basis == Basis::received) return received;
  auto by_service = state.timeliness({practice, basis, month});
  if (!by_service) return by_service;
  by_service.value().duplicates = received.value().duplicates;
  by_service.value().rejected = received.value().rejected;
  return by_service;
}

/// `practice` is none of one that has no number: then there are `refusals` at the most.
Response timeliness(OpenLedger& open, const Request& request, const std::string& practice_id,
                    std::optional<ledger::PracticeNumber> practice,
                    ledger::Refusals refusals = {}) {
  Range range;
  if (const auto problem = read_range(request, range)) {
    return to_response(*problem, request.correlation_id);
  }
  Json months = Json::array();
  TimelinessMonth total;
  for (Month month = range.from; month <= range.to; month += std::chrono::months{1}) {
    TimelinessMonth figures;
    if (practice) {
      auto read = month_of_practice(open.files().state(), *practice, range.basis, month);
      if (!read) return to_response(problem_of(read.error()), request.correlation_id);
      figures = std::move(read.value());
    } else {
      figures = std::move(refusals[month]);
    }
    Json json = Json::object({{"month", ledger::to_string(month)}});
    add_figures(json, figures);
    add_submissions(json, figures);
    months.add(json);
    total.merge(figures);
  }
  Json sum = Json::object();
  add_figures(sum, total);
  add_submissions(sum, total);
  Json out = Json::object();
  if (!practice_id.empty()) out.add("practiceId", practice_id);
  out.add("basis", range.basis == Basis::received ? "received" : "service");
  out.add("months", months).add("total", sum);
  Response response;
  response.body = out.text();
  response.reflects = open.files().state().begun();
  return response;
}

/// The value by which practices are ranked, worst first for shares and lags, largest first for
/// counts.
double rank_of(const ledger::Practice& practice, const TimelinessMonth& month,
               std::string_view sort, ledger::Date today) {
  if (sort == "silent") {
    const auto days = static_cast<double>((today - practice.last_received).count());
    return practice.is_silent(today) ? -days : 0;
  }
  const TimelinessFigures figures = figures_of(month);
  const double absent = 2;  // behind every share
  if (sort == "share16") return figures.share[0].value_or(absent);
  if (sort == "share24") return figures.share[1].value_or(absent);
  if (sort == "share32") return figures.share[2].value_or(absent);
  if (sort == "averageLagDays") return -figures.average_lag_days.value_or(-1);
  return -static_cast<double>(figures.count);
}

/// All months of a practice together.
ledger::Result<TimelinessMonth> months_of_practice(const storage::StateStore& state,
                                                   ledger::PracticeNumber practice,
                                                   const Range& range) {
  TimelinessMonth months;
  for (Month month = range.from; month <= range.to; month += std::chrono::months{1}) {
    const auto read = month_of_practice(state, practice, range.basis, month);
    if (!read) return read.error();
    months.merge(read.value());
  }
  return months;
}

std::optional<Problem> read_ranking(const Request& request, std::string& sort, std::size_t& limit) {
  static constexpr std::string_view sorts[] = {"share16",        "share24", "share32",
                                               "averageLagDays", "count",   "silent"};
  if (const std::string* const text = request.query_value("sort")) {
    sort = *text;
    if (std::find(std::begin(sorts), std::end(sorts), sort) == std::end(sorts)) {
      return Problem{400, "INVALID_SORT",
                     "`sort` must be share16, share24, share32, averageLagDays, count or silent.",
                     "sort"};
    }
  }
  if (const std::string* const text = request.query_value("limit")) {
    const bool is_number =
        !text->empty() && text->size() <= 5 &&
        std::all_of(text->begin(), text->end(), [](char c) { return c >= '0' && c <= '9'; });
    limit = is_number ? std::stoul(*text) : 0;
    if (limit < 1 || limit > 1000) {
      return Problem{400, "INVALID_LIMIT", "`limit` must be from 1 to 1000.", "limit"};
    }
  }
  return std::nullopt;
}

Response practice_timeliness(OpenLedger& open, const Request& request) {
  ledger::PracticeId id;
  if (!ledger::PracticeId::parse(request.path_parameter, id)) {
    return to_response(
        {400, "INVALID_PRACTICE_ID", "A practice is named by 1 to 20 digits.", "practiceId"},
        request.correlation_id);
  }
  const storage::StateStore& state = open.files().state();
  // Refusals first: a practice that gets its number meanwhile takes them along.
  auto refusals = state.refusals(id);
  if (!refusals) return to_response(problem_of(refusals.error()), request.correlation_id);
  return timeliness(open, request, request.path_parameter, state.practice_number(id),
                    std::move(refusals.value()));
}

Response national_timeliness(OpenLedger& open, const Request& request) {
  return timeliness(open, request, "", ledger::nation);
}

Response practice_ranking(OpenLedger& open, const Request& request) {
  const ledger::Date today = ledger::oslo_date(ingest::now());
  Range range;
  range.to = ledger::month_of(today);
  range.from = range.to - std::chrono::months{11};
  const bool has_range =
      request.query_value("from") != nullptr || request.query_value("to") != nullptr;
  const auto refusal = has_range ? read_range(request, range) : read_basis(request, range.basis);
  if (refusal) return to_response(*refusal, request.correlation_id);
  std::string sort = "share16";
  std::size_t limit = 100;
  if (const auto problem = read_ranking(request, sort, limit)) {
    return to_response(*problem, request.correlation_id);
  }

  storage::StateStore& state = open.files().state();
  const std::vector<ledger::Practice> practices = state.practices();
  // Of each practice its rank only: a million practices have no room for all their months. Those
  // that are shown are read again.
  std::vector<std::pair<double, std::uint32_t>> ranking;
  for (std::uint32_t number = 1; number < practices.size(); ++number) {
    const auto months = months_of_practice(state, ledger::PracticeNumber{number}, range);
    if (!months) return to_response(problem_of(months.error()), request.correlation_id);
    ranking.emplace_back(rank_of(practices[number], months.value(), sort, today), number);
  }
  limit = std::min(limit, ranking.size());
  std::partial_sort(ranking.begin(), ranking.begin() + static_cast<std::ptrdiff_t>(limit),
                    ranking.end());

  Json shown = Json::array();
  for (std::size_t i = 0; i < limit; ++i) {
    const ledger::PracticeNumber number{ranking[i].second};
    const ledger::Practice& practice = practices[number.value()];
    const auto months = months_of_practice(state, number, range);
    if (!months) return to_response(problem_of(months.error()), request.correlation_id);
    Json json = Json::object({{"practiceId", practice.id.view()}});
    add_figures(json, months.value());
    add_submissions(json, months.value());
    const bool has_reported = practice.active_days != 0;
    json.add("lastReceived",
             has_reported ? Json(ledger::to_string(practice.last_received)) : Json());
    json.add("rhythmDays", fraction(practice.rhythm_days()));
    json.add("silent", practice.is_silent(today));
    shown.add(json);
  }
  const Json out = Json::object({{"sort", sort},
                                 {"from", ledger::to_string(range.from)},
                                 {"to", ledger::to_string(range.to)},
                                 {"practices", shown}});
  Response response;
  response.body = out.text();
  response.reflects = state.begun();
  return response;
}

}  // namespace

void add_timeliness_routes(Router& router, const LedgerKeeper& keeper) {
  router.add({.method = "GET",
              .path = "/v1/practices/{}/timeliness",
              .access = Access({Role::practice, Role::operations}).of_practice_in_path(),
              .kind = RouteKind::slow,
              .parameters = {"from", "to", "basis"},
              .handler = with_ledger(keeper, practice_timeliness)});
  router.add({.method = "GET",
              .path = "/v1/timeliness",
              .access = Access::any_role(),
              .kind = RouteKind::slow,
              .parameters = {"from", "to", "basis"},
              .handler = with_ledger(keeper, national_timeliness)});
  router.add({.method = "GET",
              .path = "/v1/timeliness/practices",
              .access = {Role::operations},
              .kind = RouteKind::slow,
              .parameters = {"from", "to", "basis", "sort", "limit"},
              .handler = with_ledger(keeper, practice_ranking)});
}

}  // namespace api
