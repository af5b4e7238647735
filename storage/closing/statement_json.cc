#include "storage/closing/statement_json.h"

#include <fmt/format.h>

#include "ledger/values/position_text.h"
#include "ledger/values/rfc3339.h"
#include "ledger/values/service_type.h"
#include "storage/closing/closing.h"
#include "storage/json/json.h"

namespace storage {
namespace {

Json totals_json(const Totals& totals) {
  Json json = Json::object();
  for (std::size_t i = 0; i < figure_count; ++i) {
    json.add(name_of(static_cast<Figure>(i)), totals.values[i]);
  }
  return json;
}

Json differences_json(const StatementFigures& figures) {
  Json by_kind = Json::object();
  for (std::size_t i = 0; i < figures.differences.size(); ++i) {
    by_kind.add(name_of(static_cast<ledger::DifferenceKind>(i)), figures.differences[i]);
  }
  return Json::object({{"count", figures.difference_count()}, {"byKind", by_kind}});
}

Json share_json(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return {};
  return Json::fixed(static_cast<double>(part) / static_cast<double>(whole), 6);
}

Json limits_json(const ledger::TimelinessFigures& year) {
  Json limits = Json::array();
  for (std::size_t i = 0; i < 3; ++i) {
    limits.add(Json::object(
        {{"days", ledger::timeliness_limits[i]},
         {"within", year.within[i]},
         {"share", share_json(year.within[i], year.count)},
         {"target", Json::fixed(ledger::timeliness_targets[i], 2)},
         {"isMet", year.share[i] && *year.share[i] >= ledger::timeliness_targets[i]}}));
  }
  return limits;
}

Json timeliness_json(const Statement& statement) {
  Json by_lag = Json::array();
  for (const auto count : statement.timeliness.by_lag) by_lag.add(count);
  Json by_month = Json::array();
  for (unsigned month = 0; month < 12; ++month) {
    const ledger::TimelinessFigures figures = figures_of(statement.by_month[month]);
    by_month.add(Json::object({{"month", fmt::format("{}-{:02}", statement.year, month + 1)},
                               {"count", figures.count},
                               {"within16", figures.within[0]},
                               {"within24", figures.within[1]},
                               {"within32", figures.within[2]}}));
  }
  const ledger::TimelinessFigures year = figures_of(statement.timeliness);
  const auto& lag = year.average_lag_days;
  return Json::object({{"count", year.count},
                       {"averageLagDays", lag ? Json::fixed(*lag, 3) : Json()},
                       {"limits", limits_json(year)},
                       {"byLag", by_lag},
                       {"byMonth", by_month}});
}

Json cards_json(const Statement& statement) {
  const auto& months = statement.figures.by_card_month;
  std::size_t count = 12;
  for (std::size_t i = count; i < months.size(); ++i) {
    if (months[i].issued != 0 || months[i].entitled != 0) count = i + 1;
  }
  Json json = Json::array();
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t year = static_cast<std::size_t>(statement.year) + i / 12;
    json.add(Json::object({{"month", fmt::format("{}-{:02}", year, i % 12 + 1)},
                           {"issued", months[i].issued},
                           {"entitled", months[i].entitled}}));
  }
  return json;
}

Json service_types_json(const StatementFigures& figures) {
  Json json = Json::array();
  for (std::size_t i = 1; i < service_types; ++i) {
    const PartFigures& part = figures.by_service_type[i];
    json.add(Json::object({{"serviceType", code_of(static_cast<ledger::ServiceType>(i))},
                           {"registrations", part.registrations},
                           {"amountOre", part.amount_ore},
                           {"countedOre", part.counted_ore},
                           {"refundedOre", part.refunded_ore}}));
  }
  return json;
}

Json latest_practices_json(const std::vector<NamedPractice>& practices) {
  Json json = Json::array();
  for (const NamedPractice& practice : practices) {
    const auto& [part, within, lateness] = practice.figures;
    json.add(Json::object({{"practiceId", practice.id},
                           {"registrations", part.registrations},
                           {"within16", within[0]},
                           {"within24", within[1]},
                           {"within32", within[2]},
                           {"costByLatenessOre", lateness.by_lateness_ore}}));
  }
  return json;
}

Json refunds_json(const RefundFigures& refunds) {
  return Json::object({{"persons", refunds.persons},
                       {"dueOre", refunds.due_ore},
                       {"namedOre", refunds.named_ore},
                       {"toPayOre", refunds.pay_ore + refunds.take_back_ore},
                       {"payPersons", refunds.pay_persons},
                       {"payOre", refunds.pay_ore},
                       {"takeBackPersons", refunds.take_back_persons},
                       {"takeBackOre", refunds.take_back_ore}});
}

Json lateness_json(const LatenessFigures& cost) {
  return Json::object({{"persons", cost.persons},
                       {"overpaidOre", cost.overpaid_ore},
                       {"byLatenessOre", cost.by_lateness_ore},
                       {"despiteCardOre", cost.despite_card_ore},
                       {"oreDays", cost.ore_days}});
}

Json previous_json(const Statement& statement) {
  if (!statement.previous) return {};
  const PreviousStatement& previous = *statement.previous;
  return Json::object(
      {{"statement", previous.id},
       {"position", ledger::to_string(previous.position)},
       {"manifestSha256", previous.manifest_sha256},
       {"isConfirmed",
        previous.totals ? Json(statement.figures.totals_before == *previous.totals) : Json()}});
}

/// What changed since the statement before: the entries that came, and by how much each total grew.
Json changes_json(const Statement& statement) {
  if (!statement.previous || !statement.previous->totals) return {};
  const Totals& before = *statement.previous->totals;
  Totals growth;
  for (std::size_t i = 0; i < figure_count; ++i) {
    growth.values[i] = statement.figures.totals.values[i] - before.values[i];
  }
  const ChangeFigures& changes = statement.figures.changes;
  const bool is_explained = growth[Figure::registrations] == changes.copayments &&
                            growth[Figure::payments] == changes.payments &&
                            growth[Figure::credit_notes] == changes.credit_notes &&
                            growth[Figure::counted_ore] == changes.counted_ore &&
                            growth[Figure::refunded_ore] == changes.refunded_ore;
  return Json::object({{"copayments", changes.copayments},
                       {"payments", changes.payments},
                       {"creditNotes", changes.credit_notes},
                       {"isExplained", is_explained},
                       {"totals", totals_json(growth)}});
}

}  // namespace

