#include "api/http/admission.h"

#include <functional>
#include <string>
#include <utility>

#include "api/http/access_refusal.h"
#include "api/http/awaitables.h"
#include "api/http/precedence.h"

namespace api {
namespace {

/// How long a request waits for keys that are being renewed, and how often it looks.
constexpr auto keys_wait_max = std::chrono::seconds{6};
constexpr auto keys_look_pause = std::chrono::milliseconds{10};

Problem problem_of(const Gate::Answer& answer) {
  switch (answer.verdict) {
    case Gate::Verdict::unauthenticated:
    case Gate::Verdict::wait:
      return {401, "UNAUTHENTICATED",
              "The request needs a valid token; `WWW-Authenticate` says of which scheme.", ""};
    case Gate::Verdict::unavailable:
      return {503, "KEYS_UNAVAILABLE",
              "The keys of the token's issuer are not known yet; try again.", ""};
    case Gate::Verdict::limited:
      return {429, "RATE_LIMITED", "The caller has sent too much; try again later.", ""};
    default:
      return not_for_the_caller(answer.reason);
  }
}

std::string with_rate(std::string_view policy, const Rate& rate) {
  return '"' + std::string(policy) + "\";q=" + std::to_string(rate.burst) +
         ";w=" + std::to_string(std::max<std::uint64_t>(1, rate.burst / rate.per_second));
}

}  // namespace

Response rate_refusal(const RateExcess& excess, std::string_view correlation_id) {
  Response response = to_response(
      {429, "RATE_LIMITED", "The caller has sent too much; try again later.", ""}, correlation_id);
  for (auto& [name, value] : response.headers) {
    if (name == "Retry-After") value = std::to_string(excess.retry_after_s);
  }
  response.headers.emplace_back("RateLimit-Policy", with_rate(excess.policy, excess.rate));
  response.headers.emplace_back("RateLimit", '"' + std::string(excess.policy) + "\";r=0;t=" +
                                                 std::to_string(excess.retry_after_s));
  return response;
}

Awaitable<bool> admit_by_token(Connection& connection, const Route& route, Response& refusal) {
  Request& request = connection.request();
  const Gate& gate = connection.gate();
  Visit visit = connection.visit();
  visit.surface = route.access.surface();
  bool may_wait = true;
  const auto admit = [&] {
    return gate.admit(route.access, request.path_parameter, visit, may_wait, request.caller);
  };
  Gate::Answer answer;
  for (;;) {
    if (route.kind == RouteKind::costly) {
      // A flood of signatures to verify would delay whoever shares this thread.
      std::function<Gate::Answer()> admit_nicely = [&admit, &connection] {
        const CostlyTurn turn(connection.network());
        return admit();
      };
      answer = co_await run_on(connection.network().costly, connection.lane().context,
                               std::move(admit_nicely));
    } else {
      answer = admit();
    }
    if (answer.verdict != Gate::Verdict::wait || !may_wait) break;
    may_wait = false;
    const auto deadline = Clock::now() + keys_wait_max;
    Timer pause(connection.lane().context);
    while (gate.is_renewing(answer.issuer) && Clock::now() < deadline) {
      pause.expires_after(keys_look_pause);
      co_await pause.async_wait(awaited);
    }
  }
  if (answer.verdict == Gate::Verdict::admitted) co_return true;
  const Problem problem = problem_of(answer);
  note_refusal(request, route.path, problem.status, answer.reason);
  refusal = answer.excess ? rate_refusal(*answer.excess, request.correlation_id)
                          : to_response(problem, request.correlation_id);
  if (!answer.challenge.empty()) {
    refusal.headers.emplace_back("WWW-Authenticate", std::move(answer.challenge));
  }
  co_return false;
}

}  // namespace api
