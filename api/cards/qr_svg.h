#pragma once

#include <string>
#include <string_view>

namespace api {

/// Modules of white around the code, which readers need to find it.
inline constexpr int qr_quiet_zone = 4;

/// The QR code of a text as an SVG picture: black on a white ground of its own, so that it is read
/// from a dark page, too. A module is one unit; whoever shows the picture gives it its size. Throws
/// std::runtime_error when the text is longer than a code can hold (2953 bytes).
std::string qr_svg(std::string_view text);

}  // namespace api
