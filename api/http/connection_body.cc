#include <algorithm>
#include <boost/beast/core/read_size.hpp>
#include <utility>

#include "api/http/connection.h"
#include "ingest/items/item_parser.h"
#include "ingest/items/json_text.h"

namespace api {
namespace beast = boost::beast;

Awaitable<std::size_t> Connection::read_sent(char* data, std::size_t size) {
  if (const std::size_t got = take_buffered(data, size); got != 0) co_return got;
  if (!has_sent_body_left() || is_body_broken_) co_return 0;
  if (std::exchange(expects_continue_, false)) {
    static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    co_await write(asio::buffer(go_on));
  }
  const Clock::time_point begin = Clock::now();
  allow(limits().slow_timeout - body_wait_.time(), begin);
  const std::size_t got = co_await receive(data, size);
  body_wait_.add(Clock::now() - begin, got);
  co_return got;
}

/// What has come already needs no wait.
std::size_t Connection::take_buffered(char* data, std::size_t size) {
  if (is_chunked_) {
    const ChunkDecoder::Step step = chunks_.decode(buffered(), data, size);
    buffer_.consume(step.used);
    if (chunks_.is_bad()) is_body_broken_ = true;
    return step.got;
  }
  size = static_cast<std::size_t>(std::min<std::uint64_t>(size, body_left_));
  const std::size_t got = asio::buffer_copy(asio::buffer(data, size), buffer_.data());
  buffer_.consume(got);
  body_left_ -= got;
  return got;
}

/// Waits for the client.
Awaitable<std::size_t> Connection::receive(char* data, std::size_t size) {
  if (!is_chunked_) {
    size = static_cast<std::size_t>(std::min<std::uint64_t>(size, body_left_));
    auto [error, read] = co_await transport_.read_some(asio::buffer(data, size));
    if (error) is_body_broken_ = true;
    const std::size_t got = error ? 0 : read;
    body_left_ -= got;
    co_return got;
  }
  std::size_t got = 0;
  while (got == 0 && has_sent_body_left() && !is_body_broken_) {
    const auto space = buffer_.prepare(beast::read_size(buffer_, piece_bytes));
    auto [error, read] = co_await transport_.read_some(space);
    if (error) {
      is_body_broken_ = true;
    } else {
      buffer_.commit(read);
      got = take_buffered(data, size);
    }
  }
  co_return got;
}

Awaitable<std::size_t> Connection::read_packed(char* data, std::size_t size) {
  while (!is_unpacked_ && !is_body_broken_) {
    const std::size_t got = gzip_->take(data, size);
    if (got != 0) co_return got;
    const bool is_faulty = gzip_->fault() != GzipDecoder::Fault::none;
    const std::size_t sent =
        is_faulty ? 0 : co_await read_sent(gzip_->input(), gzip_->input_size());
    gzip_->give(sent);
    if (sent != 0) continue;
    is_unpacked_ = true;
    if (!gzip_->is_complete()) is_body_broken_ = true;
  }
  co_return 0;
}

Problem Connection::body_problem() const {
  if (is_timed_out_) return {408, "REQUEST_TIMEOUT", "The body came too slowly.", ""};
  const auto fault = gzip_ ? gzip_->fault() : GzipDecoder::Fault::none;
  if (fault == GzipDecoder::Fault::too_dense) {
    return {413, "TOO_LARGE",
            "The unpacked body is more than " + std::to_string(GzipDecoder::ratio_max) +
                " times as large as what was sent; send it without Content-Encoding.",
            ""};
  }
  if (fault == GzipDecoder::Fault::damaged || (gzip_ && !has_sent_body_left())) {
    return {400, "MALFORMED_REQUEST", "The body is not whole gzip data.", ""};
  }
  if (chunks_.is_bad()) return {400, "MALFORMED_REQUEST", "A chunk is not well-formed.", ""};
  return {400, "MALFORMED_REQUEST", "The body broke off.", ""};
}

Awaitable<bool> Connection::read_whole_body(std::size_t bytes_max, bool keeps_mark) {
  std::string& body = request_.body;
  bool is_too_large = body_left_ > bytes_max;
  bool is_full = false;
  std::size_t filled = 0;
  while (!is_too_large && !is_full && has_body_left() && !is_body_broken_) {
    if (filled == body.size()) {
      std::size_t more = std::clamp(3 * filled, first_piece_bytes, piece_bytes);
      if (!has_unknown_size())
        more = static_cast<std::size_t>(std::min<std::uint64_t>(more, body_left_));
      body.reserve(filled + more + ingest::ItemParser::padding_bytes);
      body.resize(filled + more);
    }
    filled += co_await read_some(body.data() + filled, body.size() - filled);
    is_too_large = filled > bytes_max;
    hold(filled);
    // A small request is taken also when large ones fill the memory.
    is_full = (filled > first_piece_bytes || gzip_) && is_memory_full();
  }
  body.resize(filled);
  if (!keeps_mark && body.starts_with(ingest::byte_order_mark)) {
    body.erase(0, ingest::byte_order_mark.size());
  }
  if (is_too_large) {
    Problem problem = body_is_too_large(bytes_max);
    is_closing_ = true;
    co_await refuse(std::move(problem));
    co_return false;
  }
  if (is_full) {
    is_closing_ = true;
    Problem problem = memory_is_full();
    co_await refuse(std::move(problem));
    co_return false;
  }
  if (is_body_broken_) {
    is_closing_ = true;
    Problem problem = body_problem();
    co_await refuse(std::move(problem));
    co_return false;
  }
  body.reserve(body.size() + ingest::ItemParser::padding_bytes);
  co_return true;
}

Awaitable<void> Connection::discard_body() {
  if (body_left_ > discarded_bytes_max) {
    is_closing_ = true;
    co_return;
  }
  std::string piece(piece_bytes, '\0');
  std::size_t discarded = 0;
  while (has_sent_body_left() && !is_body_broken_ && discarded <= discarded_bytes_max) {
    discarded += co_await read_sent(piece.data(), piece.size());
  }
  if (has_sent_body_left()) is_closing_ = true;
}

Problem Connection::body_is_too_large(std::size_t bytes_max) {
  return {413, "TOO_LARGE",
          "The body is larger than " + std::to_string(bytes_max) + " bytes; split the request.",
          ""};
}

}  // namespace api
