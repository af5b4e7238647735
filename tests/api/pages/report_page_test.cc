// The page of the sample statement tests/golden/report_statement.json, and of what it becomes when
// a member is changed.

#include "api/pages/report_page.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <regex>
#include <stdexcept>

namespace api::test {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::string_view hostile = R"(<b a="1" b='2'>&)";
constexpr std::string_view harmless = "&lt;b a=&quot;1&quot; b=&#39;2&#39;&gt;&amp;";

json::value sample() {
  std::ifstream file(fs::path(GOLDEN_FOLDER) / "report_statement.json");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return json::parse(text);
}

/// Without the names of the columns in the cells, which a narrow screen shows.
std::string page_of(const json::value& statement) {
  static const std::regex label(" data-label=\"[^\"]*\"");
  return std::regex_replace(report_page(json::serialize(statement)), label, "");
}

/// The page of the sample with one value set; `pointer` is a JSON pointer.
std::string page_with(std::string_view pointer, json::value value) {
  json::value statement = sample();
  statement.at_pointer(pointer) = std::move(value);
  return page_of(statement);
}

bool has(const std::string& page, std::string_view part) {
  return page.find(part) != std::string::npos;
}

/// A division by zero somewhere; `egenandel` is none.
bool has_not_a_number(const std::string& page) {
  return std::regex_search(page, std::regex("[^a-z](nan|inf)[^a-z]"));
}

/// A row of a table as the page writes it.
std::string row(std::string_view heading, std::initializer_list<std::string_view> cells) {
  std::string out = "<tr><th scope=\"row\">" + std::string(heading) + "</th>";
  for (const std::string_view cell : cells) out += "<td>" + std::string(cell) + "</td>";
  return out + "</tr>";
}

struct Place {
  std::string path;  ///< of the object that holds the member, as a JSON pointer
  json::object& holder;
  std::string name;
};

/// Calls `visit` with each member below `value`, which may change the member and must put it back.
void for_each_member(json::value& value, const std::function<void(const Place&)>& visit,
                     const std::string& path = "") {
  if (value.is_array()) {
    for (std::size_t i = 0; i < value.get_array().size(); ++i) {
      for_each_member(value.get_array()[i], visit, path + '/' + std::to_string(i));
    }
  } else if (value.is_object()) {
    json::object& holder = value.get_object();
    std::vector<std::string> names;
    for (const auto& member : holder) names.emplace_back(member.key());
    for (const std::string& name : names) {
      visit({path, holder, name});
      for_each_member(holder[name], visit, path + '/' + name);
    }
  }
}

/// Read as a time, so that no other text is taken.
bool is_time(std::string_view name) {
  return name == "month" || name == "madeAt" || name.ends_with("Day");
}

TEST(ReportPage, says_what_it_covers) {
  const std::string page = page_of(sample());
  const std::string root(sample().at("root").as_string());
  EXPECT_TRUE(has(page, "<title>Co-payments of 2025: statement 2025-2</title>"));
  EXPECT_TRUE(has(page, "<h1>Co-payments of 2025: statement 2025-2</h1>"));
  EXPECT_TRUE(has(page, "<dd>0-1048576</dd>"));
  EXPECT_TRUE(has(page, "<dd>1\u00a0February 2026, 10:00, Norwegian time</dd>"));
  EXPECT_TRUE(has(page, "<dd>3\u2009278,00</dd>"));
  EXPECT_TRUE(has(page, "<code title=\"" + root + "\">" + root.substr(0, 12) + "…</code>"));
  EXPECT_FALSE(has(page, "Dry run"));
  EXPECT_TRUE(has(page_with("/isDryRun", true), "Dry run"));
}

TEST(ReportPage, says_its_verdicts_before_any_figure) {
  const std::string page = page_of(sample());
  const std::string verdicts = page.substr(0, page.find("<dl>"));
  EXPECT_TRUE(has(verdicts, "No differences"));
  EXPECT_TRUE(
      has(verdicts,
          "All targets for timely reports are missed: <span class=\"n\">88,78\u00a0%</span> "
          "within 16 days (target 90\u00a0%)"));
  EXPECT_TRUE(has(verdicts,
                  "To pay now: <span class=\"n\">890\u2009000,00</span> kroner to "
                  "<span class=\"n\">842</span> persons. To take back: "
                  "<span class=\"n\">3\u2009872,30</span> kroner from"));
  EXPECT_TRUE(has(verdicts,
                  "may be reported until 30\u00a0June 2026 and credited until "
                  "31\u00a0December 2028"));
  EXPECT_FALSE(has(verdicts, "Early"));
  EXPECT_TRUE(has(page_with("/isYearOver", false), "Early: the year 2025 is not over."));
  EXPECT_FALSE(has(page_with("/refunds/takeBackPersons", 0), "To take back:"));
  EXPECT_TRUE(has(page_with("/timeliness/limits/0/isMet", true), "2 of 3 targets"));
  json::value good = sample();
  for (int i = 0; i < 3; ++i) {
    good.at_pointer("/timeliness/limits/" + std::to_string(i) + "/isMet") = true;
  }
  EXPECT_TRUE(has(page_of(good), "All targets for timely reports are met"));
}

TEST(ReportPage, gives_numbers_and_kroner_as_in_norway) {
  const std::string page = page_of(sample());
  EXPECT_TRUE(has(page, row("Credit notes", {"4\u2009307"})));
  EXPECT_TRUE(has(page, row("LE doctor", {"457\u2009772", "115\u2009427\u2009210,77",
                                          "111\u2009964\u2009394,44", "12\u2009440\u2009488,27"})));
  EXPECT_TRUE(has(page, row("Kroner-days", {"98\u2009765\u2009432,10"})));
  EXPECT_FALSE(
      std::regex_search(page.substr(page.find("<main>")), std::regex(">[^<]*[0-9][.][0-9]")));
}

TEST(ReportPage, every_sum_can_be_followed) {
  const std::string page = page_of(sample());
  EXPECT_TRUE(has(
      page,
      row("Counted towards the ceiling", {"921\u2009148", "256\u2009375\u2009149,60"}) + "\n" +
          row("Not paid yet", {"20\u2009114", "6\u2009123\u2009450,50"}) + "\n" +
          row("Credited", {"4\u2009307", "1\u2009805\u2009677,89"}) + "\n" +
          row("Of zero amount", {"8\u2009123", "0,00"}) + "\n" +
          row("Together: co-payments registered", {"953\u2009692", "264\u2009304\u2009277,99"})));
  EXPECT_TRUE(has(page, row("Exemption cards, one a person", {"19\u2009139"}) + "\n" +
                            row("− cards under review", {"\u221217"}) + "\n" +
                            row("− cards at the ceiling to the øre", {"0"}) + "\n" +
                            row("Together: persons with a refund due", {"19\u2009122"})));
  EXPECT_TRUE(has(
      page, row("Due for the year", {"19\u2009122", "28\u2009486\u2009127,70"}) + "\n" +
                row("− named by the statements before", {"–", "\u221227\u2009600\u2009000,00"}) +
                "\n" + row("Together: now", {"–", "886\u2009127,70"}) + "\n" +
                row("of which to pay", {"842", "890\u2009000,00"}) + "\n" +
                row("of which to take back", {"12", "\u22123\u2009872,30"})));
  EXPECT_TRUE(
      has(page, row("Because reports came late, kroner", {"4\u2009012\u2009345,00"}) + "\n" +
                    row("Although there was a card, kroner", {"1\u2009000\u2009000,99"}) + "\n" +
                    row("Together: avoidable payments, kroner", {"5\u2009012\u2009345,99"})));
  EXPECT_FALSE(has(page, "Not counted for another reason"));
  EXPECT_TRUE(has(page_with("/totals/zeroAmount", 8'120),
                  row("Not counted for another reason", {"3", "0,00"})));
}

TEST(ReportPage, writes_every_amount_to_the_ore) {
  const auto amount = [](std::int64_t ore) { return page_with("/refunds/dueOre", ore); };
  EXPECT_TRUE(has(amount(0), "<td>0,00</td></tr>"));
  EXPECT_TRUE(has(amount(7), "<td>0,07</td></tr>"));
  EXPECT_TRUE(has(amount(-1), "<td>\u22120,01</td></tr>"));
  EXPECT_TRUE(has(amount(-100'050), "<td>\u22121\u2009000,50</td></tr>"));
  EXPECT_TRUE(has(amount(INT64_MAX), "<td>92\u2009233\u2009720\u2009368\u2009547\u2009758,07<"));
  EXPECT_TRUE(
      has(amount(INT64_MIN), "<td>\u221292\u2009233\u2009720\u2009368\u2009547\u2009758,08<"));
}

TEST(ReportPage, takes_shares_and_verdicts_on_targets_from_the_statement) {
  const std::string days = "<span class=\"n\">16 days</span>";
  const auto limit = [&](std::string_view share, std::string_view met) {
    return row(days, {"846\u2009657", share, "90,00\u00a0%", met});
  };
  EXPECT_TRUE(has(page_of(sample()), limit("88,78\u00a0%", "missed")));
  EXPECT_TRUE(has(page_with("/timeliness/limits/0/isMet", true), limit("88,78\u00a0%", "met")));
  EXPECT_TRUE(has(page_with("/timeliness/limits/0/share", 1), limit("100,00\u00a0%", "missed")));
}

TEST(ReportPage, names_the_latest_practices_and_where_the_others_are) {
  const std::string page = page_of(sample());
  EXPECT_TRUE(has(page, row("1000023", {"310", "235", "24,19\u00a0%", "987,00"})));
  EXPECT_TRUE(has(page, "<code>practices.csv</code>"));
  EXPECT_TRUE(has(page_with("/latestPractices", json::array()), "No co-payment came after"));
}

TEST(ReportPage, explains_its_words_and_how_to_check_it) {
  const std::string page = page_of(sample());
  for (const std::string_view word :
       {"Root", "Rule pack", "Position", "Credited", "Counted", "Under review"}) {
    EXPECT_TRUE(has(page.substr(page.find("id=\"words\"")), "<dt>" + std::string(word) + "</dt>"))
        << word;
  }
  EXPECT_TRUE(has(page, "one krone-day"));
  EXPECT_TRUE(has(page, "scripts/audit.py") && has(page, "signing.pub"));
}

TEST(ReportPage, adds_up_the_lags_day_by_day) {
  json::value statement = sample();
  statement.at_pointer("/timeliness/byLag") = {5, 4, 0, 1};
  const std::string page = page_of(statement);
  EXPECT_TRUE(has(page, row("0", {"50,00", "90,00", "90,00", "100,00", "100,00", "100,00", "100,00",
                                  "100,00", "100,00", "100,00"})));
  EXPECT_TRUE(has(page, "The plot ends at day 40; 0,00\u00a0% came later than that."));
}

TEST(ReportPage, shows_the_curve_until_99_percent_came_and_no_further_than_180_days) {
  const auto last_row = [](std::size_t late) {
    json::array by_lag(400, 0);
    by_lag[0] = 98;
    by_lag[late] = 2;
    const std::string page = page_with("/timeliness/byLag", by_lag);
    std::string last;
    for (int day = 0; day < 400; day += 10) {
      const std::string text = std::to_string(day);
      if (has(page, R"(<th scope="row">)" + text + "</th>")) last = text;
    }
    return last;
  };
  EXPECT_EQ(last_row(3), "60");
  EXPECT_EQ(last_row(69), "60");
  EXPECT_EQ(last_row(70), "70");
  EXPECT_EQ(last_row(399), "170");
}

TEST(ReportPage, of_a_year_without_copayments_has_no_curve_and_no_shares) {
  json::value statement = sample();
  json::object& timeliness = statement.at("timeliness").as_object();
  timeliness["count"] = 0;
  timeliness["averageLagDays"] = nullptr;
  timeliness["byLag"].emplace_array();
  for (json::value& limit : timeliness["limits"].as_array()) {
    limit.as_object()["within"] = 0;
    limit.as_object()["share"] = nullptr;
    limit.as_object()["isMet"] = false;
  }
  const std::string page = page_of(statement);
  EXPECT_TRUE(has(page, R"(<span class="n">0</span> co-payments)"));
  EXPECT_TRUE(has(page, "No co-payments, so no verdict on their timeliness."));
  EXPECT_FALSE(has(page, "lag-title"));
  EXPECT_FALSE(has_not_a_number(page));
}

TEST(ReportPage, leaves_out_the_shares_of_a_month_without_copayments) {
  json::value statement = sample();
  for (const std::string_view name : {"count", "within16", "within24", "within32"}) {
    statement.at_pointer("/timeliness/byMonth/6").as_object()[name] = 0;
  }
  const std::string page = page_of(statement);
  EXPECT_TRUE(has(page, "2025-07</span></th><td>0</td><td>–</td><td>–</td><td>–</td></tr>"));
  EXPECT_FALSE(has_not_a_number(page));
}

TEST(ReportPage, says_that_there_are_no_differences_or_how_many_of_which_kind) {
  const std::string good = page_of(sample());
  EXPECT_TRUE(has(good, "No differences"));
  EXPECT_FALSE(has(good, "id=\"differences\""));
  json::value statement = sample();
  statement.at("differences") = {{"count", 1234},
                                 {"byKind", {{"sumDiffers", 1233}, {"cardMissing", 1}}}};
  const std::string bad = page_of(statement);
  EXPECT_FALSE(has(bad, "No differences"));
  EXPECT_TRUE(has(bad, "<span class=\"n\">1\u2009234</span> differences"));
  EXPECT_TRUE(has(bad, row("sumDiffers", {"1\u2009233"}) + "\n" + row("cardMissing", {"1"})));
  EXPECT_TRUE(has(page_with("/differences/count", 1), "<span class=\"n\">1</span> difference "));
}

TEST(ReportPage, says_what_changed_since_the_last_statement_when_there_is_one) {
  const std::string page = page_of(sample());
  EXPECT_TRUE(has(page, "<dd>2025-1</dd>") && has(page, "<dd>0-1000000</dd>"));
  EXPECT_TRUE(has(page, "<dd>confirmed</dd>"));
  EXPECT_TRUE(has(page, row("Co-payments", {"3\u2009120"})));
  EXPECT_TRUE(has(page, row("Co-payments registered", {"+3\u2009120"})));
  EXPECT_TRUE(has(page, row("Not paid yet", {"\u2212373"})));
  EXPECT_TRUE(has(page, row("Not paid yet, kroner", {"\u2212112\u2009001,50"})));
  EXPECT_TRUE(has(page, row("Exemption cards under review", {"0"})));

  json::value first = sample();
  first.at("previous") = nullptr;
  first.at("changes") = nullptr;
  EXPECT_FALSE(has(page_of(first), "since the last statement"));
}

TEST(ReportPage, warns_at_the_top_of_what_is_not_confirmed_or_explained) {
  const auto top_of = [](const std::string& page) { return page.substr(0, page.find("<dl>")); };
  constexpr std::string_view warning = R"(<a href="#changes">)";
  EXPECT_FALSE(has(page_of(sample()), warning));
  const std::string page = page_with("/changes/isExplained", false);
  EXPECT_TRUE(has(top_of(page), warning) && has(page, R"(<h2 id="changes">)"));
  EXPECT_TRUE(has(page, "does not explain the changes"));
  const std::string doubted = page_with("/previous/isConfirmed", false);
  EXPECT_TRUE(has(top_of(doubted), "are not confirmed") && has(doubted, "<dd>not confirmed</dd>"));
}

TEST(ReportPage, escapes_every_text_and_name) {
  const json::value original = sample();
  json::value statement = original;
  int texts = 0;
  for_each_member(statement, [&](const Place& at) {
    json::value& text = at.holder[at.name];
    if (!text.is_string() || is_time(at.name)) return;
    const json::value before = text;
    text = hostile;
    const std::string page = page_of(statement);
    EXPECT_FALSE(has(page, "<b ")) << at.path << '/' << at.name;
    EXPECT_TRUE(has(page, harmless)) << at.path << '/' << at.name;
    text = before;
    ++texts;
  });
  EXPECT_GT(texts, 10);
  ASSERT_EQ(statement, original);

  statement.at_pointer("/differences/count") = 1;
  statement.at_pointer("/differences/byKind").as_object()[hostile] = 1;
  EXPECT_TRUE(has(page_of(statement), row(harmless, {"1"})));
  statement = original;
  statement.at_pointer("/changes/totals").as_object()[hostile] = 1;
  EXPECT_TRUE(has(page_of(statement), row(harmless, {"+1"})));
}

TEST(ReportPage, refuses_what_is_not_json) {
  for (const std::string_view text : {"", "statement", "[]", "null", "{}", "{\"year\":2025}"}) {
    EXPECT_THROW(report_page(text), std::runtime_error) << text;
  }
  const std::string whole = json::serialize(sample());
  EXPECT_THROW(report_page(whole.substr(0, whole.size() - 1)), std::runtime_error);
}

/// What a statement says for programs, and its page says in another way or not at all.
bool is_unused(const Place& at) {
  return at.path + '/' + at.name == "/number" || at.name == "payoutOre" ||
         (at.path == "/refunds" && at.name == "persons") ||
         (at.path.starts_with("/latestPractices") &&
          (at.name == "within16" || at.name == "within24"));
}

TEST(ReportPage, refuses_a_statement_without_any_one_member_or_with_another_type) {
  json::value statement = sample();
  statement.at_pointer("/differences/count") = 1;  // so that the kinds are read
  const json::value original = statement;
  int members = 0;
  for_each_member(statement, [&](const Place& at) {
    if (is_unused(at)) return;
    const json::object before = at.holder;
    at.holder[at.name] = before.at(at.name).is_string() ? json::value(5) : json::value("5");
    EXPECT_THROW(page_of(statement), std::runtime_error) << "type: " << at.path << '/' << at.name;
    at.holder.erase(at.name);
    const bool are_names_free = at.path == "/differences/byKind" || at.path == "/changes/totals";
    if (!are_names_free) {
      EXPECT_THROW(page_of(statement), std::runtime_error) << at.path << '/' << at.name;
    }
    at.holder = before;
    ++members;
  });
  EXPECT_GT(members, 200);
  ASSERT_EQ(statement, original);
}

TEST(ReportPage, refuses_figures_that_cannot_be) {
  EXPECT_THROW(page_with("/totals/cards", -1), std::runtime_error);
  EXPECT_THROW(page_with("/timeliness/byLag/3", -1), std::runtime_error);
  EXPECT_THROW(page_with("/timeliness/limits/0/share", 1.01), std::runtime_error);
  EXPECT_THROW(page_with("/timeliness/byMonth/0/within16", 100'000'000), std::runtime_error);
  EXPECT_THROW(page_with("/cardsByMonth/0/month", "2025-13"), std::runtime_error);
  EXPECT_THROW(page_with("/madeAt", "2025-13-01"), std::runtime_error);
  EXPECT_THROW(page_with("/lastReportDay", json::value(hostile)), std::runtime_error);
  EXPECT_THROW(page_with("/latestPractices/0/within32", 6'121), std::runtime_error);
}

}  // namespace
}  // namespace api::test
