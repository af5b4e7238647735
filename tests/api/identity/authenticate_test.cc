#include "api/identity/authenticate.h"

#include <gtest/gtest.h>

#include "tests/api/identity/refused_rows.h"

namespace api::test {
namespace {

TEST(Authenticate, recognises_a_practice_by_a_bound_token) {
  Attempt attempt;
  const auto judged = attempt.send();
  ASSERT_TRUE(std::holds_alternative<Recognised>(judged)) << std::get<Refusal>(judged).reason;
  const Caller& caller = std::get<Recognised>(judged).caller;
  EXPECT_TRUE(caller.roles.has(Role::practice));
  EXPECT_FALSE(caller.roles.has(Role::operations));
  EXPECT_TRUE(caller.may_act_for("100002"));
  EXPECT_FALSE(caller.may_act_for("100003"));
  EXPECT_EQ(caller.name, "client-1 for 309538919");
  EXPECT_TRUE(std::get<Recognised>(judged).proof);
}

TEST(Authenticate, refuses_tokens_that_are_not_the_issuers_for_us_now) {
  const auto set_claim = [](std::string_view name, auto value) {
    return [name, value](Attempt& a) { a.claims[name] = value; };
  };
  const auto drop_claim = [](std::string_view name) {
    return [name](Attempt& a) { a.claims.erase(name); };
  };
  const auto logged_in_at = [](std::string_view level) {
    return [level](Attempt& a) {
      a.claims["helseid://claims/identity/pid"] = "30846619913";
      a.claims["helseid://claims/identity/security_level"] = level;
    };
  };
  const auto set_header = [](std::string_view name, auto value) {
    return [name, value](Attempt& a) { a.header[name] = value; };
  };
  const auto forged = [](json::object header) {
    return [header](Attempt& a) {
      a.change_token = [header, claims = a.claims](std::string& token) {
        token = unsigned_jws(header, claims, token.substr(token.rfind('.') + 1));
      };
    };
  };
  expect_refused(
      {
          {"garbage", Kind::token,
           [](Attempt& a) { a.change_token = [](auto& t) { t = "a.b.c"; }; }},
          {"dots", Kind::token, [](Attempt& a) { a.change_token = [](auto& t) { t = "..."; }; }},
          {"five parts", Kind::token,
           [](Attempt& a) { a.change_token = [](auto& t) { t += ".a.b"; }; }},
          {"padding", Kind::token, [](Attempt& a) { a.change_token = [](auto& t) { t += '='; }; }},
          {"no signature", Kind::token,
           [](Attempt& a) { a.change_token = [](auto& t) { t.resize(t.rfind('.') + 1); }; }},
          {"a bit of the signature", Kind::token,
           [](Attempt& a) { a.change_token = [](auto& t) { t[t.size() - 9] ^= 1; }; }},
          {"huge", Kind::token,
           [](Attempt& a) { a.claims["more"] = std::string(token_bytes_max, 'x'); }},
          {"deep", Kind::token,
           [](Attempt& a) {
             a.change_token = [](auto& t) {
               const std::string deep = "{\"a\":" + std::string(2000, '[');
               t = storage::to_base64url(
                       {reinterpret_cast<const std::uint8_t*>(deep.data()), deep.size()}) +
                   ".e30.AA";
             };
           }},
          {"payload changed", Kind::token,
           forged({{"alg", "RS256"}, {"typ", "at+jwt"}, {"kid", "h1"}, {"x", 1}})},
          {"alg none", Kind::token, forged({{"alg", "none"}, {"typ", "at+jwt"}, {"kid", "h1"}})},
          {"alg NoNe", Kind::token, forged({{"alg", "NoNe"}, {"typ", "at+jwt"}, {"kid", "h1"}})},
          {"alg HS256", Kind::token, forged({{"alg", "HS256"}, {"typ", "at+jwt"}, {"kid", "h1"}})},
          {"alg a number", Kind::token, forged({{"alg", 256}, {"typ", "at+jwt"}, {"kid", "h1"}})},
          {"alg ES256 by an RSA key", Kind::token,
           forged({{"alg", "ES256"}, {"typ", "at+jwt"}, {"kid", "h1"}})},
          {"PS256 by a key for RS256", Kind::token,
           [](Attempt& a) {
             a.header["alg"] = "PS256";
             a.header["kid"] = "fixed";
           }},
          {"another key under the right kid", Kind::token,
           [](Attempt& a) { a.key = &maskinporten_key(); }},
          {"unknown kid", Kind::unknown_key, set_header("kid", "h2")},
          {"no kid", Kind::token, [](Attempt& a) { a.header.erase("kid"); }},
          {"key for encryption", Kind::unknown_key, set_header("kid", "for-encryption")},
          {"own key as jwk", Kind::token,
           [](Attempt& a) {
             a.key = &maskinporten_key();
             a.header["jwk"] = maskinporten_key().public_jwk("h1");
           }},
          {"own key as jku", Kind::token,
           [](Attempt& a) {
             a.key = &maskinporten_key();
             a.header["jku"] = "https://evil.test/jwks";
           }},
          {"crit", Kind::token, set_header("crit", json::array{"exp"})},
          {"no typ", Kind::token, [](Attempt& a) { a.header.erase("typ"); }},
          {"typ dpop+jwt", Kind::token, set_header("typ", "dpop+jwt")},
          {"typ logout+jwt", Kind::token, set_header("typ", "logout+jwt")},
          {"no iss", Kind::token, drop_claim("iss")},
          {"iss with a slash", Kind::token, set_claim("iss", "https://helseid.test/")},
          {"iss in upper case", Kind::token, set_claim("iss", "https://HELSEID.test")},
          {"another trusted issuer's key", Kind::unknown_key,
           [](Attempt& a) {
             a.key = &maskinporten_key();
             a.header["kid"] = "m1";
           }},
          {"no aud", Kind::token, drop_claim("aud")},
          {"national aud", Kind::token, set_claim("aud", "hdir:frikortsporring")},
          {"aud longer", Kind::token, set_claim("aud", "frikort:api2")},
          {"aud in other case", Kind::token, set_claim("aud", "Frikort:api")},
          {"aud empty", Kind::token, set_claim("aud", json::array{})},
          {"aud a number", Kind::token, set_claim("aud", 1)},
          {"aud two in one text", Kind::token, set_claim("aud", "frikort:api other")},
          {"expired a minute ago", Kind::token, set_claim("exp", now_s - 60)},
          {"expired at the end of the leeway", Kind::token, set_claim("exp", now_s - 10)},
          {"no exp", Kind::token, drop_claim("exp")},
          {"exp as text", Kind::token, set_claim("exp", std::to_string(now_s + 60))},
          {"nbf in two minutes", Kind::token, set_claim("nbf", now_s + 120)},
          {"no cnf", Kind::token, drop_claim("cnf")},
          {"cnf of a certificate", Kind::token,
           set_claim("cnf", json::object{{"x5t#S256", "abc"}})},
          {"cnf a number", Kind::token, set_claim("cnf", 7)},
          {"bound token as bearer", Kind::token, [](Attempt& a) { a.scheme = "Bearer"; }},
          {"scheme Basic", Kind::no_credentials, [](Attempt& a) { a.scheme = "Basic"; }},
          {"no scope", Kind::scope, drop_claim("scope")},
          {"scope of another API", Kind::scope, set_claim("scope", "nav:kuhr/krav")},
          {"scope longer", Kind::scope, set_claim("scope", "frikort:api/practices")},
          {"scope in other case", Kind::scope, set_claim("scope", "frikort:API/practice")},
          {"scopes joined by a comma", Kind::scope,
           set_claim("scope", "frikort:api/practice,openid")},
          {"nobody", Kind::not_allowed, drop_claim("helseid://claims/client/claims/orgnr_child")},
          {"orgnr_child with 0192:", Kind::not_allowed,
           set_claim("helseid://claims/client/claims/orgnr_child", "0192:309538919")},
          {"orgnr_child an array", Kind::not_allowed,
           set_claim("helseid://claims/client/claims/orgnr_child", json::array{"309538919"})},
          {"level 3", Kind::not_allowed, logged_in_at("3")},
          {"level with a zero in front", Kind::not_allowed, logged_in_at("04")},
          {"level that there is not", Kind::not_allowed, logged_in_at("5")},
          {"blocked organisation, of a portal that a citizen uses", Kind::not_allowed,
           [](Attempt& a) {
             a = by_citizen();
             a.claims["consumer"] =
                 json::object{{"authority", "iso6523-actorid-upis"}, {"ID", "0192:380941813"}};
           }},
          {"blocked client", Kind::not_allowed, set_claim("client_id", "blocked-client")},
          {"blocked organisation", Kind::not_allowed,
           set_claim("helseid://claims/client/claims/orgnr_child", "380941813")},
          {"blocked parent", Kind::not_allowed,
           set_claim("helseid://claims/client/claims/orgnr_parent", "380941813")},
          {"blocked supplier", Kind::not_allowed,
           set_claim("helseid://claims/client/claims/orgnr_supplier", "380941813")},
          {"blocked organisation, somebody logged in", Kind::not_allowed,
           [](Attempt& a) {
             a.claims["helseid://claims/client/claims/orgnr_child"] = "380941813";
             a.claims["helseid://claims/identity/pid"] = "30846619913";
             a.claims["helseid://claims/identity/security_level"] = "4";
           }},
      },
      right);
}

TEST(Authenticate, lets_in_what_only_looks_different) {
  const std::vector<std::pair<std::string_view, std::function<void(Attempt&)>>> rows = {
      {"typ JWT", [](Attempt& a) { a.header["typ"] = "JWT"; }},
      {"typ with its prefix", [](Attempt& a) { a.header["typ"] = "application/at+jwt"; }},
      {"PS256", [](Attempt& a) { a.header["alg"] = "PS256"; }},
      {"RS512", [](Attempt& a) { a.header["alg"] = "RS512"; }},
      {"several audiences",
       [](Attempt& a) {
         a.claims["aud"] = {"other", "frikort:api"};
       }},
      {"scope as text", [](Attempt& a) { a.claims["scope"] = "openid  frikort:api/practice"; }},
      {"expired within the leeway", [](Attempt& a) { a.claims["exp"] = now_s - 9; }},
      {"exp with a fraction", [](Attempt& a) { a.claims["exp"] = 1'795'900'200.5; }},
      {"a minute old", [](Attempt& a) { a.proof_claims["iat"] = now_s - 60; }},
      {"ten seconds ahead", [](Attempt& a) { a.proof_claims["iat"] = now_s + 10; }},
      {"htu in other forms",
       [](Attempt& a) {
         a.proof_claims["htu"] = "HTTPS://FRIKORT.example.no:443/./v1/%72egistrations?x=1#y";
       }},
      {"htu from above the root",
       [](Attempt& a) {
         a.proof_claims["htu"] = "https://frikort.example.no/../v1/../../v1/registrations";
       }},
      {"more in the proof",
       [](Attempt& a) {
         a.proof_header["kid"] = "x";
         a.proof_claims["exp"] = 1;
         a.proof_claims["nonce"] = "n";
       }},
      {"scheme in other case", [](Attempt& a) { a.scheme = "dpop"; }},
  };
  for (const auto& [name, change] : rows) {
    SCOPED_TRACE(name);
    Attempt attempt;
    change(attempt);
    const auto judged = attempt.send();
    EXPECT_TRUE(std::holds_alternative<Recognised>(judged)) << std::get<Refusal>(judged).reason;
  }
}

TEST(Authenticate, refuses_machines_and_citizens_without_their_conditions) {
  const auto set_claim = [](std::string_view name, auto value) {
    return [name, value](Attempt& a) { a.claims[name] = value; };
  };
  const auto party = [](json::value value) {
    return [value](Attempt& a) { a.claims["consumer"] = value; };
  };
  const auto of = [](std::string_view authority, std::string_view id) {
    return json::object{{"authority", authority}, {"ID", id}};
  };
  expect_refused(
      {
          {"other aud", Kind::token, set_claim("aud", "other:api")},
          {"aud unspecified", Kind::token, set_claim("aud", "unspecified")},
          {"no aud", Kind::token, [](Attempt& a) { a.claims.erase("aud"); }},
          {"issuer without its slash", Kind::token, set_claim("iss", "https://maskinporten.test")},
          {"signed by HelseID", Kind::token, [](Attempt& a) { a.key = &helseid_key(); }},
          {"with DPoP", Kind::token, [](Attempt& a) { a.scheme = "DPoP"; }},
          {"no consumer", Kind::not_allowed, [](Attempt& a) { a.claims.erase("consumer"); }},
          {"other authority", Kind::not_allowed, party(of("iso6523", "0192:309538919"))},
          {"other register", Kind::not_allowed,
           party(of("iso6523-actorid-upis", "0088:309538919"))},
          {"no register", Kind::not_allowed, party(of("iso6523-actorid-upis", "309538919"))},
          {"wrong check digit", Kind::not_allowed,
           party(of("iso6523-actorid-upis", "0192:309538918"))},
          {"HelseID's claims instead", Kind::not_allowed,
           [](Attempt& a) {
             a.claims.erase("consumer");
             a.claims["helseid://claims/client/claims/orgnr_child"] = "309538919";
           }},
          {"supplier without delegation", Kind::not_allowed,
           set_claim("supplier", of("iso6523-actorid-upis", "0192:974761076"))},
          {"supplier by a delegation that is not trusted", Kind::not_allowed,
           [&](Attempt& a) {
             a.claims["supplier"] = of("iso6523-actorid-upis", "0192:974761076");
             a.claims["delegation_source"] = "https://evil.test/";
           }},
          {"operator who is not listed", Kind::not_allowed,
           set_claim("scope", "frikort:api/operator")},
          {"portal that is not listed", Kind::not_allowed,
           set_claim("scope", "frikort:api/portal")},
          {"restricted to a person, as a citizen", Kind::scope,
           [](Attempt& a) {
             a.claims["scope"] = "frikort:api/citizen";
             a.claims["pid"] = "05859047760";
           }},
          {"no scope", Kind::scope, [](Attempt& a) { a.claims.erase("scope"); }},
      },
      [] { return by_machine(); });
  expect_refused(
      {
          {"substantial", Kind::not_allowed, set_claim("acr", "idporten-loa-substantial")},
          {"no acr", Kind::not_allowed, [](Attempt& a) { a.claims.erase("acr"); }},
          {"no pid", Kind::not_allowed, [](Attempt& a) { a.claims.erase("pid"); }},
          {"id_token", Kind::token, set_claim("aud", "client-3")},
      },
      by_citizen);
}

Caller caller_of_attempt(Attempt attempt) {
  auto judged = attempt.send();
  const auto* const refusal = std::get_if<Refusal>(&judged);
  EXPECT_EQ(refusal, nullptr) << refusal->reason;
  return refusal == nullptr ? std::get<Recognised>(judged).caller : Caller();
}

TEST(Authenticate, gives_each_scope_its_role) {
  const std::vector<std::pair<std::string_view, Role>> roles = {
      {"frikort:api/portal", Role::portal},
      {"frikort:api/operator", Role::operations},
      {"frikort:api/payout", Role::payout},
      {"frikort:api/registry", Role::registry}};
  for (const auto& [scope, role] : roles) {
    SCOPED_TRACE(scope);
    const Caller caller = caller_of_attempt(by_machine(scope, "974761076"));
    for (const Role other :
         {Role::practice, Role::portal, Role::operations, Role::payout, Role::registry}) {
      EXPECT_EQ(caller.roles.has(other), other == role);
    }
    EXPECT_EQ(caller.may_act_for("100001"), role == Role::operations);
    EXPECT_TRUE(caller.only_person.empty());
  }
  const Caller citizen = caller_of_attempt(by_citizen());
  EXPECT_TRUE(citizen.roles.has(Role::portal));
  EXPECT_EQ(citizen.only_person, "05859047760");
  EXPECT_EQ(citizen.name.find("05859047760"), std::string::npos);
}

TEST(Authenticate, finds_the_practice_by_the_first_claim_that_is_there) {
  Attempt practitioner;
  practitioner.claims["helseid://claims/hpr/hpr_number"] = "9144897";
  practitioner.claims["helseid://claims/identity/security_level"] = "4";
  EXPECT_TRUE(caller_of_attempt(practitioner).may_act_for("100003"));
  EXPECT_FALSE(caller_of_attempt(practitioner).may_act_for("100001"));
  Attempt person = practitioner;
  person.claims["helseid://claims/identity/pid"] = "30846619913";
  const Caller caller = caller_of_attempt(person);
  EXPECT_TRUE(caller.may_act_for("100004"));
  EXPECT_FALSE(caller.may_act_for("100003"));
  EXPECT_EQ(caller.name, "client-1");
  EXPECT_FALSE(caller_of_attempt(by_machine("frikort:api/practice", "974761076")).is_a_practice());
}

TEST(Authenticate, takes_a_sub_unit_where_it_must_only_with_its_main_unit) {
  Attempt attempt;
  attempt.change_settings = [](AuthSettings& settings) {
    for (Issuer& issuer : settings.issuers) issuer.is_parent_required = true;
  };
  EXPECT_FALSE(caller_of_attempt(attempt).is_a_practice()) << "it names no main unit";
  attempt.claims["helseid://claims/client/claims/orgnr_parent"] = "974761076";
  EXPECT_FALSE(caller_of_attempt(attempt).is_a_practice()) << "that of nobody";
  attempt.claims["helseid://claims/client/claims/orgnr_parent"] = "339065284";
  EXPECT_FALSE(caller_of_attempt(attempt).may_act_for("100001")) << "of the sub-unit alone";
  EXPECT_TRUE(caller_of_attempt(attempt).may_act_for("100002"));
  EXPECT_FALSE(caller_of_attempt(attempt).may_act_for("100009")) << "of the main unit alone";
  attempt.claims.erase("helseid://claims/client/claims/orgnr_child");
  EXPECT_TRUE(caller_of_attempt(attempt).may_act_for("100009")) << "the main unit itself";
  EXPECT_TRUE(caller_of_attempt(by_machine()).may_act_for("100001")) << "no sub-unit";
}

TEST(Authenticate, names_the_organisation_that_asks) {
  const auto expect = [](Attempt attempt, std::string_view name, std::string_view number) {
    const Caller caller = caller_of_attempt(std::move(attempt));
    EXPECT_EQ(caller.organisation, name);
    EXPECT_EQ(caller.organisation_number, number);
  };
  Attempt practitioner;
  practitioner.claims["helseid://claims/client/client_name"] = "A program";
  expect(practitioner, "A program", "309538919");
  practitioner.claims["helseid://claims/hpr/hpr_number"] = "9144897";
  practitioner.claims["helseid://claims/identity/security_level"] = "4";
  expect(practitioner, "Legekontoret", "123456785");
  expect(by_machine("frikort:api/portal", "974761076"), "", "974761076");
  expect(by_citizen(), "", "");
}

TEST(Authenticate, tells_sub_unit_and_main_unit) {
  Attempt attempt;
  EXPECT_EQ(caller_of_attempt(attempt).details->main_unit, "");
  attempt.claims["helseid://claims/client/claims/orgnr_parent"] = "339065284";
  EXPECT_EQ(caller_of_attempt(attempt).organisation_number, "309538919");
  EXPECT_EQ(caller_of_attempt(attempt).details->main_unit, "339065284");
}

TEST(Authenticate, tells_the_practitioner_and_the_supplier_whoever_decides) {
  Attempt attempt;
  EXPECT_EQ(caller_of_attempt(attempt).details->practitioner, "");
  EXPECT_EQ(caller_of_attempt(attempt).details->hpr_number, "");
  EXPECT_EQ(caller_of_attempt(attempt).details->supplier, "");
  attempt.claims["helseid://claims/identity/pid"] = "30846619913";
  attempt.claims["helseid://claims/identity/security_level"] = "4";
  attempt.claims["helseid://claims/hpr/hpr_number"] = "9144897";
  attempt.claims["helseid://claims/client/claims/orgnr_supplier"] = "339065284";
  const Caller caller = caller_of_attempt(attempt);
  EXPECT_EQ(caller.details->practitioner, "30846619913");
  EXPECT_EQ(caller.details->hpr_number, "9144897");
  EXPECT_EQ(caller.details->supplier, "339065284");
  attempt.claims["helseid://claims/client/claims/orgnr_supplier"] = "0192:339065284";
  EXPECT_EQ(caller_of_attempt(attempt).details->supplier, "") << "of no form that counts";
  EXPECT_EQ(caller_of_attempt(by_citizen()).details->practitioner, "") << "a citizen is none";
}

TEST(Authenticate, trusts_a_supplier_by_its_delegation) {
  Attempt attempt = by_machine();
  attempt.claims["supplier"] =
      json::object{{"authority", "iso6523-actorid-upis"}, {"ID", "0192:974761076"}};
  attempt.claims["delegation_source"] = "https://www.altinn.no/";
  EXPECT_TRUE(caller_of_attempt(attempt).may_act_for("100001"));
}

TEST(Authenticate, wants_no_delegation_of_issuers_that_know_none) {
  for (Attempt attempt : {right(), by_citizen()}) {
    attempt.claims["supplier"] = json::object{{"authority", "x"}};
    caller_of_attempt(attempt);
  }
}

TEST(Authenticate, compares_all_of_a_clients_name_with_those_that_are_blocked) {
  const std::string cut(token_name_bytes_max, 'c');
  const auto is_let_in = [&](const std::string& blocked) {
    Attempt attempt;
    attempt.claims["client_id"] = cut + "-1";
    attempt.change_settings = [&](AuthSettings& settings) { settings.blocked_clients = {blocked}; };
    return std::holds_alternative<Recognised>(attempt.send());
  };
  EXPECT_FALSE(is_let_in(cut + "-1"));
  EXPECT_TRUE(is_let_in(cut + "-2"));
  EXPECT_TRUE(is_let_in(cut));
}

TEST(Authenticate, knows_test_persons_where_they_are_accepted_alone) {
  Attempt practitioner;
  practitioner.claims["helseid://claims/identity/pid"] = "30846619913";
  practitioner.claims["helseid://claims/identity/security_level"] = "4";
  for (Attempt attempt : {practitioner, by_citizen()}) {
    caller_of_attempt(attempt);
    attempt.change_settings = [](AuthSettings& settings) {
      settings.series = ledger::NumberSeries::production;
    };
    const auto judged = attempt.send();
    ASSERT_TRUE(std::holds_alternative<Refusal>(judged));
    EXPECT_EQ(std::get<Refusal>(judged).kind, Kind::not_allowed);
  }
}

TEST(Authenticate, takes_every_audience_where_it_is_waived_but_that_of_the_card_query) {
  const auto is_let_in = [](json::value audience) {
    Attempt attempt;
    attempt.claims["aud"] = std::move(audience);
    attempt.change_settings = [](AuthSettings& settings) {
      for (Issuer& issuer : settings.issuers) issuer.is_audience_waived = true;
    };
    return std::holds_alternative<Recognised>(attempt.send());
  };
  EXPECT_TRUE(is_let_in("other:api"));
  EXPECT_TRUE(is_let_in(nullptr));
  EXPECT_TRUE(is_let_in({"frikort:api", "hdir:frikortsporring"}));
  EXPECT_FALSE(is_let_in("hdir:frikortsporring"));
  EXPECT_FALSE(is_let_in({"other:api", "hdir:frikortsporring"}));
}

TEST(Authenticate, refuses_what_stands_there_twice) {
  Attempt attempt;
  const auto judged = attempt.send(true);
  EXPECT_EQ(std::get<Refusal>(judged).kind, Kind::proof);
}

TEST(Authenticate, says_when_the_issuer_has_no_keys) {
  const std::string token = maskinporten_key().sign(by_machine().header, by_machine().claims);
  const std::string field = "Bearer " + token;
  const auto judged = authenticate({field, "", false}, {"GET", "/"}, settings(), {}, now_s);
  EXPECT_EQ(std::get<Refusal>(judged).kind, Kind::no_keys);
}

TEST(Challenge, names_the_schemes_that_are_served_and_what_was_wrong) {
  const AuthSettings all = settings();
  const std::string_view algorithms = "algs=\"ES256 ES384";
  const std::string none = challenge_of({Kind::no_credentials, ""}, {}, all);
  EXPECT_TRUE(none.starts_with("DPoP algs=")) << none;
  EXPECT_NE(none.find(algorithms), std::string::npos);
  EXPECT_TRUE(none.ends_with(", Bearer")) << none;
  EXPECT_EQ(none.find("error"), std::string::npos);
  EXPECT_TRUE(challenge_of({Kind::token, ""}, {"Bearer x", "", false}, all)
                  .starts_with("Bearer error=\"invalid_token\", DPoP algs="));
  EXPECT_TRUE(challenge_of({Kind::proof, ""}, {"DPoP x", "", false}, all)
                  .starts_with("DPoP error=\"invalid_dpop_proof\", algs="));
  EXPECT_EQ(challenge_of({Kind::scope, ""}, {"Bearer x", "", false}, all),
            "Bearer error=\"insufficient_scope\"");
  EXPECT_EQ(challenge_of({Kind::not_allowed, ""}, {"Bearer x", "", false}, all), "");
}

}  // namespace
}  // namespace api::test
