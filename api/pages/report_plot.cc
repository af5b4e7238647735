#include "api/pages/report_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace api {
namespace {

constexpr double width = 640;
constexpr double left = 96, right = width - 12, top = 50, bottom = 284;

bool has_second_line(const Chart& chart) {
  return std::any_of(chart.ticks.begin(), chart.ticks.end(),
                     [](const Tick& tick) { return !tick.below.empty(); });
}

/// Of the title under the names of the places on the x axis.
double x_title_place(const Chart& chart) { return bottom + (has_second_line(chart) ? 70 : 49); }

/// At most five steps of 1, 2 or 5 times a power of ten, and of at least 1.
double step_of(double range) {
  const double unit = std::max(1.0, std::pow(10, std::floor(std::log10(range / 5))));
  for (const double factor : {1, 2, 5}) {
    if (range <= 5 * factor * unit) return factor * unit;
  }
  return 10 * unit;
}

/// Where the values of a chart lie on the drawing.
struct Plane {
  explicit Plane(const Chart& chart)
      : step(step_of(std::max(1.0, chart.y_max - chart.y_min))),
        y_min(chart.y_min),
        y_max(y_min + step * std::max(1.0, std::ceil((chart.y_max - y_min) / step))),
        band((right - left) / static_cast<double>(std::max<std::size_t>(1, chart.ticks.size()))) {}

  double x(std::size_t tick) const { return left + band * (static_cast<double>(tick) + 0.5); }
  double y(double value) const {
    return bottom - (bottom - top) * (value - y_min) / (y_max - y_min);
  }

  double step, y_min, y_max, band;
};

std::string words(std::string_view anchor, double x, double y, std::string_view text) {
  return fmt::format(R"(<text text-anchor="{}" x="{:.1f}" y="{:.1f}">{}</text>)", anchor, x, y,
                     text);
}

std::string line(std::string_view style, double x1, double y1, double x2, double y2) {
  return fmt::format(R"(<line class="{}" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>)", style,
                     x1, y1, x2, y2);
}

std::string circle(double x, double y) {
  return fmt::format(R"(<circle class="reached" cx="{:.1f}" cy="{:.1f}" r="5"/>)", x, y);
}

/// To the left of the place: a mark on it would cover the point that has nearly reached it.
std::string target(double x, double y) { return line("target", x - 20, y, x - 6, y); }

std::string bar(std::size_t series, double x, double y, double bar_width, double bar_height) {
  return fmt::format(
      R"(<rect class="bar s{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>)", series, x,
      y, bar_width, bar_height);
}

std::string axes(const Chart& chart, const Plane& plane) {
  std::string out;
  const auto steps = std::lround((plane.y_max - plane.y_min) / plane.step);
  for (long i = 0; i <= steps; ++i) {
    const double value = plane.y_min + static_cast<double>(i) * plane.step;
    const double y = plane.y(value);
    out += line(i != 0 ? "grid" : chart.y_min == 0 ? "axis" : "cut", left, y, right, y);
    out += words("end", left - 8, y + 5,
                 grouped(static_cast<std::uint64_t>(value)) + std::string(chart.unit));
  }
  for (std::size_t i = 0; i < chart.ticks.size(); ++i) {
    const Tick& tick = chart.ticks[i];
    if (tick.label.empty()) continue;
    out += line("axis", plane.x(i), bottom, plane.x(i), bottom + 5);
    out += words("middle", plane.x(i), bottom + 23, tick.label);
    if (!tick.below.empty()) out += words("middle", plane.x(i), bottom + 44, tick.below);
  }
  out += words("start", 4, 20, chart.y_title);
  out += words("middle", (left + right) / 2, x_title_place(chart), chart.x_title);
  return out + '\n';
}

std::string lines(const Chart& chart, const Plane& plane) {
  std::string out;
  for (std::size_t s = 0; s < chart.series.size(); ++s) {
    const auto& values = chart.series[s].values;
    std::string path;
    bool is_drawing = false;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (values[i]) {
        path +=
            fmt::format("{}{:.1f} {:.1f}", is_drawing ? 'L' : 'M', plane.x(i), plane.y(*values[i]));
        // A line of no length still shows its round end: a value between two gaps is a dot.
        if (!is_drawing) path += "h0";
      }
      is_drawing = values[i].has_value();
    }
    out += fmt::format(R"(<path class="line s{}" d="{}"/>)", s, path);
  }
  return out + '\n';
}

