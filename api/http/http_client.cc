#include "api/http/http_client.h"

#include <algorithm>
#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/json/parse.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <cstdint>
#include <optional>
#include <stdexcept>

#include "api/http/address.h"
#include "api/http/http_limits.h"
#include "api/http/tls_context.h"
#include "api/program/usage_error.h"

namespace api {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using Socket = asio::generic::stream_protocol::socket;

/// A connection, with TLS or without. What is sent goes out while the answer is read, on the same
/// thread: neither side waits for the other.
class ServerStream {
 public:
  using executor_type = asio::io_context::executor_type;

  /// With TLS when `tls` is not null; `host` is what the certificate must be for.
  ServerStream(asio::io_context& context, Socket socket, const TlsContext& tls,
               const std::string& host)
      : context_(context), socket_(std::move(socket)) {
    if (tls == nullptr) return;
    tls_.emplace(socket_, *tls);
    tls_->set_verify_callback(asio::ssl::host_name_verification(host));
    SSL_set_tlsext_host_name(tls_->native_handle(), host.c_str());
    tls_->handshake(asio::ssl::stream_base::client);
  }
  ~ServerStream() { abandon(); }
  ServerStream(const ServerStream&) = delete;
  ServerStream& operator=(const ServerStream&) = delete;

  /// What the buffers refer to must stay until has_sent(), or abandon(). Its errors show in reading
  /// the answer, or do not matter because there is one.
  void send(const std::array<asio::const_buffer, 2>& parts) {
    is_sending_ = true;
    const auto done = [this](boost::system::error_code, std::size_t) { is_sending_ = false; };
    if (tls_) {
      asio::async_write(*tls_, parts, done);
    } else {
      asio::async_write(socket_, parts, done);
    }
  }
  void finish_sending() {
    while (is_sending_) run_one();
  }
  /// Ends the connection, and with it what is being sent.
  void abandon() {
    boost::system::error_code ignored;
    socket_.close(ignored);
    finish_sending();
  }

  /// After so many bytes nothing more is read. Beast's own limit of a head is for the fields that
  /// come together, and a head may come in many pieces.
  void bound_reading(std::size_t bytes) { readable_bytes_ = bytes; }

  // What Beast reads answers from.
  template <class Buffers>
  std::size_t read_some(const Buffers& buffers, boost::system::error_code& error) {
    if (readable_bytes_ == 0) {
      error = http::error::header_limit;
      return 0;
    }
    std::optional<std::size_t> got;
    const auto done = [&got, &error](boost::system::error_code outcome, std::size_t size) {
      error = outcome;
      got = size;
    };
    if (tls_) {
      tls_->async_read_some(buffers, done);
    } else {
      socket_.async_read_some(buffers, done);
    }
    while (!got) run_one();
    readable_bytes_ -= std::min(readable_bytes_, *got);
    return *got;
  }
  template <class Buffers>
  std::size_t read_some(const Buffers& buffers) {
    boost::system::error_code error;
    const std::size_t got = read_some(buffers, error);
    if (error) throw boost::system::system_error(error);
    return got;
  }

 private:
  void run_one() {
    context_.restart();
    context_.run_one();
  }

  asio::io_context& context_;
  Socket socket_;
  std::optional<asio::ssl::stream<Socket&>> tls_;
  bool is_sending_ = false;
  std::size_t readable_bytes_ = SIZE_MAX;
};

unsigned retry_after(const http::fields& fields) {
  const auto found = fields.find(http::field::retry_after);
  if (found == fields.end()) return 0;
  try {
    return static_cast<unsigned>(std::stoul(std::string(found->value())));
  } catch (const std::exception&) {
    return 1;
  }
}

}  // namespace

struct HttpClient::Impl {
  explicit Impl(const ServerAccess& access) : tokens(access) {}

  std::string url = "http://localhost";  // without a path
  std::string host = "localhost";        // an IPv6 address in brackets
  std::string bare_host;                 // and without them
  std::string port;
  std::string socket_file;  // instead of both
  TlsContext tls;           // null: plain
  TokenSource tokens;
  asio::io_context context;
  std::optional<ServerStream> stream;
  beast::flat_buffer buffer;
  bool is_kept_alive = true;

  Socket connect() {
    if (!socket_file.empty()) {
      asio::local::stream_protocol::socket fresh(context);
      fresh.connect(socket_file);
      return fresh;
    }
    tcp::resolver resolver(context);
    tcp::socket fresh(context);
    asio::connect(fresh, resolver.resolve(bare_host, port));
    fresh.set_option(tcp::no_delay(true));
    return fresh;
  }

  ServerStream& connected() {
    if (!stream || !is_kept_alive) {
      stream.reset();
      stream.emplace(context, connect(), tls, bare_host);
      is_kept_alive = true;
      buffer.clear();
    }
    return *stream;
  }

  std::string name() const { return socket_file.empty() ? host + ':' + port : socket_file; }

  std::string head_text(std::string_view method, const std::string& target) {
    std::string head(method);
    head += ' ' + target + " HTTP/1.1\r\nHost: " + host + "\r\n";
    return head + tokens.headers(method, url + target);
  }

