#include "api/pages/report_plot.h"

#include <gtest/gtest.h>

namespace api::test {
namespace {

Chart two_ticks() {
  Chart chart;
  chart.id = "it";
  chart.title = "A title";
  chart.description = "A description";
  chart.unit = " %";
  chart.y_max = 100;
  chart.ticks = {{"first", "below"}, {"second", ""}};
  return chart;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::size_t occurrences(const std::string& text, std::string_view part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(Grouped, has_a_thin_space_before_every_three_digits) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1\u2009000");
  EXPECT_EQ(grouped(100'000), "100\u2009000");
  EXPECT_EQ(grouped(UINT64_MAX), "18\u2009446\u2009744\u2009073\u2009709\u2009551\u2009615");
}

TEST(LineChart, goes_from_the_bottom_to_the_top_of_the_plane) {
  Chart chart = two_ticks();
  chart.series = {{"share", {0.0, 100.0}}};
  const std::string svg = line_chart(chart);
  EXPECT_TRUE(has(svg, R"(<path class="line s0" d="M229.0 284.0h0L495.0 50.0"/>)")) << svg;
  EXPECT_TRUE(has(svg, ">20 %<") && has(svg, ">100 %<")) << svg;
  EXPECT_TRUE(has(svg, ">first<") && has(svg, ">below<") && has(svg, ">second<")) << svg;
}

TEST(LineChart, leaves_a_gap_where_there_is_no_value) {
  Chart chart = two_ticks();
  chart.ticks.resize(4);
  chart.series = {{"share", {0.0, 100.0, std::nullopt, 50.0}}};
  const std::string svg = line_chart(chart);
  EXPECT_TRUE(has(svg, R"(d="M162.5 284.0h0L295.5 50.0M561.5 167.0h0")")) << svg;
}

TEST(LineChart, marks_limits_and_explains_them_only_when_there_are_any) {
  Chart chart = two_ticks();
  chart.series = {{"share", {0.0, 100.0}}};
  EXPECT_FALSE(has(line_chart(chart), "target"));
  chart.limits = {{1, 80, 90}};
  const std::string svg = line_chart(chart);
  EXPECT_TRUE(has(svg, R"(<circle class="reached" cx="495.0" cy="96.8")")) << svg;
  EXPECT_TRUE(has(svg, R"(<line class="target" x1="475.0" y1="73.4" x2="489.0" y2="73.4")")) << svg;
  EXPECT_TRUE(has(svg, "received within the limit")) << svg;
}

TEST(LineChart, shows_what_each_series_is_to_reach_and_that_its_axis_is_cut) {
  Chart chart = two_ticks();
  chart.series = {{"share", {80.0, 100.0}}, {"other", {85.0, 90.0}}};
  EXPECT_FALSE(has(line_chart(chart), "class=\"cut\""));
  chart.y_min = 80;
  chart.levels = {90, 95};
  const std::string svg = line_chart(chart);
  EXPECT_TRUE(has(svg, R"(<line class="level s0" x1="96.0" y1="167.0" x2="628.0" y2="167.0")"));
  EXPECT_TRUE(has(svg, R"(<line class="level s1" x1="96.0" y1="108.5")"));
  EXPECT_TRUE(has(svg, R"(<line class="cut" x1="96.0" y1="284.0")"));
}

TEST(Chart, has_the_title_of_its_axis_right_below_the_names_of_its_places) {
  Chart chart = two_ticks();
  chart.x_title = "places";
  chart.series = {{"share", {0.0, 100.0}}};
  EXPECT_TRUE(has(line_chart(chart), R"(y="354.0">places<)")) << "under a second line of names";
  chart.ticks[0].below.clear();
  EXPECT_TRUE(has(line_chart(chart), R"(y="333.0">places<)"));
}

TEST(BarChart, has_a_bar_for_each_value_and_its_axis_ends_above_the_highest) {
  Chart chart = two_ticks();
  chart.unit = "";
  chart.y_max = 1234;
  chart.series = {{"issued", {1234.0, 0.0}}, {"entitled", {617.0, 1.0}}};
  const std::string svg = bar_chart(chart);
  EXPECT_EQ(occurrences(svg, "<rect class=\"bar s0\""), 2U + 1U) << "two values and the legend";
  EXPECT_EQ(occurrences(svg, "<rect class=\"bar s1\""), 2U + 1U) << "two values and the legend";
  EXPECT_TRUE(has(svg, ">1\u2009500</text>") && !has(svg, ">2\u2009000</text>")) << svg;
}

TEST(BarChart, of_zeros_has_an_axis_from_zero_to_one) {
  Chart chart = two_ticks();
  chart.unit = "";
  chart.y_max = 0;
  chart.series = {{"issued", {0.0, 0.0}}};
  const std::string svg = bar_chart(chart);
  EXPECT_TRUE(has(svg, ">0</text>") && has(svg, ">1</text>")) << svg;
  EXPECT_FALSE(has(svg, "nan") || has(svg, "inf")) << svg;
}

TEST(Chart, is_named_and_described_for_those_who_cannot_see_it) {
  Chart chart = two_ticks();
  chart.series = {{"share", {0.0, 100.0}}};
  for (const std::string& svg : {line_chart(chart), bar_chart(chart)}) {
    EXPECT_TRUE(has(svg, R"(role="img" aria-labelledby="it-title it-desc")")) << svg;
    EXPECT_TRUE(has(svg, R"(<title id="it-title">A title</title>)")) << svg;
    EXPECT_TRUE(has(svg, R"(<desc id="it-desc">A description</desc>)")) << svg;
  }
}

}  // namespace
}  // namespace api::test
