// Top to bottom: reading the statement, writing figures, tables, the page's sections, the page.
// Money stays in integer øre; shares and what goes into plots are the only doubles.

#include "api/report_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <cmath>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "api/report_plot.h"
#include "ledger/rfc3339.h"

namespace api {
namespace {

namespace json = boost::json;

// ---- reading ----

[[noreturn]] void refuse(std::string_view name) {
  throw std::runtime_error(fmt::format("not a statement: `{}` is missing or wrong", name));
}

const json::value& member(const json::object& from, std::string_view name) {
  const json::value* const found = from.if_contains(name);
  if (found == nullptr) refuse(name);
  return *found;
}

const json::object& object(const json::object& from, std::string_view name) {
  const json::object* const found = member(from, name).if_object();
  if (found == nullptr) refuse(name);
  return *found;
}

const json::object* object_or_null(const json::object& from, std::string_view name) {
  return member(from, name).is_null() ? nullptr : &object(from, name);
}

const json::array& array(const json::object& from, std::string_view name) {
  const json::array* const found = member(from, name).if_array();
  if (found == nullptr) refuse(name);
  return *found;
}

/// An array whose elements are objects.
std::vector<const json::object*> objects(const json::object& from, std::string_view name) {
  std::vector<const json::object*> found;
  for (const json::value& element : array(from, name)) {
    if (!element.is_object()) refuse(name);
    found.push_back(&element.get_object());
  }
  return found;
}

std::int64_t integer(const json::value& value, std::string_view name) {
  const std::int64_t* const found = value.if_int64();
  if (found == nullptr) refuse(name);
  return *found;
}
std::int64_t integer(const json::object& from, std::string_view name) {
  return integer(member(from, name), name);
}

std::uint64_t count(const json::value& value, std::string_view name) {
  const std::int64_t found = integer(value, name);
  if (found < 0) refuse(name);
  return static_cast<std::uint64_t>(found);
}
std::uint64_t count(const json::object& from, std::string_view name) {
  return count(member(from, name), name);
}

bool flag(const json::object& from, std::string_view name) {
  const bool* const found = member(from, name).if_bool();
  if (found == nullptr) refuse(name);
  return *found;
}

/// A number from 0 to `max`.
double number(const json::object& from, std::string_view name, double max) {
  const json::value& value = member(from, name);
  if (!value.is_number()) refuse(name);
  const auto found = value.to_number<double>();
  if (!(found >= 0 && found <= max)) refuse(name);
  return found;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string_view raw_text(const json::object& from, std::string_view name) {
  const json::string* const found = member(from, name).if_string();
  if (found == nullptr) refuse(name);
  return {found->data(), found->size()};
}

/// Text leaves the statement escaped, so that nothing behind here can forget to.
std::string text(const json::object& from, std::string_view name) {
  return escaped(raw_text(from, name));
}

/// A hash: its first digits, and all of it for who points at them.
std::string hash(const json::object& from, std::string_view name) {
  const std::string_view whole = raw_text(from, name);
  return fmt::format(R"(<code title="{}">{}…</code>)", escaped(whole),
                     escaped(whole.substr(0, 12)));
}

ledger::Month month(const json::object& from) {
  const auto parsed = ledger::parse_month(raw_text(from, "month"));
  if (!parsed) refuse("month");
  return *parsed;
}

// ---- writing figures ----

constexpr std::string_view minus = "\u2212";
constexpr std::string_view nothing = "–";

std::uint64_t magnitude(std::int64_t number) {
  const auto bits = static_cast<std::uint64_t>(number);
  return number < 0 ? 0 - bits : bits;
}

/// Øre as kroner, or øre-days as kroner-days.
std::string kroner(std::uint64_t ore) {
  return fmt::format("{}.{:02}", grouped(ore / 100), ore % 100);
}
std::string kroner(const json::object& from, std::string_view name) {
  const std::int64_t ore = integer(from, name);
  return fmt::format("{}{}", ore < 0 ? minus : "", kroner(magnitude(ore)));
}

std::string number_text(const json::object& from, std::string_view name) {
  return grouped(count(from, name));
}

/// In a sentence a number must not break at its thin spaces; tables see to that themselves.
std::string unbroken(std::string_view number) {
  return fmt::format(R"(<span class="n">{}</span>)", number);
}

std::string counted(std::uint64_t number, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", unbroken(grouped(number)), number == 1 ? one : many);
}

std::string percent(std::optional<double> share) {
  return share ? fmt::format("{:.2f}\u00a0%", *share * 100) : std::string(nothing);
}

std::optional<double> share_of(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

// ---- tables ----

using Row = std::vector<std::string>;

/// The first cell of each row is its heading.
std::string table(std::string_view caption, const Row& heads, const std::vector<Row>& rows) {
  std::string out =
      fmt::format(R"(<div class="scroll" role="region" tabindex="0" aria-label="{0}">)"
                  "<table><caption><span>{0}</span></caption>\n<thead><tr>",
                  caption);
  for (const std::string& head : heads) out += fmt::format(R"(<th scope="col">{}</th>)", head);
  out += "</tr></thead>\n<tbody>\n";
  for (const Row& row : rows) {
    out += fmt::format(R"(<tr><th scope="row">{}</th>)", row.front());
    for (std::size_t i = 1; i < row.size(); ++i) out += fmt::format("<td>{}</td>", row[i]);
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

/// At most twelve names, and the year where it changes.
std::vector<Tick> month_ticks(const std::vector<const json::object*>& months) {
  static constexpr std::string_view names[12] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::size_t every = (months.size() + 11) / 12;
  std::vector<Tick> ticks(months.size());
  std::optional<std::chrono::year> last;
  for (std::size_t i = 0; i < months.size(); i += every) {
    const ledger::Month shown = month(*months[i]);
    ticks[i].label = names[static_cast<unsigned>(shown.month()) - 1];
    if (last != shown.year()) ticks[i].below = std::to_string(static_cast<int>(shown.year()));
    last = shown.year();
  }
  return ticks;
}

// ---- the sections ----

std::string section(std::string_view id, std::string_view heading, std::string_view content) {
  return fmt::format("<section aria-labelledby=\"{0}\">\n<h2 id=\"{0}\">{1}</h2>\n{2}</section>\n",
                     id, heading, content);
}

std::string definition(std::string_view term, std::string_view value) {
  return fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", term, value);
}

std::string verdict(bool is_good, std::string_view words) {
  return fmt::format(R"(<p class="verdict {}"><span aria-hidden="true">{}</span> {}</p>)"
                     "\n",
                     is_good ? "good" : "bad", is_good ? "✓" : "✗", words);
}

std::string title_of(const json::object& statement) {
  return fmt::format("Frikort {}: statement {}", integer(statement, "year"),
                     integer(statement, "number"));
}

std::string coverage(const json::object& statement) {
  std::string made = text(statement, "madeAt");
  if (made.size() > 10 && made[10] == 'T') made[10] = ' ';
  std::string out = fmt::format(
      "<h1>{}</h1>\n<p>Year-end reconciliation of co-payments (<i lang=\"nb\">egenandeler</i>) and "
      "exemption cards (<i lang=\"nb\">frikort</i>) for the service year {}: everything that the "
      "journal holds up to the position below.</p>\n",
      title_of(statement), integer(statement, "year"));
  if (flag(statement, "isDryRun")) {
    out += verdict(false, "Dry run: this is not one of the year's statements.");
  }
  out += "<dl>\n";
  out += definition("Statement", text(statement, "statement"));
  out += definition("Made at", made);
  out += definition("Journal position", text(statement, "position"));
  out += definition("Root", hash(statement, "root"));
  out += definition("Rule pack", hash(statement, "rulePack"));
  out += definition("Ceiling (<i lang=\"nb\">egenandelstak</i>), kroner",
                    kroner(statement, "ceilingOre"));
  return out + "</dl>\n";
}

std::string differences(const json::object& statement) {
  const json::object& found = object(statement, "differences");
  const std::uint64_t number = count(found, "count");
  std::vector<Row> rows;
  for (const auto& [kind, value] : object(found, "byKind")) {
    rows.push_back({escaped(kind), grouped(count(value, "byKind"))});
  }
  std::string out;
  if (number == 0) {
    out += verdict(true,
                   "No differences: every person-year, worked out again from the registrations, "
                   "agrees with the ledger.");
  } else {
    out += verdict(false, counted(number, "difference", "differences") +
                              " between the ledger and the year worked out again from the "
                              "registrations.");
    if (!rows.empty()) out += table("Differences by kind", {"Kind", "Number"}, rows);
  }
  const json::object* const changes = object_or_null(statement, "changes");
  if (changes != nullptr && !flag(*changes, "isExplained")) {
    out += verdict(false,
                   "<a href=\"#changes\">Changes since the last statement</a> are not explained.");
  }
  return section("differences", "Differences", out);
}

/// A line of the totals: a number of things and, for some, an amount.
struct Total {
  std::string_view label;
  std::string_view number;
  std::string_view amount;
};

constexpr Total registration_totals[] = {
    {"Co-payments registered", "registrations", "amountOre"},
    {"Co-payments not paid yet", "unpaid", "unpaidOre"},
    {"Co-payments of zero amount", "zeroAmount", ""},
    {"Co-payments credited", "credited", ""},
    {"Co-payments counted towards the ceiling", "counted", "countedOre"},
    {"Payments reported later", "payments", ""},
    {"Credit notes", "creditNotes", ""},
    {"Persons", "persons", ""},
    {"Exemption cards", "cards", ""},
    {"Exemption cards under review", "cardsUnderReview", ""},
};
constexpr Total refund_totals[] = {
    {"Refund lines", "refundLines", "refundedOre"},
    {"Payouts, one for each person", "payouts", "payoutOre"},
};

std::string totals_table(std::string_view caption, std::span<const Total> lines,
                         const json::object& totals) {
  std::vector<Row> rows;
  for (const Total& line : lines) {
    rows.push_back({std::string(line.label), number_text(totals, line.number),
                    line.amount.empty() ? std::string(nothing) : kroner(totals, line.amount)});
  }
  return table(caption, {"What", "Number", "Kroner"}, rows);
}

std::string key_figures(const json::object& statement) {
  const json::object& totals = object(statement, "totals");
  const json::object& timeliness = object(statement, "timeliness");
  // Null where nothing came.
  const std::string lag = member(timeliness, "averageLagDays").is_null()
                              ? std::string(nothing)
                              : fmt::format("{:.1f}", number(timeliness, "averageLagDays", 1e6));
  std::string out = "<dl class=\"tiles\">\n";
  out += definition("Co-payments", number_text(totals, "registrations"));
  out += definition("Counted, kroner", kroner(totals, "countedOre"));
  out += definition("Persons", number_text(totals, "persons"));
  out += definition("Exemption cards", number_text(totals, "cards"));
  out += definition("Refunded, kroner", kroner(totals, "refundedOre"));
  out += definition("Days from service to receipt, on average", lag);
  out += "</dl>\n";
  out += totals_table("The year in numbers", registration_totals, totals);
  return section("figures", "Key figures", out);
}

std::string limits_table(const json::object& timeliness) {
  std::vector<Row> rows;
  for (const json::object* const limit : objects(timeliness, "limits")) {
    rows.push_back({unbroken(fmt::format("{} days", count(*limit, "days"))),
                    number_text(*limit, "within"), percent(number(*limit, "share", 1)),
                    percent(number(*limit, "target", 1)),
                    flag(*limit, "isMet") ? "met" : "not met"});
  }
  return table("Co-payments received within the limits",
               {"Within", "Co-payments", "Share", "Target", "Target is"}, rows);
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

Chart lag_chart(const std::vector<double>& curve, const json::object& timeliness) {
  Chart chart;
  chart.id = "lag";
  chart.title = "How soon co-payments were received";
  chart.description =
      "Line chart: share of co-payments received within a number of days from the service, with "
      "the limits and their targets. The two tables below have its figures.";
  chart.x_title = "days from service to receipt";
  chart.y_title = "share received";
  chart.unit = "\u00a0%";
  chart.y_max = 100;
  chart.ticks.resize(curve.size());
  const std::size_t every = curve.size() > 100 ? 20 : 10;
  for (std::size_t day = 0; day < curve.size(); day += every) {
    chart.ticks[day].label = std::to_string(day);
  }
  chart.series = {{"received", {curve.begin(), curve.end()}}};
  for (const json::object* const limit : objects(timeliness, "limits")) {
    const std::uint64_t days = count(*limit, "days");
    if (days >= curve.size()) continue;
    chart.limits.push_back(
        {days, number(*limit, "share", 1) * 100, number(*limit, "target", 1) * 100});
  }
  return chart;
}

std::string curve_table(const std::vector<double>& curve) {
  Row heads = {"Days"};
  for (int day = 0; day < 10; ++day) heads.push_back(fmt::format("+{}", day));
  std::vector<Row> rows;
  for (std::size_t day = 0; day < curve.size(); ++day) {
    if (day % 10 == 0) rows.push_back({std::to_string(day)});
    rows.back().push_back(fmt::format("{:.2f}", curve[day]));
  }
  return table("Share received within so many days (row + column), per cent", heads, rows);
}

std::string month_shares(const json::object& timeliness) {
  static constexpr std::pair<std::string_view, std::string_view> limits[3] = {
      {"within 16 days", "within16"},
      {"within 24 days", "within24"},
      {"within 32 days", "within32"}};
  const auto months = objects(timeliness, "byMonth");
  Chart chart;
  chart.id = "months";
  chart.title = "Share received within 16, 24 and 32 days, by month of service";
  chart.description = "Line chart with three lines. The table below has its figures.";
  chart.x_title = "month of service";
  chart.y_title = "share received";
  chart.unit = "\u00a0%";
  chart.y_min = 90;
  chart.y_max = 100;
  chart.ticks = month_ticks(months);
  for (const auto& [name, within] : limits) chart.series.push_back({name, {}});
  std::vector<Row> rows;
  for (const json::object* const row : months) {
    const std::uint64_t all = count(*row, "count");
    rows.push_back({unbroken(text(*row, "month")), grouped(all)});
    for (std::size_t i = 0; i < 3; ++i) {
      const std::uint64_t within = count(*row, limits[i].second);
      if (within > all) refuse(limits[i].second);
      const auto share = share_of(within, all);
      rows.back().push_back(percent(share));
      chart.series[i].values.push_back(share ? std::optional(*share * 100) : std::nullopt);
      if (share) chart.y_min = std::min(chart.y_min, std::floor(*share * 10) * 10);
    }
  }
  return line_chart(chart) +
         table(chart.title, {"Month", "Co-payments", "Within 16", "Within 24", "Within 32"}, rows);
}

std::string timeliness_section(const json::object& statement) {
  const json::object& timeliness = object(statement, "timeliness");
  std::string out = fmt::format(
      "<p>How soon practices reported: calendar days from the service until the report was "
      "received, for {} of this service year.</p>\n",
      counted(count(timeliness, "count"), "co-payment", "co-payments"));
  const std::vector<double> curve = lag_curve(timeliness);
  if (curve.empty()) return section("timeliness", "Timeliness", out);
  out += line_chart(lag_chart(curve, timeliness));
  out += limits_table(timeliness);
  out += curve_table(curve);
  out += month_shares(timeliness);
  return section("timeliness", "Timeliness", out);
}

std::string cards_section(const json::object& statement) {
  const auto months = objects(statement, "cardsByMonth");
  Chart chart;
  chart.id = "cards";
  chart.title = "Exemption cards, by month";
  chart.description = "Bar chart with two bars for each month. The table below has its figures.";
  chart.x_title = "month";
  chart.y_title = "cards";
  chart.ticks = month_ticks(months);
  chart.series = {{"issued in the month", {}}, {"exempt from a day in the month", {}}};
  std::vector<Row> rows;
  for (const json::object* const row : months) {
    const std::uint64_t numbers[2] = {count(*row, "issued"), count(*row, "entitled")};
    rows.push_back({unbroken(text(*row, "month")), grouped(numbers[0]), grouped(numbers[1])});
    for (std::size_t i = 0; i < 2; ++i) {
      const auto value = static_cast<double>(numbers[i]);
      chart.series[i].values.emplace_back(value);
      chart.y_max = std::max(chart.y_max, value);
    }
  }
  return section("cards", "Exemption cards",
                 "<p>A card is issued when the report that reaches the ceiling is processed; it "
                 "exempts from the day on which the ceiling was reached.</p>\n" +
                     bar_chart(chart) +
                     table(chart.title, {"Month", "Issued", "Exempt from"}, rows));
}

std::string refunds_section(const json::object& statement) {
  return section(
      "refunds", "Refunds and payouts",
      "<p>What was paid above the ceiling is refunded. Lines below zero take back what "
      "credit notes undid; the lines of a person are paid out together.</p>\n" +
          totals_table("Refunds and payouts", refund_totals, object(statement, "totals")));
}

std::string_view service_name(std::string_view code) {
  static constexpr std::pair<std::string_view, std::string_view> names[] = {
      {"A", "pharmacy"},
      {"S", "hospital pharmacy"},
      {"B", "bandagist"},
      {"LE", "doctor"},
      {"HS", "health station"},
      {"PO", "outpatient clinic"},
      {"LR", "laboratory, radiology"},
      {"PS", "psychologist"},
      {"PR", "patient travel"},
      {"BR", "treatment abroad"},
      {"TB", "dentist"},
      {"RH", "rehabilitation"},
      {"FT", "physiotherapist"},
  };
  for (const auto& [known, name] : names) {
    if (known == code) return name;
  }
  return "";
}

std::string services_section(const json::object& statement) {
  std::vector<Row> rows;
  for (const json::object* const row : objects(statement, "serviceTypes")) {
    rows.push_back({fmt::format("{} {}", text(*row, "serviceType"),
                                service_name(raw_text(*row, "serviceType"))),
                    number_text(*row, "registrations"), kroner(*row, "amountOre"),
                    kroner(*row, "countedOre"), kroner(*row, "refundedOre")});
  }
  return section("services", "Service types",
                 table("Co-payments by service type",
                       {"Service type", "Co-payments", "Amount, kroner", "Counted, kroner",
                        "Refunded, kroner"},
                       rows));
}

std::string lateness_section(const json::object& statement) {
  const json::object& cost = object(statement, "latenessCost");
  const std::vector<Row> rows = {
      {"Persons who paid above the ceiling", number_text(cost, "persons")},
      {"Paid above the ceiling, kroner", kroner(cost, "overpaidOre")},
      {"Paid above it because reports came late, kroner", kroner(cost, "byLatenessOre")},
      {"Paid above it although a card was there, kroner", kroner(cost, "despiteCardOre")},
      {"Kroner-days (amounts times days)", kroner(cost, "oreDays")},
  };
  return section("lateness", "What lateness cost citizens",
                 "<p>Co-payments that citizens made after the day on which they would have had "
                 "their card, had every report come at once.</p>\n" +
                     table("Cost of lateness", {"What", "Figure"}, rows));
}

std::string total_label(std::string_view name) {
  for (const std::span<const Total> lines :
       {std::span<const Total>(registration_totals), std::span<const Total>(refund_totals)}) {
    for (const Total& line : lines) {
      if (line.number == name) return std::string(line.label);
      if (line.amount == name) return fmt::format("{}, kroner", line.label);
    }
  }
  return escaped(name);
}

/// A change of one of the totals; names that end in Ore are amounts.
Row change_row(std::string_view name, std::int64_t change) {
  const std::string size =
      name.ends_with("Ore") ? kroner(magnitude(change)) : grouped(magnitude(change));
  return {total_label(name), fmt::format("{}{}", change < 0 ? minus : change > 0 ? "+" : "", size)};
}

std::string changes_section(const json::object& statement) {
  std::string out;
  if (const json::object* const previous = object_or_null(statement, "previous")) {
    out += "<dl>\n";
    out += definition("Previous statement", text(*previous, "statement"));
    out += definition("Its journal position", text(*previous, "position"));
    out += definition("Its manifest", hash(*previous, "manifestSha256"));
    out += definition("It is", flag(*previous, "isConfirmed") ? "confirmed" : "not confirmed");
    out += "</dl>\n";
  }
  if (const json::object* const changes = object_or_null(statement, "changes")) {
    const bool is_explained = flag(*changes, "isExplained");
    out +=
        verdict(is_explained, is_explained ? "What came since then explains every change."
                                           : "What came since then does not explain the changes.");
    out += table("Came since the previous statement", {"What", "Number"},
                 {{"Co-payments", number_text(*changes, "copayments")},
                  {"Payments reported later", number_text(*changes, "payments")},
                  {"Credit notes", number_text(*changes, "creditNotes")}});
    std::vector<Row> rows;
    for (const auto& [name, value] : object(*changes, "totals")) {
      rows.push_back(change_row({name.data(), name.size()}, integer(value, "totals")));
    }
    if (!rows.empty()) out += table("Changes of the totals", {"What", "Change"}, rows);
  }
  if (out.empty()) return {};
  return section("changes", "Changes since the last statement", out);
}

// ---- the page ----

constexpr std::string_view style = R"css(
:root{color-scheme:light dark;--paper:#fff;--ink:#1b1f24;--quiet:#535c66;--line:#c9d0d7;--grid:#e3e7eb;--tile:#f3f5f7;
--s0:#0a5ca8;--s1:#a84300;--s2:#2b7a3f;--good:#1d6b34;--bad:#b3201a}
@media screen and (prefers-color-scheme:dark){:root{--paper:#14181d;--ink:#e8eaed;--quiet:#a9b3bd;--line:#46505a;
--grid:#2b323a;--tile:#1e242b;--s0:#74b3f2;--s1:#f2a366;--s2:#7fd092;--good:#7fd092;--bad:#ff8f87}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:60rem;background:var(--paper);color:var(--ink);
font:1rem/1.5 system-ui,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
h1{font-size:1.8rem;line-height:1.2;margin:.5rem 0}
h2{font-size:1.3rem;margin:2.2rem 0 .6rem;padding-top:.6rem;border-top:1px solid var(--line)}
dl{display:grid;gap:.6rem;margin:1rem 0;grid-template-columns:repeat(auto-fit,minmax(15rem,1fr))}
dt{color:var(--quiet);font-size:.85rem;line-height:1.3}
dd{margin:0;overflow-wrap:anywhere}
.tiles div{background:var(--tile);border-radius:.4rem;padding:.7rem .8rem;display:flex;flex-direction:column;
justify-content:space-between}
.tiles dd{font-size:1.3rem;font-weight:600;white-space:nowrap;font-variant-numeric:tabular-nums}
.n{white-space:nowrap}a{color:inherit}
.verdict{border-left:.4rem solid;padding:.5rem .8rem;background:var(--tile);font-weight:600}
.good{border-color:var(--good)}.good span:first-child{color:var(--good)}
.bad{border-color:var(--bad)}.bad span:first-child{color:var(--bad)}
.scroll{overflow-x:auto;margin:1rem 0}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
caption{text-align:left;font-weight:600;padding-bottom:.3rem}
caption span{display:inline-block;max-width:calc(100vw - 2rem);position:sticky;left:0}
th,td{padding:.25rem .7rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}
th:first-child{text-align:left;padding-left:0;white-space:normal;position:sticky;left:0;background:var(--paper)}
th{font-weight:400}thead th{color:var(--quiet);vertical-align:bottom}
figure{margin:1.2rem 0}figcaption{font-weight:600}
.plot{display:block;width:100%;max-width:45rem;height:auto}
.plot text{font-size:14px;fill:var(--ink)}
.legend{list-style:none;margin:.3rem 0 0;padding:0;display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;font-weight:400}
.swatch{width:30px;height:14px;margin-right:.4rem;vertical-align:-2px}
.grid{stroke:var(--grid)}.axis{stroke:var(--quiet)}
.limit{stroke:var(--quiet);stroke-dasharray:2 4}
.line{fill:none;stroke-width:3;stroke-linecap:round;stroke-linejoin:round}
.line.s0{stroke:var(--s0)}.line.s1{stroke:var(--s1);stroke-dasharray:9 6}.line.s2{stroke:var(--s2);stroke-dasharray:1 6}
.bar.s0{fill:var(--s0)}.bar.s1{fill:var(--paper);stroke:var(--s1);stroke-width:2}
.reached{fill:var(--s0);stroke:var(--paper)}.target{fill:var(--paper);stroke:var(--s1);stroke-width:2}
@media (max-width:32rem){.plot text{font-size:20px}.tiles div{flex-direction:row;align-items:baseline;gap:1rem}th,td{padding:.25rem .45rem}}
@media print{:root{color-scheme:light}@page{size:A4;margin:15mm}body{max-width:none;padding:0;font-size:10pt}.scroll{overflow:visible}
h2{break-after:avoid}figure,.scroll,dl,.verdict{break-inside:avoid}.plot{max-width:13cm}
dl{grid-template-columns:repeat(3,1fr)}section>p{break-after:avoid;break-inside:avoid}th:first-child{position:static}th,td{padding:.1rem .4rem}.tiles div{border:1px solid var(--line)}}
)css";

}  // namespace

std::string report_page(std::string_view statement) {
  boost::json::error_code error;
  const json::value parsed = json::parse(statement, error);
  if (error || !parsed.is_object()) {
    throw std::runtime_error("not a statement: the text is not a JSON object");
  }
  const json::object& root = parsed.get_object();
  std::string body = coverage(root);
  body += differences(root);
  body += key_figures(root);
  body += timeliness_section(root);
  body += cards_section(root);
  body += refunds_section(root);
  body += services_section(root);
  body += lateness_section(root);
  body += changes_section(root);
  // The policy lets the browser itself refuse whatever would load or run.
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<main>\n{}</main>\n</body>\n</"
      "html>\n",
      title_of(root), style, body);
}

}  // namespace api
