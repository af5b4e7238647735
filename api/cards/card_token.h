#pragma once

#include <string>

#include "ledger/records/account.h"
#include "storage/crypto/crypto.h"

namespace api {

/// What a token says of a card.
struct CardClaims {
  std::string issuer;  ///< the public address of the service
  ledger::Instant issued_at;
  int year = 0;
  ledger::ExemptionCard card;
  std::string number_check;  ///< see NumberChecks
};

/// A card as a JSON Web Token (RFC 7519) in the compact form of RFC 7515, signed with Ed25519 (RFC
/// 8037). It expires with the year, at midnight in Oslo. Names nobody.
std::string card_token(const CardClaims& claims, const storage::SigningKey& key);

/// When cards of a year expire.
ledger::Instant card_expiry(int year);

}  // namespace api
