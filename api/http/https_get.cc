#include "api/http/https_get.h"

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>
#include <functional>
#include <stdexcept>

#include "api/http/name_lookup.h"
#include "api/http/tls_context.h"

namespace api {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto time_max = std::chrono::seconds{5};
/// With its head and the framing of its body.
constexpr std::size_t answer_bytes_max = 1U << 20;
constexpr std::size_t piece_bytes = 16U << 10;

/// `max-age` of `Cache-Control`, if it is there.
std::optional<std::chrono::seconds> max_age_of(std::string_view cache_control) {
  constexpr std::string_view name = "max-age=";
  const std::size_t at = cache_control.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  std::int32_t seconds = 0;
  const char* const begin = cache_control.data() + at + name.size();
  const auto read = std::from_chars(begin, cache_control.data() + cache_control.size(), seconds);
  if (read.ec != std::errc() || seconds < 0) return std::nullopt;
  return std::chrono::seconds{seconds};
}

/// One request, within one span of time: each step runs on what the steps before have left of it.
class Request {
 public:
  Request(const std::string& url, const std::string& ca_file)
      : tls_(make_client_context(ca_file)), stream_(context_, *tls_) {
    const auto parsed = boost::urls::parse_uri(url);
    if (!parsed || parsed->scheme() != "https" || parsed->host().empty()) {
      throw std::runtime_error("not an https:// address: " + url);
    }
    host_ = parsed->host_address();
    port_ = parsed->has_port() ? std::string(parsed->port()) : "443";
    target_ = std::string(parsed->encoded_target());
    if (target_.empty()) target_ = "/";
    name_ = parsed->encoded_authority();
  }

  Fetched get() {
    connect();
    stream_.set_verify_callback(asio::ssl::host_name_verification(host_));
    SSL_set_tlsext_host_name(stream_.native_handle(), host_.c_str());
    step("TLS", [&](auto done) {
      stream_.async_handshake(asio::ssl::stream_base::client, std::move(done));
    });
    http::request<http::empty_body> request(http::verb::get, target_, 11);
    request.set(http::field::host, name_);
    request.set(http::field::accept, "application/json");
    request.set(http::field::connection, "close");
    step("request", [&](auto done) {
      http::async_write(stream_, request, [done](error_code error, std::size_t) { done(error); });
    });
    return read_answer();
  }

 private:
  void connect() {
    const auto found = look_up(host_, port_, deadline_);
    step("connection", [&](auto done) {
      asio::async_connect(stream_.next_layer(), found,
                          [done](error_code error, const tcp::endpoint&) { done(error); });
    });
  }

  Fetched read_answer() {
    boost::beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(answer_bytes_max);
    parser.eager(true);
    std::size_t bytes = 0;
    while (!parser.is_done()) {
      bytes += read_piece(buffer, parser);
      if (bytes > answer_bytes_max) throw std::runtime_error(name_ + ": the answer is too large");
    }
    const auto& answer = parser.get();
    if (answer.result_int() != 200) {
      throw std::runtime_error(name_ + " answered " + std::to_string(answer.result_int()));
    }
    const auto cache_control = answer[http::field::cache_control];
    return {answer.body(), max_age_of({cache_control.data(), cache_control.size()})};
  }

  /// Reads a piece; Beast's own loop would go on for as long as fields of the head come.
  std::size_t read_piece(boost::beast::flat_buffer& buffer,
                         http::response_parser<http::string_body>& parser) {
    std::size_t got = 0;
    bool is_end = false;
    step("answer", [&](auto done) {
      stream_.async_read_some(buffer.prepare(piece_bytes),
                              [&, done](error_code error, std::size_t size) {
                                got = size;
                                is_end = error == asio::error::eof && parser.got_some();
                                done(is_end ? error_code() : error);
                              });
    });
    buffer.commit(got);
    error_code error;
    if (is_end) {
      parser.put_eof(error);
    } else {
      buffer.consume(parser.put(buffer.data(), error));
    }
    if (error && error != http::error::need_more) {
      throw std::runtime_error(name_ + ": answer: " + error.message());
    }
    return got;
  }

  /// Starts something and waits for its end.
  void step(std::string_view what,
            const std::function<void(std::function<void(error_code)>)>& start) {
    std::optional<error_code> outcome;
    start([&outcome](error_code error) { outcome = error; });
    context_.restart();
    context_.run_until(deadline_);
    if (!outcome) {
      // What still runs refers to this frame.
      error_code ignored;
      stream_.next_layer().close(ignored);
      context_.restart();
      context_.run();
      outcome = asio::error::timed_out;
    }
    if (*outcome) {
      throw std::runtime_error(name_ + ": " + std::string(what) + ": " + outcome->message());
    }
  }

  const std::chrono::steady_clock::time_point deadline_ =
      std::chrono::steady_clock::now() + time_max;
  std::string host_;
  std::string port_;
  std::string target_;
  std::string name_;
  asio::io_context context_;
  const TlsContext tls_;
  asio::ssl::stream<tcp::socket> stream_;
};

}  // namespace

Fetched https_get(const std::string& url, const std::string& ca_file) {
  return Request(url, ca_file).get();
}

}  // namespace api
