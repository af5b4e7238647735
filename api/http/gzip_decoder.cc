#include "api/http/gzip_decoder.h"

#include <algorithm>
#include <limits>
#include <new>

namespace api {
namespace {

/// The largest window, and the header and checksum of gzip.
constexpr int window_bits = 15 + 16;

}  // namespace

GzipDecoder::GzipDecoder() {
  if (inflateInit2(&stream_, window_bits) != Z_OK) throw std::bad_alloc();
}

GzipDecoder::~GzipDecoder() { inflateEnd(&stream_); }

void GzipDecoder::give(std::size_t bytes) {
  stream_.next_in = reinterpret_cast<Bytef*>(input_.data());
  stream_.avail_in = static_cast<uInt>(bytes);
}

std::size_t GzipDecoder::take(char* out, std::size_t size) {
  const uInt room =
      static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
  stream_.next_out = reinterpret_cast<Bytef*>(out);
  stream_.avail_out = room;
  while (fault_ == Fault::none && stream_.avail_out == room) {
    if (is_at_member_end_) {
      if (stream_.avail_in == 0) break;
      inflateReset(&stream_);
      is_at_member_end_ = false;
    }
    const uInt before = stream_.avail_in;
    const int status = inflate(&stream_, Z_NO_FLUSH);
    taken_in_ += before - stream_.avail_in;
    if (status == Z_STREAM_END) {
      is_at_member_end_ = true;
    } else if (status == Z_BUF_ERROR || (status == Z_OK && stream_.avail_in == 0)) {
      break;
    } else if (status != Z_OK) {
      fault_ = Fault::damaged;
    }
  }
  const std::size_t got = room - stream_.avail_out;
  taken_out_ += got;
  if (taken_out_ > free_bytes && taken_out_ / ratio_max > taken_in_) {
    fault_ = Fault::too_dense;
    return 0;
  }
  return got;
}

}  // namespace api
