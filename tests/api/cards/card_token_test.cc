#include "api/cards/card_token.h"

#include <gtest/gtest.h>

#include "ledger/values/rfc3339.h"
#include "storage/crypto/base64url.h"

namespace api::test {
namespace {

CardClaims claims_of_2026() {
  CardClaims claims;
  claims.issuer = "https://frikort.example";
  claims.issued_at = *ledger::parse_rfc3339("2026-04-20T13:00:00.75Z");
  claims.year = 2026;
  claims.card.entitled_from = *ledger::parse_date("2026-04-19");
  claims.card.id = {0xc3, 0x2c, 0xe8, 0x61, 0xad, 0xa1, 0x51, 0x75,
                    0x89, 0x33, 0x58, 0x25, 0x1e, 0xf9, 0xd1, 0x16};
  claims.number_check = "MTIzNDU2Nzg5MDEyMzQ1Ng";
  return claims;
}

/// The parts between the dots, decoded.
std::vector<std::string> parts_of(std::string_view token) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t dot = std::min(token.find('.'), token.size());
    parts.push_back(storage::from_base64url(token.substr(0, dot)).value_or("?"));
    if (dot == token.size()) return parts;
    token.remove_prefix(dot + 1);
  }
}

TEST(CardToken, says_what_the_card_is_and_no_more) {
  const auto key = storage::SigningKey::generate();
  const auto parts = parts_of(card_token(claims_of_2026(), key));
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(parts[0], R"({"alg":"EdDSA","typ":"frikort+jwt","kid":")" + key.key_id() + "\"}");
  EXPECT_EQ(
      parts[1],
      R"({"iss":"https://frikort.example","iat":1776690000,"exp":1798758000,)"
      R"("cardId":"c32ce861ada15175893358251ef9d116","year":2026,"entitledFrom":"2026-04-19",)"
      R"("validTo":"2026-12-31","numberCheck":"MTIzNDU2Nzg5MDEyMzQ1Ng"})");
  EXPECT_EQ(parts[2].size(), 64U);
}

TEST(CardToken, is_signed_over_all_but_the_signature) {
  const auto key = storage::SigningKey::generate();
  const std::string token = card_token(claims_of_2026(), key);
  const std::size_t dot = token.rfind('.');
  EXPECT_EQ(storage::to_base64url(key.sign(std::string_view(token).substr(0, dot))),
            token.substr(dot + 1));
}

TEST(CardToken, expires_at_midnight_in_oslo_after_the_year) {
  EXPECT_EQ(card_expiry(2026), *ledger::parse_rfc3339("2027-01-01T00:00:00+01:00"));
  EXPECT_EQ(card_expiry(2199), *ledger::parse_rfc3339("2200-01-01T00:00:00+01:00"));
  EXPECT_EQ(card_expiry(2010), *ledger::parse_rfc3339("2011-01-01T00:00:00+01:00"));
}

}  // namespace
}  // namespace api::test
