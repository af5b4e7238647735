#include "api/pages/report_timeliness.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <cmath>
#include <utility>

#include "api/pages/report_html.h"
#include "api/pages/report_plot.h"

namespace api::report {
namespace {

/// The last day in the plot of days; the table goes on.
constexpr std::size_t plot_days = 40;

/// At most twelve names, and the year where it changes.
std::vector<Tick> month_ticks(const std::vector<const json::object*>& months) {
  const std::size_t every = (months.size() + 11) / 12;
  std::vector<Tick> ticks(months.size());
  std::optional<std::chrono::year> last;
  for (std::size_t i = 0; i < months.size(); i += every) {
    const ledger::Month shown = month(*months[i]);
    ticks[i].label = month_name(shown).substr(0, 3);
    if (last != shown.year()) ticks[i].below = std::to_string(static_cast<int>(shown.year()));
    last = shown.year();
  }
  return ticks;
}

// ---- by days ----

std::string limits_table(const json::object& timeliness) {
  std::vector<Row> rows;
  for (const json::object* const limit : objects(timeliness, "limits")) {
    rows.push_back({unbroken(fmt::format("{} days", count(*limit, "days"))),
                    number_text(*limit, "within"), percent(number(*limit, "share", 1)),
                    percent(number(*limit, "target", 1)),
                    flag(*limit, "isMet") ? "met" : "missed"});
  }
  return table("Limits and targets", {"Within", "Co-payments", "Share", "Target", "Target is"},
               rows);
}

/// Share received within 0, 1, 2 … days, in per cent: to the day when 99 % are there, in whole
/// tens, from 70 to 180 days.
std::vector<double> lag_curve(const json::object& timeliness) {
  std::vector<std::uint64_t> by_lag;
  std::uint64_t all = 0;
  for (const json::value& value : array(timeliness, "byLag")) {
    by_lag.push_back(count(value, "byLag"));
    all += by_lag.back();
  }
  std::vector<double> curve;
  std::uint64_t within = 0;
  for (std::size_t day = 0; day < 180 && all != 0; ++day) {
    if (day >= 70 && day % 10 == 0 && curve.back() >= 99) break;
    if (day < by_lag.size()) within += by_lag[day];
    curve.push_back(100 * share_of(within, all).value_or(0));
  }
  return curve;
}

std::string lag_chart(const std::vector<double>& curve, const json::object& timeliness) {
  Chart chart;
  chart.id = "lag";
  chart.title = "Share of co-payments received within so many days";
  chart.description =
      "Line chart: the share received within 0 to 40 days from the service, with the limits and "
      "their targets. The tables below have its figures.";
  chart.x_title = "days from service to receipt";
  chart.y_title = "share received";
  chart.unit = "\u00a0%";
  chart.y_max = 100;
  chart.ticks.resize(plot_days + 1);
  for (std::size_t day = 0; day <= plot_days; day += 8) {
    chart.ticks[day].label = std::to_string(day);
  }
  chart.series = {{"received", {curve.begin(), curve.begin() + plot_days + 1}}};
  for (const json::object* const limit : objects(timeliness, "limits")) {
    const std::uint64_t days = count(*limit, "days");
    if (days > plot_days) continue;
    chart.limits.push_back(
        {days, number(*limit, "share", 1) * 100, number(*limit, "target", 1) * 100});
  }
  return line_chart(chart) +
         paragraph(fmt::format("The plot ends at day {}; {}\u00a0% came later than that.",
                               plot_days, decimal(100 - curve[plot_days], 2)));
}

std::string curve_table(const std::vector<double>& curve) {
  Row heads = {"Days"};
  for (int day = 0; day < 10; ++day) heads.push_back(fmt::format("+{}", day));
  std::vector<Row> rows;
  for (std::size_t day = 0; day < curve.size(); ++day) {
    if (day % 10 == 0) rows.push_back({std::to_string(day)});
    rows.back().push_back(decimal(curve[day], 2));
  }
  return wide_table("Day by day (row + column), per cent", heads, rows);
}

// ---- by months ----

struct MonthLimit {
  std::string_view within, column;
  double target;
  std::string_view series;
};
constexpr MonthLimit month_limits[] = {
    {"within16", "Within 16 days", 90, "within 16 days; target 90\u00a0%"},
    {"within24", "Within 24 days", 95, "within 24 days; target 95\u00a0%"},
    {"within32", "Within 32 days", 99, "within 32 days; target 99\u00a0%"},
};

std::string month_shares(const json::object& timeliness) {
  const auto months = objects(timeliness, "byMonth");
  Chart chart;
  chart.id = "months";
  chart.title = "Share received in time, by month of service";
  chart.description =
      "Line chart with three lines and their targets. The table beside it has its figures.";
  chart.x_title = "month of service";
  chart.unit = "\u00a0%";
  chart.y_min = 80;
  chart.y_max = 100;
  chart.ticks = month_ticks(months);
  Row heads = {"Month", "Co-payments"};
  for (const MonthLimit& limit : month_limits) {
    chart.series.push_back({limit.series, {}});
    chart.levels.push_back(limit.target);
    heads.emplace_back(limit.column);
  }
  std::vector<Row> rows;
  for (const json::object* const row : months) {
    const std::uint64_t all = count(*row, "count");
    rows.push_back({unbroken(text(*row, "month")), grouped(all)});
    for (std::size_t i = 0; i < std::size(month_limits); ++i) {
      const std::uint64_t within = count(*row, month_limits[i].within);
      if (within > all) refuse(month_limits[i].within);
      const auto share = share_of(within, all);
      rows.back().push_back(percent(share));
      chart.series[i].values.push_back(share ? std::optional(*share * 100) : std::nullopt);
      if (share) chart.y_min = std::min(chart.y_min, std::floor(*share * 10) * 10);
    }
  }
  const std::string y_title =
      fmt::format("share received; the axis begins at {:.0f}\u00a0%", chart.y_min);
  chart.y_title = y_title;
  return pair(line_chart(chart), table("By month of service", heads, rows));
}

std::string practices_table(const json::object& statement) {
  std::vector<Row> rows;
  for (const json::object* const practice : objects(statement, "latestPractices")) {
    const std::uint64_t all = count(*practice, "registrations");
    const std::uint64_t within = count(*practice, "within32");
    if (within > all) refuse("within32");
    rows.push_back({text(*practice, "practiceId"), grouped(all), grouped(all - within),
                    percent(share_of(within, all)), kroner(*practice, "costByLatenessOre")});
  }
  const std::string all = paragraph(
      "All practices are in <code>practices.csv</code>, with their sums, their shares and what "
      "their lateness cost.");
  if (rows.empty()) return paragraph("No co-payment came after more than 32 days.") + all;
  return table("Practices with the most co-payments that came after more than 32 days",
               {"Practice", "Co-payments", "After 32 days", "Within 32 days",
                "Their lateness cost citizens, kroner"},
               rows) +
         all;
}

}  // namespace

std::string verdict_on_targets(const json::object& timeliness) {
  // There are no shares then.
  if (count(timeliness, "count") == 0) {
    return verdict(Verdict::neutral, "No co-payments, so no verdict on their timeliness.");
  }
  const auto limits = objects(timeliness, "limits");
  std::size_t met = 0;
  std::string shares;
  for (const json::object* const limit : limits) {
    met += flag(*limit, "isMet") ? 1U : 0U;
    shares += fmt::format("{}{} within {} days (target {:.0f}\u00a0%)", shares.empty() ? "" : ", ",
                          unbroken(percent(number(*limit, "share", 1))), count(*limit, "days"),
                          number(*limit, "target", 1) * 100);
  }
  if (met == limits.size()) {
    return verdict(Verdict::good, "All targets for timely reports are met: " + shares + ".");
  }
  return verdict(Verdict::bad,
                 fmt::format("{} targets for timely reports {} missed: {}.",
                             met == 0 ? std::string("All")
                                      : fmt::format("{} of {}", limits.size() - met, limits.size()),
                             met == 0 ? "are" : "were", shares));
}

std::string timeliness_section(const json::object& statement) {
  const json::object& timeliness = object(statement, "timeliness");
  std::string out = paragraph(fmt::format(
      "How soon practices reported: calendar days from the service until the report was received, "
      "for {} of this service year, also unpaid and credited ones and those of zero amount.",
      counted(count(timeliness, "count"), "co-payment", "co-payments")));
  const std::vector<double> curve = lag_curve(timeliness);
  if (!curve.empty()) {
    out += pair(lag_chart(curve, timeliness), limits_table(timeliness));
    out += curve_table(curve) + month_shares(timeliness) + practices_table(statement);
  }
  return section("timeliness", "Timeliness", out);
}

std::string cards_section(const json::object& statement) {
  const auto months = objects(statement, "cardsByMonth");
  Chart chart;
  chart.id = "cards";
  chart.title = "Cards by month";
  chart.description =
      "Bar chart with two bars for each month. The table beside it has its figures.";
  chart.x_title = "month";
  chart.y_title = "cards";
  chart.ticks = month_ticks(months);
  chart.series = {{"issued in the month", {}}, {"exempt from a day in the month", {}}};
  std::vector<Row> rows;
  std::uint64_t sums[2] = {0, 0};
  for (const json::object* const row : months) {
    const std::uint64_t numbers[2] = {count(*row, "issued"), count(*row, "entitled")};
    rows.push_back({unbroken(text(*row, "month")), grouped(numbers[0]), grouped(numbers[1])});
    for (std::size_t i = 0; i < 2; ++i) {
      const auto value = static_cast<double>(numbers[i]);
      sums[i] += numbers[i];
      chart.series[i].values.emplace_back(value);
      chart.y_max = std::max(chart.y_max, value);
    }
  }
  rows.push_back({"Together", grouped(sums[0]), grouped(sums[1])});
  return section(
      "cards", "Exemption cards",
      paragraph("A card is issued when the report that reaches the ceiling is "
                "processed; it exempts from the day on which the ceiling was reached.") +
          pair(bar_chart(chart), table("Cards", {"Month", "Issued", "Exempt from"}, rows)));
}

}  // namespace api::report
