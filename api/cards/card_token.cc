#include "api/cards/card_token.h"

#include <fmt/format.h>

#include "ledger/values/rfc3339.h"
#include "storage/crypto/base64url.h"
#include "storage/json/json.h"

namespace api {
namespace {

using storage::Json;

std::string base64url_of(std::string_view text) {
  return storage::to_base64url({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

Json header_of(const storage::SigningKey& key) {
  return Json::object({{"alg", "EdDSA"}, {"typ", "frikort+jwt"}, {"kid", key.key_id()}});
}

Json payload_of(const CardClaims& claims) {
  return Json::object({{"iss", claims.issuer},
                       {"iat", claims.issued_at.seconds},
                       {"exp", card_expiry(claims.year).seconds},
                       {"cardId", ledger::to_hex(claims.card.id)},
                       {"year", claims.year},
                       {"entitledFrom", ledger::to_string(claims.card.entitled_from)},
                       {"validTo", fmt::format("{}-12-31", claims.year)},
                       {"numberCheck", claims.number_check}});
}

}  // namespace

ledger::Instant card_expiry(int year) {
  const ledger::Date day = std::chrono::year{year + 1} / std::chrono::January / 1;
  const ledger::Instant midnight{std::chrono::seconds{day.time_since_epoch()}.count(), 0};
  return midnight + std::chrono::seconds{-ledger::oslo_offset_seconds(midnight)};
}

std::string card_token(const CardClaims& claims, const storage::SigningKey& key) {
  std::string token =
      base64url_of(header_of(key).text()) + '.' + base64url_of(payload_of(claims).text());
  const storage::Signature signature = key.sign(token);
  token += '.';
  token += storage::to_base64url(signature);
  return token;
}

}  // namespace api
