#include "api/identity/gate.h"

#include <array>
#include <utility>

namespace api {
namespace {

Gate::Verdict verdict_of(Refusal::Kind kind) {
  switch (kind) {
    case Refusal::Kind::no_credentials:
    case Refusal::Kind::token:
    case Refusal::Kind::proof:
    case Refusal::Kind::unknown_key:
      return Gate::Verdict::unauthenticated;
    case Refusal::Kind::no_keys:
      return Gate::Verdict::unavailable;
    case Refusal::Kind::too_many_proofs:
      return Gate::Verdict::limited;
    case Refusal::Kind::scope:
    case Refusal::Kind::not_allowed:
      return Gate::Verdict::forbidden;
  }
  return Gate::Verdict::forbidden;
}

/// The practice whose rates items cost; empty: none, as of an operator.
const std::string& charged_practice(const Caller& caller, const std::string& practice) {
  const PracticeList& own = caller.own_practices;
  const bool costs_own = practice.empty() && own != nullptr && !own->empty();
  return costs_own ? own->front() : practice;
}

}  // namespace

Gate::Verdict Gate::admit(const Access& access, Caller& caller) const {
  if (guard_) {
    caller = Caller();
  } else {
    caller.roles = Roles::all();
  }
  caller.name = "anonymous";
  return access.admits(caller) ? Verdict::admitted : Verdict::forbidden;
}

Gate::Answer Gate::refuse(const Refusal& refusal, const Visit& visit, bool may_wait) const {
  const bool lacks_keys =
      refusal.kind == Refusal::Kind::unknown_key || refusal.kind == Refusal::Kind::no_keys;
  if (lacks_keys && may_wait) {
    std::string issuer = guard_->renew_keys_for(visit.credentials);
    if (!issuer.empty()) return {Verdict::wait, refusal.reason, "", std::move(issuer)};
  }
  return {verdict_of(refusal.kind), refusal.reason, guard_->challenge_of(refusal, visit)};
}

Gate::Answer Gate::admit(const Access& access, std::string_view path_parameter, const Visit& visit,
                         bool may_wait, Caller& caller) const {
  caller = Caller();
  std::string client;
  auto recognised = guard_->recognise(visit, client);
  const auto* const refusal = std::get_if<Refusal>(&recognised);
  const auto rates = this->rates();
  const auto now = RateLimiter::Time::clock::now();
  // What a client may not do at all counts like what it may.
  if (refusal == nullptr || !client.empty()) {
    auto excess = client_requests_.take(rates->client_requests, client, 1, now);
    if (excess) return {Verdict::limited, "too many requests", "", "", excess};
  }
  if (refusal != nullptr) return refuse(*refusal, visit, may_wait);
  caller = std::move(std::get<Caller>(recognised));
  if (!access.admits(caller)) {
    return refuse({Refusal::Kind::scope, "no role for this route"}, visit, false);
  }
  if (!access.admits_practice(caller, path_parameter)) {
    return {Verdict::forbidden, "not for this practice"};
  }
  // Who sends items is judged with them: by whose they are.
  const PracticeList& own = caller.own_practices;
  if (access.wants_practice() && own != nullptr && !own->empty()) {
    auto excess = practice_requests_.take(rates->practice_requests, own->front(), 1, now);
    if (excess) return {Verdict::limited, "too many requests of a practice", "", "", excess};
  }
  return {};
}

std::optional<RateExcess> Gate::limit_items(const Caller& caller, const std::string& practice,
                                            std::uint64_t items, bool is_new_request) const {
  if (guard_ == nullptr) return std::nullopt;
  struct Charge {
    RateLimiter& limiter;
    const Rate& rate;
    const std::string& name;
    std::uint64_t amount;
  };
  const auto rates = this->rates();
  const std::string& charged = charged_practice(caller, practice);
  const bool has_practice = !charged.empty();
  const std::array charges{
      Charge{client_items_, rates->client_items, caller.client, items},
      Charge{practice_requests_, rates->practice_requests, charged,
             has_practice && is_new_request ? 1U : 0U},
      Charge{practice_items_, rates->practice_items, charged, has_practice ? items : 0}};
  const auto now = RateLimiter::Time::clock::now();
  for (const Charge& charge : charges) {
    auto excess = charge.limiter.excess(charge.rate, charge.name, charge.amount, now);
    if (excess) return excess;
  }
  for (const Charge& charge : charges) {
    charge.limiter.charge(charge.rate, charge.name, charge.amount, now);
  }
  return std::nullopt;
}

std::shared_ptr<const Rates> Gate::rates() const {
  const std::lock_guard lock(mutex_);
  return rates_;
}

void Gate::set(const AuthSettings& settings, const Rates& rates) {
  guard_->set(settings);
  const std::lock_guard lock(mutex_);
  rates_ = std::make_shared<const Rates>(rates);
}

std::vector<std::string> Gate::troubles() const {
  return guard_ == nullptr ? std::vector<std::string>() : guard_->troubles();
}

}  // namespace api
