#include "api/http/token_source.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <memory>
#include <stdexcept>

#include "api/identity/access_token.h"
#include "api/identity/jws.h"
#include "api/program/usage_error.h"
#include "storage/files/files.h"

namespace api {
namespace {

namespace fs = std::filesystem;

/// A token with less time left is not sent any more.
constexpr std::int64_t time_left_min_s = 30;

std::int64_t now_in_seconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

/// The first word: what a token can be. A longer output is no token.
std::string first_word(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_first_of(" \t\r\n", begin) - begin);
}

std::string output_of(const std::string& command) {
  struct Close {
    void operator()(std::FILE* pipe) const { ::pclose(pipe); }
  };
  std::unique_ptr<std::FILE, Close> pipe(::popen(command.c_str(), "re"));
  if (!pipe) throw std::runtime_error("the command of --token-command cannot be run");
  std::string output;
  std::array<char, 4096> piece{};
  while (output.size() <= token_bytes_max) {
    const std::size_t got = std::fread(piece.data(), 1, piece.size(), pipe.get());
    if (got == 0) break;
    output.append(piece.data(), got);
  }
  if (::pclose(pipe.release()) != 0) {
    throw std::runtime_error("the command of --token-command failed");
  }
  return output;
}

/// Nothing when the token is not one that a client can read.
std::optional<std::int64_t> expiry_of(const std::string& token) {
  const auto jws = parse_jws(token, token_bytes_max);
  return jws ? time_member(jws->payload, "exp") : std::nullopt;
}

}  // namespace

TokenSource::TokenSource(const ServerAccess& access)
    : file_(access.token_file), command_(access.token_command) {
  if (!file_.empty() && !command_.empty()) {
    throw UsageError("--token-file and --token-command exclude each other");
  }
  if (access.dpop_key.empty()) return;
  if (!has_tokens()) throw UsageError("--dpop-key wants --token-file or --token-command");
  proofs_.emplace(ProofMaker::from_file(access.dpop_key));
}

void TokenSource::renew() {
  if (!file_.empty()) {
    const auto changed = fs::last_write_time(file_);
    if (!token_.empty() && changed == read_at_) return;
    read_at_ = changed;
    token_ = first_word(storage::read_file(file_));
  } else {
    const bool is_good =
        !token_.empty() && (!expires_s_ || *expires_s_ > now_in_seconds() + time_left_min_s);
    if (is_good) return;
    token_ = first_word(output_of(command_));
    expires_s_ = expiry_of(token_);
  }
  if (token_.empty() || token_.size() > token_bytes_max) {
    token_.clear();
    throw std::runtime_error("there is no token in what " +
                             (file_.empty() ? "--token-command prints" : file_ + " holds"));
  }
}

std::string TokenSource::headers(std::string_view method, std::string_view url) {
  if (!has_tokens()) return {};
  renew();
  if (!proofs_) return "Authorization: Bearer " + token_ + "\r\n";
  const std::string_view address = url.substr(0, url.find('?'));
  return "Authorization: DPoP " + token_ +
         "\r\nDPoP: " + proofs_->make(method, address, token_, now_in_seconds()) + "\r\n";
}

}  // namespace api
