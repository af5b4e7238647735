#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "api/identity/caller.h"
#include "api/identity/rate_limiter.h"
#include "api/identity/token_guard.h"

namespace api {

/// The one step between the head of a request and its handler: it says who calls, and whether that
/// caller may. Without tokens everybody is `anonymous` and has every role.
class Gate {
 public:
  enum class Verdict : std::uint8_t {
    admitted,
    unauthenticated,  ///< 401
    forbidden,        ///< 403
    limited,          ///< 429
    unavailable,      ///< 503: the issuer's keys have never been had
    wait,             ///< the keys of `issuer` are being renewed; then ask again
  };
  struct Answer {
    Verdict verdict = Verdict::admitted;
    std::string_view reason{};           ///< a literal, for the log
    std::string challenge{};             ///< of `WWW-Authenticate`; empty: none
    std::string issuer{};                ///< with `wait`
    std::optional<RateExcess> excess{};  ///< with `limited`, when a rate is the cause
  };

  Gate() = default;
  /// Lets in by tokens; by none when `guard` is null.
  Gate(std::unique_ptr<TokenGuard> guard, const Rates& rates)
      : guard_(std::move(guard)), rates_(std::make_shared<const Rates>(rates)) {}

  bool looks_at_tokens() const { return guard_ != nullptr; }

  /// Names the caller, and judges whether the route is for it. `may_wait` for renewed keys.
  Answer admit(const Access& access, std::string_view path_parameter, const Visit& visit,
               bool may_wait, Caller& caller) const;
  /// The same without tokens.
  Verdict admit(const Access& access, Caller& caller) const;

  bool is_renewing(const std::string& issuer) const { return guard_->is_renewing(issuer); }

  /// Items of a request, of the practice of the first of them: why they are to come later. What is
  /// to come later costs nothing. When the first item names no practice for which the caller may
  /// act, and `practice` is empty, they cost the caller's own practice. Items of a stream come bit
  /// by bit; only the first of them are a new request.
  std::optional<RateExcess> limit_items(const Caller& caller, const std::string& practice,
                                        std::uint64_t items, bool is_new_request = true) const;

  /// New settings and rates; REQUIRES: looks_at_tokens().
  void set(const AuthSettings& settings, const Rates& rates);

  /// Of issuers whose keys are not there or not new; none without tokens.
  std::vector<std::string> troubles() const;

 private:
  Answer refuse(const Refusal& refusal, const Visit& visit, bool may_wait) const;
  std::shared_ptr<const Rates> rates() const;

  std::unique_ptr<TokenGuard> guard_;
  mutable std::mutex mutex_;  // of the rates
  std::shared_ptr<const Rates> rates_ = std::make_shared<const Rates>();
  mutable RateLimiter client_requests_{"client-requests"};
  mutable RateLimiter client_items_{"client-items"};
  mutable RateLimiter practice_requests_{"practice-requests"};
  mutable RateLimiter practice_items_{"practice-items"};
};

}  // namespace api
