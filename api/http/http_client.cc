#include "api/http/http_client.h"

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/json/parse.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <optional>
#include <stdexcept>
#include <thread>

#include "api/http/address.h"
#include "api/program/usage_error.h"

namespace api {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using Socket = asio::generic::stream_protocol::socket;

std::string head_text(std::string_view method, const std::string& host, const std::string& target) {
  std::string head(method);
  head += ' ' + target + " HTTP/1.1\r\nHost: " + host + "\r\n";
  return head;
}

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
  std::string host = "localhost";  // an IPv6 address in brackets
  std::string bare_host;           // and without them
  std::string port;
  std::string socket_file;  // instead of both
  asio::io_context context;
  std::optional<Socket> socket;
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

  Socket& connected() {
    if (!socket || !is_kept_alive) {
      socket.emplace(connect());
      is_kept_alive = true;
      buffer.clear();
    }
    return *socket;
  }

  std::string name() const { return socket_file.empty() ? host + ':' + port : socket_file; }

  Answer read_answer(const std::function<void(std::string_view)>& on_piece) {
    http::response_parser<http::buffer_body> parser;
    parser.body_limit(boost::none);
    http::read_header(*socket, buffer, parser);
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
      http::read_some(*socket, buffer, parser, error);
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

HttpClient::HttpClient(const std::string& url) : impl_(std::make_unique<Impl>()) {
  impl_->socket_file = socket_file_of(url);
  if (!impl_->socket_file.empty()) return;
  const auto parsed = boost::urls::parse_uri(url);
  if (!parsed || parsed->scheme() != "http" || parsed->host().empty()) {
    throw UsageError(
        "--server wants a URL such as http://127.0.0.1:8080, or unix:PATH of a socket file, not '" +
        url + "'");
  }
  impl_->host = parsed->host();
  impl_->bare_host = parsed->host_address();
  impl_->port = parsed->has_port() ? std::string(parsed->port()) : "80";
}

HttpClient::~HttpClient() = default;

void HttpClient::disconnect() { impl_->socket.reset(); }

HttpClient::Answer HttpClient::get(const std::string& target) {
  try {
    Socket& socket = impl_->connected();
    const std::string head = head_text("GET", impl_->host, target) + "\r\n";
    asio::write(socket, asio::buffer(head));
    return impl_->read_answer({});
  } catch (const boost::system::system_error& error) {
    disconnect();
    throw std::runtime_error("no answer from " + impl_->name() + ": " + error.code().message());
  }
}

HttpClient::Answer HttpClient::post_streamed(
    const std::string& target, std::string_view content_type, std::string_view body,
    const std::function<void(std::string_view)>& on_piece) {
  try {
    Socket& socket = impl_->connected();
    std::string head = head_text("POST", impl_->host, target);
    head += "Content-Type: " + std::string(content_type) + "\r\n";
    head += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    // Its errors show in reading the answer, or do not matter because there is one.
    std::thread sender([&socket, &head, body] {
      boost::system::error_code ignored;
      const std::array<asio::const_buffer, 2> parts{asio::buffer(head),
                                                    asio::buffer(body.data(), body.size())};
      asio::write(socket, parts, ignored);
    });
    struct Joiner {
      std::thread& thread;
      Socket& socket;
      bool is_answered;
      ~Joiner() {
        boost::system::error_code ignored;
        if (!is_answered) socket.shutdown(Socket::shutdown_both, ignored);
        thread.join();
      }
    } joiner{sender, socket, false};
    Answer answer = impl_->read_answer(on_piece);
    // An early refusal ends the connection: the server does not read the rest.
    joiner.is_answered = impl_->is_kept_alive;
    return answer;
  } catch (const boost::system::system_error& error) {
    disconnect();
    throw std::runtime_error("no answer from " + impl_->name() + ": " + error.code().message());
  }
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
