#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace api {

/// Takes a chunked body (RFC 9112, 7.1) apart, whatever the pieces in which it comes. The reading
/// is the strict one: what somebody in front of us could read as another end of the body is
/// refused. Extensions and trailers are checked and left out.
class ChunkDecoder {
 public:
  struct Step {
    std::size_t used = 0;  ///< bytes of the input that are done with
    std::size_t got = 0;   ///< bytes of the body that have been written
  };
  /// Writes at most `size` bytes of the body to `out`. Uses all of `in` unless `out` is full, the
  /// body has ended, or the framing is bad.
  Step decode(std::string_view in, char* out, std::size_t size);

  /// The last chunk and the trailers have been seen.
  bool is_done() const { return state_ == State::done; }
  bool is_bad() const { return state_ == State::bad; }

 private:
  enum class State : std::uint8_t { size_line, data, data_end, trailer_line, done, bad };

  /// Takes bytes up to the end of the line; returns how many.
  std::size_t take_line(std::string_view in);
  State after_line();
  State after_size_line();

  State state_ = State::size_line;
  std::uint64_t left_ = 0;       // of this chunk
  std::string line_;             // as far as it has come, without its end
  bool is_after_cr_ = false;     // within the end of a line
  std::size_t extra_bytes_ = 0;  // of all extensions and trailers
};

}  // namespace api