  /// One request and its answer.
  Answer exchange(std::string head, std::string_view body,
                  const std::function<void(std::string_view)>& on_piece) {
    try {
      ServerStream& open = connected();
      open.send({asio::buffer(head), asio::buffer(body.data(), body.size())});
      struct Ender {
        ServerStream& stream;
        ~Ender() {
          if (!is_answered) stream.abandon();
        }
        bool is_answered = false;
      } ender{open};
      Answer answer = read_answer(on_piece);
      // An early refusal ends the connection: the server does not read the rest.
      if (is_kept_alive) {
        open.finish_sending();
        ender.is_answered = true;
      }
      return answer;
    } catch (const boost::system::system_error& error) {
      stream.reset();
      throw std::runtime_error("no answer from " + name() + ": " + error.code().message());
    }
  }

  Answer read_answer(const std::function<void(std::string_view)>& on_piece) {
    http::response_parser<http::buffer_body> parser;
    parser.body_limit(boost::none);
    stream->bound_reading(answer_head_bytes_max);
    http::read_header(*stream, buffer, parser);
    stream->bound_reading(SIZE_MAX);
    Answer answer;
    answer.status = parser.get().result_int();
    answer.retry_after_s = retry_after(parser.get());
    answer.location = std::string(parser.get()["Location"]);
    answer.next_offset = std::string(parser.get()["Next-Offset"]);
    std::string piece(64U << 10, '\0');
    while (!parser.is_done()) {
      auto& body = parser.get().body();
      body.data = piece.data();
      body.size = piece.size();
      boost::system::error_code error;
      http::read_some(*stream, buffer, parser, error);
      if (error && error != http::error::need_buffer) {
        throw boost::system::system_error(error);
      }
      const std::string_view got(piece.data(), piece.size() - body.size);
      if (on_piece && answer.status == 200) {
        on_piece(got);
      } else {
        answer.body += got;
      }
    }
    is_kept_alive = parser.get().keep_alive();
    return answer;
  }
};

HttpClient::HttpClient(const ServerAccess& access) : impl_(std::make_unique<Impl>(access)) {
  impl_->socket_file = socket_file_of(access.server);
  if (!impl_->socket_file.empty()) return;
  const auto parsed = boost::urls::parse_uri(access.server);
  const bool is_secured = parsed && parsed->scheme() == "https";
  if (!parsed || (parsed->scheme() != "http" && !is_secured) || parsed->host().empty()) {
    throw UsageError(
        "--server wants a URL such as http://127.0.0.1:8080, or unix:PATH of a socket file, not '" +
        access.server + "'");
  }
  impl_->host = parsed->host();
  impl_->bare_host = parsed->host_address();
  impl_->port = parsed->has_port() ? std::string(parsed->port()) : (is_secured ? "443" : "80");
  impl_->url = std::string(parsed->scheme()) + "://" + std::string(parsed->encoded_authority());
  if (is_secured) impl_->tls = make_client_context(access.ca_file);
}

HttpClient::~HttpClient() = default;

void HttpClient::disconnect() { impl_->stream.reset(); }

HttpClient::Answer HttpClient::get(const std::string& target) {
  Answer answer = impl_->exchange(impl_->head_text("GET", target) + "\r\n", {}, {});
  if (answer.status != 401 || !impl_->tokens.has_tokens()) return answer;
  impl_->tokens.forget();
  return impl_->exchange(impl_->head_text("GET", target) + "\r\n", {}, {});
}

HttpClient::Answer HttpClient::post_streamed(
    const std::string& target, std::string_view content_type, std::string_view body,
    const std::function<void(std::string_view)>& on_piece) {
  const auto head = [&] {
    return impl_->head_text("POST", target) + "Content-Type: " + std::string(content_type) +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  };
  Answer answer = impl_->exchange(head(), body, on_piece);
  if (answer.status != 401 || !impl_->tokens.has_tokens()) return answer;
  impl_->tokens.forget();
  return impl_->exchange(head(), body, on_piece);
}

namespace {

/// A member of the problem that the server answers with; empty when there is none.
std::string problem_member(const HttpClient::Answer& answer, std::string_view name) {
  boost::system::error_code error;
  const boost::json::value problem = boost::json::parse(answer.body, error);
  const boost::json::value* const member =
      !error && problem.is_object() ? problem.as_object().if_contains(name) : nullptr;
  return member != nullptr && member->is_string() ? std::string(member->as_string()) : "";
}

}  // namespace

std::string problem_text(const HttpClient::Answer& answer) {
  const std::string detail = problem_member(answer, "detail");
  // Something else than our server, such as a proxy before it.
  if (detail.empty())
    return "The server answers with status " + std::to_string(answer.status) + '.';
  const std::string field = problem_member(answer, "field");
  // Most sentences name the field themselves.
  const bool is_field_named = field.empty() || detail.find('`' + field + '`') != std::string::npos;
  return is_field_named ? detail : detail + " (`" + field + "`)";
}

void require_status(const HttpClient::Answer& answer, unsigned expected) {
  if (answer.status == expected) return;
  const std::string text = "the server refuses: " + problem_text(answer);
  // A folder that cannot be used is nothing that the command line could know.
  const bool is_of_the_disk = problem_member(answer, "code") == "INVALID_FOLDER";
  if (answer.status == 400 && !is_of_the_disk) throw UsageError(text);
  throw std::runtime_error(text);
}

}  // namespace api
