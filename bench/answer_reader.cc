#include "bench/answer_reader.h"

#include <strings.h>

#include <algorithm>
#include <charconv>

namespace bench {
namespace {

constexpr std::size_t head_bytes_max = 16 * 1024;

bool parse(std::string_view text, std::uint64_t& out, int base) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return error == std::errc{} && end != text.data();
}

/// What follows `name` and a colon when this header line has that name.
bool is_header(std::string_view line, std::string_view name, std::string_view& value) {
  if (line.size() <= name.size() || line[name.size()] != ':') return false;
  if (strncasecmp(line.data(), name.data(), name.size()) != 0) return false;
  value = line.substr(name.size() + 1);
  value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
  return true;
}

}  // namespace

AnswerReader::State AnswerReader::take(std::string_view piece) {
  if (part_ == Part::end) return State::broken;
  if (part_ != Part::head) return take_body(piece);

  constexpr std::string_view blank_line = "\r\n\r\n";
  if (line_.empty()) {
    const std::size_t end = piece.find(blank_line);
    if (end == std::string_view::npos) {
      line_ = piece;
      return State::partial;
    }
    if (!read_head(piece.substr(0, end))) return State::broken;
    return take_body(piece.substr(end + blank_line.size()));
  }
  const std::size_t before = line_.size();
  line_ += piece;
  const std::size_t end = line_.find(blank_line);
  if (end == std::string::npos) {
    return line_.size() > head_bytes_max ? State::broken : State::partial;
  }
  if (!read_head(std::string_view(line_).substr(0, end))) return State::broken;
  line_.clear();
  return take_body(piece.substr(end + blank_line.size() - before));
}

bool AnswerReader::read_head(std::string_view head) {
  // "HTTP/1.1 200 OK"
  std::uint64_t status = 0;
  if (!head.starts_with("HTTP/1.1 ") || !parse(head.substr(9, 3), status, 10)) return false;
  status_ = static_cast<unsigned>(status);
  std::string_view rest = head;
  while (true) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) return false;  // neither a length nor chunks
    rest.remove_prefix(end + 1);
    std::string_view value;
    if (is_header(rest, "Content-Length", value)) {
      part_ = Part::sized_body;
      return parse(value, left_, 10);
    }
    if (is_header(rest, "Transfer-Encoding", value)) {
      part_ = Part::chunk_size;
      return value.starts_with("chunked");
    }
  }
}

AnswerReader::State AnswerReader::take_body(std::string_view piece) {
  if (part_ != Part::sized_body) return take_chunks(piece);
  if (piece.size() > left_) return State::broken;
  left_ -= piece.size();
  if (left_ != 0 || !gathered_.empty()) gathered_ += piece;
  if (left_ != 0) return State::partial;
  body_ = gathered_.empty() ? piece : std::string_view(gathered_);
  part_ = Part::end;
  return State::whole;
}

AnswerReader::State AnswerReader::take_chunks(std::string_view piece) {
  while (!piece.empty()) {
    if (part_ == Part::end) return State::broken;
    if (part_ == Part::chunk) {
      const std::size_t size = std::min<std::uint64_t>(left_, piece.size());
      gathered_.append(piece.substr(0, size));
      piece.remove_prefix(size);
      left_ -= size;
      if (left_ == 0) part_ = Part::chunk_end;
      continue;
    }
    const std::size_t end = piece.find('\n');
    line_ += piece.substr(0, end);
    if (line_.size() > head_bytes_max) return State::broken;
    if (end == std::string_view::npos) return State::partial;
    piece.remove_prefix(end + 1);
    if (!end_line()) return State::broken;
    line_.clear();
  }
  if (part_ != Part::end) return State::partial;
  body_ = gathered_;
  return State::whole;
}

bool AnswerReader::end_line() {
  if (!line_.ends_with('\r')) return false;
  const bool is_blank = line_.size() == 1;
  if (part_ == Part::chunk_size) {
    if (!parse(line_, left_, 16)) return false;
    part_ = left_ == 0 ? Part::trailer : Part::chunk;
    return true;
  }
  if (part_ == Part::chunk_end) {
    part_ = Part::chunk_size;
    return is_blank;
  }
  if (is_blank) part_ = Part::end;
  return true;
}

void AnswerReader::clear() {
  part_ = Part::head;
  status_ = 0;
  left_ = 0;
  line_.clear();
  gathered_.clear();
  body_ = {};
}

}  // namespace bench
