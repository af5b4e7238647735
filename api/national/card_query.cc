#include "api/national/card_query.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

#include "api/national/jwe.h"
#include "api/national/national_openapi.h"
#include "api/national/national_problem.h"
#include "api/national/query_text.h"
#include "api/program/log.h"
#include "api/runtime/card_status.h"
#include "api/runtime/ledger_routes.h"
#include "api/runtime/registered_practices.h"
#include "ingest/items/clock.h"
#include "storage/crypto/base64url.h"
#include "storage/json/json.h"

namespace api {
namespace {

using storage::Json;

constexpr std::string_view surface_prefix = "/api/";
constexpr std::string_view query_path = "/api/frikortsporring/helseid/v1";
constexpr std::string_view status_path = "/api/frikortsporring/helseid/v1/klientstatus";
constexpr std::string_view key_path = "/api/frikortsporring/jwk";

/// How long a key may be kept by whoever does not look at its `exp`.
constexpr std::int64_t key_cached_s_max = 3600;

std::int64_t now_in_seconds() { return ingest::now().seconds; }

std::string_view bad_encryption() {
  return "Meldingen kan ikke dekrypteres: hent nøkkelen på nytt fra /api/frikortsporring/jwk, og "
         "krypter med RSA-OAEP-256 og A256GCM som JWE i kompakt form.";
}

/// Why the caller may not ask today, and what to do.
std::optional<Problem> fault_of_caller(OpenLedger& open, const Caller& caller) {
  if (caller.is_nobody) {
    return no_access("the token does not say who asks",
                     "Tokenet sier ikke hvem som spør: hent et nytt med en gyldig orgnr_child "
                     "eller orgnr_parent, eller med pid fra en innlogging på høyt nok "
                     "sikkerhetsnivå.");
  }
  const bool is_required = open.files().settings().are_practices_required;
  if (is_required && !has_agreement(open, caller, ledger::oslo_date(ingest::now()))) {
    return no_access("no agreement today",
                     "Den som spør, har ingen avtale som gjelder i dag: få avtalen registrert "
                     "hos Helfo, eller spør med token for en virksomhet som har en.");
  }
  return std::nullopt;
}

/// What is wrong with the form of the body.
std::optional<Problem> form_problem(const Request& request) {
  if (request.content_type != "application/jose") {
    return invalid_query("Content-Type må være application/jose.");
  }
  if (request.coding != ContentCoding::identity) {
    return invalid_query("Innholdet kan ikke være pakket (Content-Encoding).");
  }
  if (request.body.empty()) return invalid_query("Forespørselen har ikke noe innhold.");
  return std::nullopt;
}

Json part(std::string_view status, std::string_view sentence) {
  return Json::object({{"status", status}, {"beskrivelse", sentence}});
}

std::string base64url(const std::string& bytes) {
  return storage::to_base64url(
      std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
}

}  // namespace

CardQuery::CardQuery(const LedgerKeeper& keeper, const NationalSettings& settings,
                     ledger::NumberSeries series)
    : keeper_(keeper),
      settings_(settings),
      series_(series),
      keys_({keeper.keys_folder(), settings.key_life, settings.key_age_max,
             [](const std::string& why) {
               log(LogLevel::error, "query_key_unreadable", {{"reason", why}});
             },
             [](const std::string& why) {
               log(LogLevel::warning, "query_key_not_made", {{"reason", why}});
             }}) {}

Response CardQuery::answer(OpenLedger& open, const Request& request) {
  const auto fail = [&](const Problem& problem) {
    return to_response(problem, request.correlation_id);
  };
  if (const auto fault = fault_of_caller(open, request.caller)) return fail(*fault);
  if (const auto problem = form_problem(request)) return fail(*problem);
  const auto text = open_jwe(request.body, keys_, now_in_seconds());
  if (!text) return fail(invalid_query(std::string(bad_encryption())));
  const auto read = read_card_question(*text, series_, ledger::oslo_date(ingest::now()));
  if (const auto* const sentence = std::get_if<std::string>(&read)) {
    return fail(invalid_query(*sentence));
  }
  const CardQuestion& question = std::get<CardQuestion>(read);
  const ledger::EncryptedNumber person = open.files().keys().numbers.encrypt(question.person);
  const auto status =
      card_status_of(open.files().state(), person, question.service_type, question.service_date);
  if (!status) return fail(problem_of(status.error()));
  const auto noted =
      open.note_access(storage::AccessRecord::of_service(
                           storage::AccessWhat::frikortsporring, person, question.service_type,
                           question.service_date, status.value().is_exempt),
                       request);
  if (!noted) return fail(problem_of(noted.error()));
  Response response;
  response.body = status.value().is_exempt ? R"({"harEgenandelsfritak":true})"
                                           : R"({"harEgenandelsfritak":false})";
  response.headers.emplace_back("Cache-Control", "no-store");
  response.reflects = status.value().reflects;
  return response;
}

/// A client's test of its integration: looks nobody up, and tells of faults instead of refusing.
Response CardQuery::status(OpenLedger& open, const Request& request) {
  if (const auto problem = form_problem(request)) {
    return to_response(*problem, request.correlation_id);
  }
  const bool is_open = open_jwe(request.body, keys_, now_in_seconds()).has_value();
  const auto fault = fault_of_caller(open, request.caller);
  const bool is_required = open.files().settings().are_practices_required;
  Json agreement = part("OK", "Den som spør har en avtale som gjelder i dag.");
  if (fault) {
    agreement = part("FEIL", fault->detail);
  } else if (!is_required) {
    agreement = part("IKKE_IMPLEMENTERT", "Avtaler kontrolleres ikke her.");
  }
  Response response;
  response.headers.emplace_back("Cache-Control", "no-store");
  response.body =
      Json::object({{"overordnetStatus", is_open && !fault ? "OK" : "FEIL"},
                    {"autentisering", part("OK", "Tilgangstokenet og DPoP-beviset er gyldige.")},
                    {"kryptering", is_open ? part("OK", "Meldingen kan dekrypteres.")
                                           : part("FEIL", bad_encryption())},
                    {"helfoAvtale", agreement}})
          .text();
  return response;
}

Response CardQuery::key() {
  const std::int64_t now_s = now_in_seconds();
  const auto key = keys_.newest(now_s);
  const std::int64_t left_s = std::clamp(key->expires_s - now_s, std::int64_t{0}, key_cached_s_max);
  Response response;
  response.headers.emplace_back("Cache-Control", "public, max-age=" + std::to_string(left_s));
  response.body = Json::object({{"kty", "RSA"},
                                {"use", "enc"},
                                {"alg", "RSA-OAEP-256"},
                                {"kid", key->id},
                                {"n", base64url(key->key.modulus())},
                                {"e", base64url(key->key.exponent())},
                                {"exp", key->expires_s}})
                      .text();
  return response;
}

void CardQuery::add_routes(Router& router) {
  if (!settings_.is_served) return;
  router.add(ForeignSurface{surface_prefix, tell_national_problem});
  router.add({.method = "POST",
              .path = query_path,
              .access = Access::national(),
              .kind = RouteKind::costly,
              .body_bytes_max = settings_.body_bytes_max,
              .takes_anything = true,
              .handler = with_ledger(keeper_, [this](OpenLedger& open, const Request& request) {
                return answer(open, request);
              })});
  router.add({.method = "POST",
              .path = status_path,
              .access = Access::national(),
              .kind = RouteKind::costly,
              .body_bytes_max = settings_.body_bytes_max,
              .takes_anything = true,
              .handler = with_ledger(keeper_, [this](OpenLedger& open, const Request& request) {
                return status(open, request);
              })});
  // Slow, because now and then it makes a key.
  router.add({.method = "GET",
              .path = key_path,
              .access = Access::anybody(),
              .kind = RouteKind::slow,
              .takes_anything = true,
              .answers_head = false,
              .handler = [this](const Request&) { return key(); }});
  router.add({.method = "GET",
              .path = "/openapi-frikortsporring.yaml",
              .access = Access::anybody(),
              .handler = [](const Request&) {
                Response response;
                response.content_type = "application/yaml";
                response.constant_body = national_openapi;
                return response;
              }});
}

}  // namespace api
