#pragma once

#include <array>
#include <cstdint>
#include <cstring>
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
    char bytes[10];
    std::size_t size = 0;
    while (value >= 128) {
      bytes[size++] = static_cast<char>(value | 128U);
      value >>= 7;
    }
    bytes[size++] = static_cast<char>(value);
    out_.append(bytes, size);
  }
  void zigzag(std::int64_t value) {
    varint((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }
  void u32(std::uint32_t value) { big_endian<4>(value); }
  void u64(std::uint64_t value) { big_endian<8>(value); }
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
  template <std::size_t Size>
  void big_endian(std::uint64_t value) {
    char bytes[Size];
    for (std::size_t i = Size; i-- > 0;) {
      bytes[i] = static_cast<char>(value & 255);
      value >>= 8;
    }
    out_.append(bytes, Size);
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
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t byte = u8();
      value |= static_cast<std::uint64_t>(byte & 127U) << shift;
      if (byte < 128) return value;
    }
    is_ok_ = false;
    return 0;
  }
  std::int64_t zigzag() {
    const std::uint64_t value = varint();
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
  }
  std::uint32_t u32() { return static_cast<std::uint32_t>(big_endian<4>()); }
  std::uint64_t u64() { return big_endian<8>(); }
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
  bool has(std::size_t size) {
    if (is_ok_ && left() >= size) return true;
    is_ok_ = false;
    return false;
  }
  template <std::size_t Size>
  std::uint64_t big_endian() {
    std::uint64_t value = 0;
    if (!has(Size)) return 0;
    for (std::size_t i = 0; i < Size; ++i) value = value << 8 | static_cast<std::uint8_t>(*next_++);
    return value;
  }

  const char* next_;
  const char* end_;
  bool is_ok_ = true;
};

}  // namespace storage
