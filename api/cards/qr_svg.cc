#include "api/cards/qr_svg.h"

#include <fmt/format.h>
#include <qrencode.h>

#include <memory>
#include <stdexcept>

namespace api {
namespace {

struct Freer {
  void operator()(QRcode* code) const { QRcode_free(code); }
};
using CodePtr = std::unique_ptr<QRcode, Freer>;

/// The lowest correction: on a screen nothing is worn off, and larger modules are read better.
CodePtr encode(std::string_view text) {
  CodePtr code{QRcode_encodeData(static_cast<int>(text.size()),
                                 reinterpret_cast<const unsigned char*>(text.data()), 0,
                                 QR_ECLEVEL_L)};
  if (!code) throw std::runtime_error("the text does not fit into a QR code");
  return code;
}

bool is_black(const QRcode& code, int x, int y) {
  return x < code.width && (code.data[y * code.width + x] & 1) != 0;
}

/// The black modules of a row, as rectangles of neighbours.
void append_row(std::string& path, const QRcode& code, int y) {
  for (int x = 0; x < code.width; ++x) {
    if (!is_black(code, x, y)) continue;
    const int begin = x;
    while (is_black(code, x, y)) ++x;
    const int width = x - begin;
    fmt::format_to(std::back_inserter(path), "M{} {}h{}v1h-{}z", begin + qr_quiet_zone,
                   y + qr_quiet_zone, width, width);
  }
}

}  // namespace

std::string qr_svg(std::string_view text) {
  const CodePtr code = encode(text);
  const int size = code->width + 2 * qr_quiet_zone;
  std::string svg = fmt::format(
      R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {0}" shape-rendering="crispEdges">)"
      R"(<rect width="{0}" height="{0}" fill="#fff"/><path fill="#000" d=")",
      size);
  for (int y = 0; y < code->width; ++y) append_row(svg, *code, y);
  svg += "\"/></svg>";
  return svg;
}

}  // namespace api
