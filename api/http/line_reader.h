#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace api {

/// Reads a file of lines, or standard input, in batches of whole lines. Each file is opened once
/// and read from its begin to its end, so that it may be a pipe.
class LineReader {
 public:
  /// `-` is standard input. Throws std::runtime_error when it cannot be opened.
  explicit LineReader(const std::string& name);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  const std::string& name() const { return name_; }
  /// Bytes of the file, 0 when it is not known.
  std::uint64_t size() const;
  /// The next whole lines, without a byte order mark; empty at the end. Throws std::runtime_error
  /// when they cannot be read, and UsageError when there are none: the file is compressed, of
  /// another encoding, a JSON array, or a line is longer than 32 MiB.
  std::string next();

 private:
  void begin();
  std::size_t batch_end() const;
  void fill();

  const std::string name_;
  const int file_;
  std::string bytes_;
  bool is_at_begin_ = true;
  bool is_at_end_ = false;
};

/// Looks at the first lines of a file of items. Throws UsageError when none of them can be taken:
/// they are no JSON objects; or all have a `receivedTime`, and it is not trusted. `name` is that of
/// the file.
void require_items(std::string_view lines, const std::string& name, bool trusts_received_time);

}  // namespace api
