#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace api {

/// A number with thin spaces between the thousands.
std::string grouped(std::uint64_t number);

/// Below a place on the x axis: a word, and a second line under it. Both may be empty.
struct Tick {
  std::string label;
  std::string below;
};

struct Series {
  std::string_view name;
  std::vector<std::optional<double>> values;  ///< one for each tick; nothing leaves a gap
};

/// A place on the x axis where a value is to be reached.
struct Limit {
  std::size_t tick = 0;
  double reached = 0;
  double target = 0;
};

/// What a plot shows. Texts are HTML, so whatever comes from elsewhere must be escaped.
struct Chart {
  std::string_view id;  ///< unique in the page
  std::string title;
  std::string description;
  std::string_view x_title;
  std::string_view y_title;
  std::string_view unit;  ///< behind the numbers of the y axis
  double y_min = 0;
  double y_max = 0;
  std::vector<Tick> ticks;     ///< evenly spaced
  std::vector<Series> series;  ///< at most three with lines, two with bars
  std::vector<Limit> limits;   ///< of a line chart
  std::vector<double> levels;  ///< of a line chart: what each series is to reach; or none
};

/// A figure with title and legend. Its colours and sizes are classes of the page's style sheet:
/// grid, axis, cut (an axis that does not begin at 0), limit, reached, target, and s0, s1, s2 for
/// line, level and bar.
std::string line_chart(const Chart& chart);
std::string bar_chart(const Chart& chart);

}  // namespace api
