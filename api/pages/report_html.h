#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/pages/report_json.h"

/// Figures and HTML of the report. Figures are written as in Norway: 3 278,00. Money stays in
/// integer øre. What is called `html` must be escaped already.
namespace api::report {

inline constexpr std::string_view nothing = "–";

std::string escaped(std::string_view text);
/// Text leaves the statement escaped, so that nothing behind here can forget to.
std::string text(const json::object& from, std::string_view name);
/// A hash: its first digits are shown, and all of them when the reader points at it.
std::string hash(const json::object& from, std::string_view name);

/// Øre as kroner, or øre-days as kroner-days.
std::string kroner(std::int64_t ore);
std::string kroner(const json::object& from, std::string_view name);
std::string signed_number(std::int64_t number);
std::string number_text(const json::object& from, std::string_view name);
/// In a sentence a number must not break at its thin spaces; tables see to that themselves.
std::string unbroken(std::string_view number);
std::string counted(std::uint64_t number, std::string_view one, std::string_view many);
/// `digits` decimals, with a comma.
std::string decimal(double number, int digits);
std::string percent(std::optional<double> share);
std::optional<double> share_of(std::uint64_t part, std::uint64_t whole);

std::string_view month_name(ledger::Month month);
std::string day_text(ledger::Date date);        ///< 30 June 2026
std::string minute_text(ledger::Instant time);  ///< 1 February 2026, 10:00; Norwegian time

enum class Verdict { good, bad, neutral };
std::string verdict(Verdict verdict, std::string_view html);
std::string paragraph(std::string_view html);
std::string definition(std::string_view html_term, std::string_view html);
std::string section(std::string_view id, std::string_view heading, std::string_view html);
/// Two parts beside each other where there is room.
std::string pair(std::string_view html, std::string_view other_html);

using Row = std::vector<std::string>;

/// The first cell of each row is its heading. On a narrow screen each row becomes a list.
std::string table(std::string_view caption, const Row& heads, const std::vector<Row>& rows);
/// One that stays a table on a narrow screen, and scrolls there.
std::string wide_table(std::string_view caption, const Row& heads, const std::vector<Row>& rows);

}  // namespace api::report
