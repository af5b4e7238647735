#pragma once

#include <array>
#include <boost/endian/conversion.hpp>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>

namespace storage {

/// Appends the elements of the stored formats to a string. Variable-length integers are LEB128:
/// seven bits a byte, lowest first; signed ones are zigzag-coded before.
class ByteWriter {
 public:
  explicit ByteWriter(std::string& out) : out_(out) {}

  void u8(std::uint8_t value) { out_ += static_cast<char>(value); }
  void varint(std::uint64_t value) {
    if (value < 128) return u8(static_cast<std::uint8_t>(value));
    // Put together in a register: what was stored in bytes cannot be loaded at once as a word.
    std::uint64_t word = 0;
    unsigned size = 0;
    for (; value >= 128 && size < 7; ++size, value >>= 7) word |= (value % 128 + 128) << 8 * size;
    if (value >= 128) {
      append_word(word, size);
      return varint(value);
    }
    append_word(word | (value << 8 * size), size + 1);
  }
  void zigzag(std::int64_t value) {
    varint((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }
  void u32(std::uint32_t value) { append_word(boost::endian::endian_reverse(value), 4); }
  void u64(std::uint64_t value) { append_word(boost::endian::endian_reverse(value), 8); }
  void raw(std::string_view bytes) { out_ += bytes; }
  template <std::size_t Size>
  void raw(const std::array<std::uint8_t, Size>& bytes) {
    out_.append(reinterpret_cast<const char*>(bytes.data()), Size);
  }
  /// Length and bytes.
  void text(std::string_view bytes) {
    varint(bytes.size());
    raw(bytes);
  }
  std::size_t size() const { return out_.size(); }

 private:
  /// The lowest `size` bytes, the lowest first.
  void append_word(std::uint64_t word, std::size_t size) {
    unsigned char bytes[8];
    boost::endian::store_little_u64(bytes, word);
    out_.append(reinterpret_cast<const char*>(bytes), size);
  }

  std::string& out_;
};

/// Reads what ByteWriter wrote. After the first element that is not there everything reads as zero
/// and is_ok() is false: a decoder reads to its end and asks once.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : next_(bytes.data()), end_(next_ + bytes.size()) {}

  bool is_ok() const { return is_ok_; }
  /// Everything was there and nothing is left.
  bool is_complete() const { return is_ok_ && next_ == end_; }
  std::size_t left() const { return static_cast<std::size_t>(end_ - next_); }

  std::uint8_t u8() { return has(1) ? static_cast<std::uint8_t>(*next_++) : std::uint8_t{0}; }
  std::uint64_t varint() {
    // Most numbers are small.
    if (next_ != end_ && is_ok_ && static_cast<std::uint8_t>(*next_) < 128) {
      return static_cast<std::uint8_t>(*next_++);
    }
    return long_varint();
  }
  /// One that fits into a narrower type; else it is as if it were not there.
  template <class Narrow>
  Narrow varint() {
    const std::uint64_t value = varint();
    if (value <= static_cast<std::uint64_t>(std::numeric_limits<Narrow>::max())) {
      return static_cast<Narrow>(value);
    }
    is_ok_ = false;
    return 0;
  }
  std::int64_t zigzag() {
    const std::uint64_t value = varint();
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
  }
  std::uint32_t u32() { return boost::endian::load_big_u32(raw<4>().data()); }
  std::uint64_t u64() { return boost::endian::load_big_u64(raw<8>().data()); }
  template <std::size_t Size>
  std::array<std::uint8_t, Size> raw() {
    std::array<std::uint8_t, Size> bytes{};
    if (has(Size)) {
      std::memcpy(bytes.data(), next_, Size);
      next_ += Size;
    }
    return bytes;
  }
  std::string_view raw(std::size_t size) {
    if (!has(size)) return {};
    const std::string_view bytes{next_, size};
    next_ += size;
    return bytes;
  }
  std::string_view text() { return raw(static_cast<std::size_t>(varint())); }

 private:
  std::uint64_t long_varint() {
    std::uint64_t value = 0;
    const char* next = next_;
    for (unsigned shift = 0; shift < 64 && next != end_; shift += 7) {
      const auto byte = static_cast<std::uint8_t>(*next++);
      value |= static_cast<std::uint64_t>(byte & 127U) << shift;
      if (byte >= 128) continue;
      // The writer never pads a number, nor writes more than 64 bits.
      const bool is_padded = byte == 0 && shift != 0;
      const bool is_too_long = shift == 63 && byte > 1;
      if (!is_ok_ || is_padded || is_too_long) break;
      next_ = next;
      return value;
    }
    is_ok_ = false;
    return 0;
  }
  bool has(std::size_t size) {
    if (is_ok_ && left() >= size) return true;
    is_ok_ = false;
    return false;
  }

  const char* next_;
  const char* end_;
  bool is_ok_ = true;
};

}  // namespace storage
