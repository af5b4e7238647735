#include "api/national/national_problem.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "storage/json/json.h"

namespace api {
namespace {

using storage::Json;

constexpr std::string_view invalid = "UGYLDIG_REQUEST";
constexpr std::string_view forbidden = "INGEN_TILGANG";

struct Told {
  unsigned status;
  std::string_view code;
  std::string_view sentence;
};

/// By the status that we would answer with.
constexpr std::array<std::pair<unsigned, Told>, 8> told_by_status{{
    {400, {400, invalid, "Forespørselen kan ikke leses."}},
    {401,
     {401, "AUTENTISERING_FEILET",
      "Forespørselen mangler et gyldig DPoP-bundet tilgangstoken eller et gyldig DPoP-bevis."}},
    {403, {403, forbidden, "Tokenet gir ikke tilgang til denne tjenesten."}},
    {404, {404, "IKKE_FUNNET", "Ressursen finnes ikke."}},
    {405, {405, "METODE_IKKE_TILLATT", "Metoden er ikke tillatt her."}},
    {429, {429, "FOR_MANGE_FORESPORSLER", "For mange forespørsler; prøv igjen senere."}},
    {431, {431, invalid, "Hodet på forespørselen er for stort."}},
    {413, {400, invalid, "Forespørselen er for stor."}},
}};
constexpr Told internal{500, "INTERN_FEIL", "Noe gikk galt hos oss; prøv igjen senere."};

Told told(const Problem& problem) {
  // More than can be done at once is told like more than may be asked.
  const bool is_overload = problem.code == "OVERLOADED";
  const unsigned status = is_overload ? 429 : problem.status;
  const auto* const found = std::find_if(told_by_status.begin(), told_by_status.end(),
                                         [status](const auto& row) { return row.first == status; });
  if (found != told_by_status.end()) return found->second;
  return status < 500 ? told_by_status.front().second : internal;
}

std::string milliseconds_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

}  // namespace

Problem invalid_query(std::string sentence) { return {400, invalid, std::move(sentence), ""}; }
Problem no_access(std::string_view reason, std::string sentence) {
  return {403, forbidden, std::move(sentence), "", reason};
}

void tell_national_problem(const Problem& problem, std::string_view correlation_id,
                           Response& response) {
  const Told as = told(problem);
  const bool is_ours = problem.code == as.code;
  response.status = as.status;
  response.content_type = "application/json";
  response.body =
      Json::object({{"correlationId", correlation_id},
                    {"feilkode", as.code},
                    {"melding", is_ours ? std::string_view(problem.detail) : as.sentence},
                    {"timestamp", milliseconds_now()}})
          .text();
  std::erase_if(response.headers,
                [](const auto& field) { return field.first == "Accept-Encoding"; });
  if (as.status == 500) {
    std::erase_if(response.headers, [](const auto& field) { return field.first == "Retry-After"; });
  }
}

}  // namespace api
