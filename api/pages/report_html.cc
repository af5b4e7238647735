#include "api/pages/report_html.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/pages/report_plot.h"
#include "ledger/values/rfc3339.h"

namespace api::report {
namespace {

constexpr std::string_view minus = "\u2212";

std::uint64_t magnitude(std::int64_t number) {
  const auto bits = static_cast<std::uint64_t>(number);
  return number < 0 ? 0 - bits : bits;
}

std::string rows_of(const Row& heads, const std::vector<Row>& rows) {
  std::string out = "<thead><tr>";
  for (const std::string& head : heads) out += fmt::format(R"(<th scope="col">{}</th>)", head);
  out += "</tr></thead>\n<tbody>\n";
  for (const Row& row : rows) {
    out += fmt::format(R"(<tr><th scope="row">{}</th>)", row.front());
    for (std::size_t i = 1; i < row.size(); ++i) {
      out += fmt::format(R"(<td data-label="{}">{}</td>)", heads.at(i), row[i]);
    }
    out += "</tr>\n";
  }
  return out + "</tbody>";
}

}  // namespace

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

std::string text(const json::object& from, std::string_view name) {
  return escaped(raw_text(from, name));
}

std::string hash(const json::object& from, std::string_view name) {
  const std::string_view whole = raw_text(from, name);
  return fmt::format(R"(<code title="{}">{}…</code>)", escaped(whole),
                     escaped(whole.substr(0, 12)));
}

std::string kroner(std::int64_t ore) {
  const std::uint64_t size = magnitude(ore);
  return fmt::format("{}{},{:02}", ore < 0 ? minus : "", grouped(size / 100), size % 100);
}
std::string kroner(const json::object& from, std::string_view name) {
  return kroner(integer(from, name));
}

std::string signed_number(std::int64_t number) {
  return fmt::format("{}{}", number < 0 ? minus : "", grouped(magnitude(number)));
}

std::string number_text(const json::object& from, std::string_view name) {
  return grouped(count(from, name));
}

std::string unbroken(std::string_view number) {
  return fmt::format(R"(<span class="n">{}</span>)", number);
}

std::string counted(std::uint64_t number, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", unbroken(grouped(number)), number == 1 ? one : many);
}

std::string decimal(double number, int digits) {
  std::string out = fmt::format("{:.{}f}", number, digits);
  std::replace(out.begin(), out.end(), '.', ',');
  return out;
}

std::string percent(std::optional<double> share) {
  return share ? decimal(*share * 100, 2) + "\u00a0%" : std::string(nothing);
}

std::optional<double> share_of(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

std::string_view month_name(ledger::Month month) {
  static constexpr std::string_view names[12] = {"January",   "February", "March",    "April",
                                                 "May",       "June",     "July",     "August",
                                                 "September", "October",  "November", "December"};
  return names[static_cast<unsigned>(month.month()) - 1];
}

std::string day_text(ledger::Date date) {
  const std::chrono::year_month_day day(date);
  return fmt::format("{}\u00a0{} {}", static_cast<unsigned>(day.day()),
                     month_name(day.year() / day.month()), static_cast<int>(day.year()));
}

std::string minute_text(ledger::Instant time) {
  const std::string rfc3339 = ledger::to_rfc3339(time);
  return fmt::format("{}, {}", day_text(oslo_date(time)), rfc3339.substr(11, 5));
}

std::string verdict(Verdict verdict, std::string_view html) {
  static constexpr std::string_view classes[] = {"good", "bad", "neutral"};
  static constexpr std::string_view signs[] = {"✓", "✗", "•"};
  const auto index = static_cast<std::size_t>(verdict);
  return fmt::format(R"(<p class="verdict {}"><span aria-hidden="true">{}</span> {}</p>)"
                     "\n",
                     classes[index], signs[index], html);
}

std::string paragraph(std::string_view html) { return fmt::format("<p>{}</p>\n", html); }

std::string definition(std::string_view html_term, std::string_view html) {
  return fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", html_term, html);
}

std::string section(std::string_view id, std::string_view heading, std::string_view html) {
  return fmt::format("<section aria-labelledby=\"{0}\">\n<h2 id=\"{0}\">{1}</h2>\n{2}</section>\n",
                     id, heading, html);
}

std::string pair(std::string_view html, std::string_view other_html) {
  return fmt::format("<div class=\"pair\"><div>{}</div><div>{}</div></div>\n", html, other_html);
}

std::string table(std::string_view caption, const Row& heads, const std::vector<Row>& rows) {
  return fmt::format("<table class=\"list\"><caption>{}</caption>\n{}</table>\n", caption,
                     rows_of(heads, rows));
}

std::string wide_table(std::string_view caption, const Row& heads, const std::vector<Row>& rows) {
  return fmt::format(
      R"(<div class="scroll" role="region" tabindex="0" aria-label="{0}">)"
      "<table><caption><span>{0} <span class=\"hint\">(scroll to the right for more)</span></span>"
      "</caption>\n{1}</table></div>\n",
      caption, rows_of(heads, rows));
}

}  // namespace api::report
