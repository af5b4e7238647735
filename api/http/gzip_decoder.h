#pragma once

#include <zlib.h>

#include <array>
#include <cstdint>

namespace api {

/// Takes a body of `Content-Encoding: gzip` apart (RFC 1952: one member, or several behind each
/// other), piece by piece, within a bound of how much little may become.
class GzipDecoder {
 public:
  /// What one decoder has in memory: its input, and the window and tables of zlib.
  static constexpr std::size_t memory_bytes = 64U << 10;
  /// A body may be so many times as large as what was sent of it, ...
  static constexpr std::uint64_t ratio_max = 100;
  /// ... and as large as this in any case.
  static constexpr std::uint64_t free_bytes = 1U << 20;

  enum class Fault : std::uint8_t { none, damaged, too_dense };

  /// Throws std::bad_alloc.
  GzipDecoder();
  ~GzipDecoder();
  GzipDecoder(const GzipDecoder&) = delete;
  GzipDecoder& operator=(const GzipDecoder&) = delete;

  /// Where the next compressed bytes go once take() has returned 0; then give() says how many.
  char* input() { return input_.data(); }
  std::size_t input_size() const { return input_.size(); }
  void give(std::size_t bytes);
  /// Writes up to `size` bytes; 0 when it needs input, or has found a fault.
  std::size_t take(char* out, std::size_t size);
  Fault fault() const { return fault_; }
  /// Whether the input may end here. Asked when take() has returned 0.
  bool is_complete() const { return is_at_member_end_ && fault_ == Fault::none; }

 private:
  z_stream stream_{};
  std::array<char, 16U << 10> input_;
  std::uint64_t taken_in_ = 0;
  std::uint64_t taken_out_ = 0;
  bool is_at_member_end_ = false;
  Fault fault_ = Fault::none;
};

}  // namespace api
