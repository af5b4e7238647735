#include "api/http/chunk_decoder.h"

#include <algorithm>
#include <array>
#include <boost/beast/core/string.hpp>
#include <charconv>
#include <cstring>

namespace api {
namespace {

/// Extensions and trailers of one body together: nobody needs them, and they cost time.
constexpr std::size_t extra_bytes_max = 16U << 10;
/// A size that 64 bits hold.
constexpr std::size_t size_digits_max = 16;

bool is_token_char(char c) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         marks.find(c) != std::string_view::npos;
}

bool is_control(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F; }

void skip_blanks(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
}

/// Takes a token off the front; false when there is none.
bool skip_token(std::string_view& text) {
  const auto* const end = std::find_if_not(text.begin(), text.end(), is_token_char);
  const auto size = static_cast<std::size_t>(end - text.begin());
  text.remove_prefix(size);
  return size != 0;
}

/// Takes a quoted string off the front; false when it is not closed.
bool skip_quoted(std::string_view& text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

/// Whether this is nothing, or `;name` and `;name=value`, one after the other.
bool are_extensions(std::string_view text) {
  while (!text.empty()) {
    skip_blanks(text);
    if (!text.starts_with(';')) return false;
    text.remove_prefix(1);
    skip_blanks(text);
    if (!skip_token(text)) return false;
    std::string_view value = text;
    skip_blanks(value);
    if (!value.starts_with('=')) continue;
    text = value.substr(1);
    skip_blanks(text);
    const bool has_value = text.starts_with('"') ? skip_quoted(text) : skip_token(text);
    if (!has_value) return false;
  }
  return true;
}

/// Whether this is a field that may stand behind a body. A field that decides about framing, host,
/// content or caller may not: a proxy that merges it into the head reads another request (RFC 9110,
/// 6.5.1).
bool is_trailer(std::string_view line) {
  constexpr std::array<std::string_view, 18> forbidden{"Transfer-Encoding",
                                                       "Content-Length",
                                                       "Content-Type",
                                                       "Content-Encoding",
                                                       "Content-Range",
                                                       "Host",
                                                       "Connection",
                                                       "Trailer",
                                                       "TE",
                                                       "Upgrade",
                                                       "Expect",
                                                       "Authorization",
                                                       "DPoP",
                                                       "Cookie",
                                                       "Cache-Control",
                                                       "Correlation-Id",
                                                       "Keep-Alive",
                                                       "Max-Forwards"};
  std::string_view rest = line;
  if (!skip_token(rest) || !rest.starts_with(':')) return false;
  const std::string_view name = line.substr(0, line.size() - rest.size());
  return std::none_of(forbidden.begin(), forbidden.end(), [name](std::string_view other) {
    return boost::beast::iequals({name.data(), name.size()}, {other.data(), other.size()});
  });
}

}  // namespace

ChunkDecoder::Step ChunkDecoder::decode(std::string_view in, char* out, std::size_t size) {
  Step step;
  while (step.used < in.size() && state_ != State::done && state_ != State::bad) {
    const std::string_view rest = in.substr(step.used);
    if (state_ != State::data) {
      step.used += take_line(rest);
      continue;
    }
    const std::size_t count = std::min({rest.size(), size - step.got, left_});
    if (count == 0) break;
    std::memcpy(out + step.got, rest.data(), count);
    step.used += count;
    step.got += count;
    left_ -= count;
    if (left_ == 0) state_ = State::data_end;
  }
  return step;
}

std::size_t ChunkDecoder::take_line(std::string_view in) {
  for (std::size_t i = 0; i < in.size(); ++i) {
    const char c = in[i];
    if (is_after_cr_ && c == '\n') {
      state_ = after_line();
      line_.clear();
      is_after_cr_ = false;
      return i + 1;
    }
    const bool is_end = c == '\r' && !is_after_cr_;
    const bool is_extra =
        !is_end && (line_.size() >= size_digits_max || state_ != State::size_line);
    if (is_extra) ++extra_bytes_;
    if (is_after_cr_ || (is_control(c) && !is_end) || extra_bytes_ > extra_bytes_max) {
      state_ = State::bad;
      return i;
    }
    if (is_end) {
      is_after_cr_ = true;
    } else {
      line_ += c;
    }
  }
  return in.size();
}

ChunkDecoder::State ChunkDecoder::after_line() {
  switch (state_) {
    case State::size_line:
      return after_size_line();
    case State::data_end:
      return line_.empty() ? State::size_line : State::bad;
    case State::trailer_line:
      if (line_.empty()) return State::done;
      return is_trailer(line_) ? State::trailer_line : State::bad;
    default:
      return State::bad;
  }
}

ChunkDecoder::State ChunkDecoder::after_size_line() {
  const char* const begin = line_.data();
  const auto [end, error] = std::from_chars(begin, begin + line_.size(), left_, 16);
  const auto digits = static_cast<std::size_t>(end - begin);
  if (error != std::errc() || digits > size_digits_max) return State::bad;
  if (!are_extensions(std::string_view(line_).substr(digits))) return State::bad;
  return left_ == 0 ? State::trailer_line : State::data;
}

}  // namespace api