std::string to_json(const Statement& statement) {
  const StatementFigures& figures = statement.figures;
  const bool is_over = ledger::year_of(oslo_date(statement.made_at)) > statement.year;
  const Json json = Json::object(
      {{"statement", statement.id()},
       {"year", statement.year},
       {"number", statement.number},
       {"isDryRun", statement.number == 0},
       {"ceilingOre", statement.ceiling.ore()},
       {"rulePack", to_hex(statement.rule_pack)},
       {"position", ledger::to_string(statement.position)},
       {"root", to_hex(statement.root)},
       {"madeAt", ledger::to_rfc3339(statement.made_at)},
       {"isYearOver", is_over},
       {"lastReportDay", ledger::to_string(last_day_to_report_year(statement.year))},
       {"lastCreditNoteDay", ledger::to_string(last_day_to_credit_year(statement.year))},
       {"totals", totals_json(figures.totals)},
       {"differences", differences_json(figures)},
       {"timeliness", timeliness_json(statement)},
       {"cardsByMonth", cards_json(statement)},
       {"serviceTypes", service_types_json(figures)},
       {"latestPractices", latest_practices_json(statement.latest_practices)},
       {"refunds", refunds_json(figures.refunds)},
       {"latenessCost", lateness_json(figures.lateness)},
       {"previous", previous_json(statement)},
       {"changes", changes_json(statement)}});
  return json.text() + "\n";
}

}  // namespace storage
