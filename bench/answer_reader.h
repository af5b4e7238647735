#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

/// Finds the end of one HTTP/1.1 answer in the bytes as they come, and no more: status, and the
/// body by Content-Length or chunks. An answer that comes in one piece is not copied. For answers
/// to one request at a time: bytes after the end are an error.
class AnswerReader {
 public:
  enum class State : std::uint8_t { partial, whole, broken };

  State take(std::string_view piece);

  /// Of the head; 0 before it is whole.
  unsigned status() const { return status_; }
  /// Of a whole answer, until the next take() or the end of the piece last taken.
  std::string_view body() const { return body_; }
  /// Gets ready for the next answer, keeping the memory.
  void clear();

 private:
  enum class Part : std::uint8_t { head, sized_body, chunk_size, chunk, chunk_end, trailer, end };

  bool read_head(std::string_view head);
  State take_body(std::string_view piece);
  State take_chunks(std::string_view piece);
  bool end_line();

  Part part_ = Part::head;
  unsigned status_ = 0;
  std::uint64_t left_ = 0;  ///< bytes of the body or the chunk that are to come
  std::string line_;        ///< of the head or of a chunk's frame, as far as it has come
  std::string gathered_;
  std::string_view body_;
};

}  // namespace bench