std::string levels(const Chart& chart, const Plane& plane) {
  std::string out;
  for (std::size_t s = 0; s < chart.levels.size(); ++s) {
    const double y = plane.y(chart.levels[s]);
    out += line(fmt::format("level s{}", s), left, y, right, y);
  }
  return out;
}

std::string limits(const Chart& chart, const Plane& plane) {
  std::string out;
  for (const Limit& limit : chart.limits) {
    const double x = plane.x(limit.tick);
    out += line("limit", x, top, x, bottom);
    out += words("middle", x, top - 6, std::to_string(limit.tick));
    out += target(x, plane.y(limit.target)) + circle(x, plane.y(limit.reached));
  }
  return out;
}

std::string bars(const Chart& chart, const Plane& plane) {
  std::string out;
  const double each = plane.band * 0.8 / static_cast<double>(chart.series.size());
  for (std::size_t s = 0; s < chart.series.size(); ++s) {
    const auto& values = chart.series[s].values;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!values[i]) continue;
      const double y = plane.y(*values[i]);
      const double x = plane.x(i) - plane.band * 0.4 + each * static_cast<double>(s);
      out += bar(s, x, y, each - 1, bottom - y);
    }
  }
  return out + '\n';
}

std::string legend_entry(std::string_view drawing, std::string_view name) {
  return fmt::format(
      R"(<li><svg class="swatch" viewBox="0 0 30 14" aria-hidden="true">{}</svg>{}</li>)", drawing,
      name);
}

std::string figure(const Chart& chart, std::string_view drawing, std::string_view legend) {
  return fmt::format(R"(<figure><figcaption>{0}<ul class="legend">{1}</ul></figcaption>)"
                     R"(<svg class="plot" viewBox="0 0 {2} {3}" role="img" )"
                     R"(aria-labelledby="{4}-title {4}-desc"><title id="{4}-title">{0}</title>)"
                     R"(<desc id="{4}-desc">{5}</desc>)"
                     "\n{6}</svg></figure>\n",
                     chart.title, legend, width, x_title_place(chart) + 8, chart.id,
                     chart.description, drawing);
}

}  // namespace

std::string grouped(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && (digits.size() - i) % 3 == 0) out += "\u2009";
    out += digits[i];
  }
  return out;
}

std::string line_chart(const Chart& chart) {
  const Plane plane(chart);
  std::string legend;
  for (std::size_t s = 0; s < chart.series.size(); ++s) {
    legend += legend_entry(line(fmt::format("line s{}", s), 1, 7, 29, 7), chart.series[s].name);
  }
  if (!chart.limits.empty()) {
    legend += legend_entry(line("limit", 15, 0, 15, 14), "limits");
    legend += legend_entry(circle(15, 7), "received within the limit");
    legend += legend_entry(line("target", 8, 7, 22, 7), "target");
  }
  return figure(
      chart, axes(chart, plane) + levels(chart, plane) + lines(chart, plane) + limits(chart, plane),
      legend);
}

std::string bar_chart(const Chart& chart) {
  const Plane plane(chart);
  std::string legend;
  for (std::size_t s = 0; s < chart.series.size(); ++s) {
    legend += legend_entry(bar(s, 8, 1, 14, 12), chart.series[s].name);
  }
  return figure(chart, axes(chart, plane) + bars(chart, plane), legend);
}

}  // namespace api
