#include "api/runtime/config.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "api/program/usage_error.h"

namespace api::test {
namespace {

Config config_of(const std::string& text) {
  const std::string path = testing::TempDir() + "config_test." + std::to_string(::getpid());
  std::ofstream(path) << text;
  struct Remover {
    const std::string& path;
    ~Remover() { std::remove(path.c_str()); }
  } remover{path};
  return read_config(path);
}

/// Why a configuration is refused; empty when it is not.
std::string refusal(const std::string& text) {
  try {
    config_of(text);
  } catch (const UsageError& error) {
    return error.what();
  }
  return {};
}

void expect_refusal(const std::string& text, std::initializer_list<std::string_view> parts) {
  const std::string said = refusal(text);
  for (const std::string_view part : parts) {
    EXPECT_NE(said.find(part), std::string::npos) << text << ": '" << said << "' lacks " << part;
  }
}

TEST(Config, is_what_the_file_of_scripts_deploy_says_without_a_file) {
  const Config config = read_config("");
  EXPECT_EQ(config.limits.waiting_items_max, 65'536U);
  EXPECT_EQ(config.state.hand_over_items, 1'000'000U);
  EXPECT_EQ(config.ceilings.at(2026).amount, ledger::Money::from_kroner(3278));
}

TEST(Config, takes_every_number_at_its_place) {
  const Config config = config_of(
      "accept_test_numbers = true\n[limits]\nwaiting_items_max = 8192\nidle_timeout_s = 7\n"
      "[state]\nhand_over_items = 50\n");
  EXPECT_EQ(config.limits.waiting_items_max, 8192U);
  EXPECT_EQ(config.limits.idle_timeout, std::chrono::seconds{7});
  EXPECT_EQ(config.limits.slow_timeout, std::chrono::seconds{30}) << "others keep their defaults";
  EXPECT_EQ(config.state.hand_over_items, 50U);
  EXPECT_EQ(config.series, ledger::NumberSeries::production_and_tests);
}

TEST(Config, takes_names_only_as_long_as_the_access_log_keeps_them_whole) {
  const auto issuer = [](std::size_t bytes) {
    return "[[issuers]]\nkind = \"maskinporten\"\naudience = \"frikort:api\"\nissuer = \"https://" +
           std::string(bytes - 8, 'a') + "\"\n";
  };
  EXPECT_EQ(refusal(issuer(200)), "");
  expect_refusal(issuer(201), {"issuer", "at most 200 bytes"});
  const auto practice = [](std::size_t bytes) {
    return "[[practices]]\nid = \"1\"\nname = \"" + std::string(bytes, 'a') + "\"\n";
  };
  EXPECT_EQ(refusal(practice(800)), "");
  expect_refusal(practice(801), {"name", "at most 800 bytes"});
}

TEST(Config, names_key_bounds_and_remedy_of_a_number_that_cannot_work) {
  for (const char* const value : {"1000", "0", "-1", "9223372036854775807", "1.5", "\"8192\""}) {
    expect_refusal(std::string("[limits]\nwaiting_items_max = ") + value,
                   {":2: ", "`limits.waiting_items_max`", "8192 to 100000000", "remedy"});
  }
  expect_refusal("[limits]\nidle_timeout_s = 9223372036854775807",
                 {"`limits.idle_timeout_s`", "1 to 86400"});
  expect_refusal("[state]\ncached_persons_max = 0", {"`state.cached_persons_max`", "remedy"});
  expect_refusal("[limits]\nwaiting_bytes_max = 1048576\n",
                 {"waiting_bytes_max", "json_body_bytes_max", "remedy"});
}

TEST(Config, takes_the_public_address) {
  EXPECT_EQ(config_of("").address.url, "");
  const Config config = config_of(
      "[public]\nurl = \"https://frikort.example/a\"\norigins = [\"https://frikort.example\", "
      "\"http://127.0.0.1:8080\"]\n");
  EXPECT_EQ(config.address.url, "https://frikort.example/a");
  EXPECT_EQ(config.address.origins,
            (std::vector<std::string>{"https://frikort.example", "http://127.0.0.1:8080"}));
  expect_refusal("[public]\nurl = \"frikort.example\"", {":2: ", "`public.url`", "remedy"});
  expect_refusal("[public]\nurl = 5", {"`public.url`", "remedy"});
  expect_refusal("[public]\norigins = \"https://frikort.example\"", {"`public.origins`", "remedy"});
  expect_refusal("[public]\norigins = [\"https://a/b\"]", {"`public.origins`", "remedy"});
  expect_refusal("[public]\nname = \"a\"", {"`public.name`", "remedy"});
}

TEST(Config, names_every_change_that_wants_a_restart) {
  const auto changed_by = [](const std::string& text) {
    return keys_for_restart(config_of(""), config_of(text));
  };
  using Keys = std::vector<std::string>;
  EXPECT_EQ(changed_by(""), Keys());
  EXPECT_EQ(changed_by("[national]\nserve = false\nbody_bytes_max = 2048\nkey_days = 60\n"
                       "key_rotate_days = 20\n"),
            (Keys{"national.serve", "national.body_bytes_max", "national.key_days",
                  "national.key_rotate_days"}));
  EXPECT_EQ(changed_by("[registry]\npractices = \"required\"\n"), Keys{"registry.practices"});
  EXPECT_EQ(
      changed_by("[public]\nurl = \"https://a.example\"\norigins = [\"https://b.example\"]\n"),
      (Keys{"public.url", "public.origins"}));
  EXPECT_EQ(changed_by("[auth]\nproof_age_s = 30\n[log]\nlevel = \"debug\"\n"), Keys())
      << "these are read again";
}

TEST(Config, refuses_what_it_does_not_know) {
  expect_refusal("[limits]\nspeed = 1", {"`limits.speed`", "remedy"});
  expect_refusal("[state]\nspeed = 1", {"`state.speed`", "remedy"});
  expect_refusal("speed = 1", {"`speed`", "remedy"});
  expect_refusal("limits = 1", {"`limits`", "remedy"});
  expect_refusal("[ceilings]\n2027 = { kroner = 3400, sure = true }", {"`ceilings.2027.sure`"});
}

TEST(Config, takes_ceilings_of_new_years) {
  const Config config = config_of("[ceilings]\n2027 = 3400\n2028 = 3500\n2010 = 100\n");
  EXPECT_EQ(config.ceilings.at(2027).amount, ledger::Money::from_kroner(3400));
  EXPECT_EQ(config.ceilings.at(2028).amount, ledger::Money::from_kroner(3500));
  EXPECT_EQ(config.ceilings.at(2010).amount, ledger::Money::from_kroner(100));
  EXPECT_EQ(config.ceilings.at(2026).amount, ledger::Money::from_kroner(3278)) << "built in";
}

TEST(Config, refuses_ceilings_beyond_all_reason) {
  for (const char* const kroner : {"92233720368547759", "340000", "100001", "99", "0", "-3400"}) {
    expect_refusal(std::string("[ceilings]\n2027 = ") + kroner,
                   {"`ceilings.2027`", "100 to 100000", "kroner, not in øre"});
  }
}

TEST(Config, wants_a_leap_of_the_ceiling_confirmed) {
  EXPECT_EQ(refusal("[ceilings]\n2027 = 4917"), "") << "half as much again is not more than half";
  EXPECT_EQ(refusal("[ceilings]\n2027 = 1639"), "");
  for (const char* const kroner : {"4918", "1638", "9000"}) {
    expect_refusal(std::string("[ceilings]\n2027 = ") + kroner,
                   {"`ceilings.2027`", "3278", "2026", "confirmed = true"});
  }
  const Config config =
      config_of("[ceilings]\n2027 = { kroner = 9000, confirmed = true }\n2028 = 9100\n");
  EXPECT_EQ(config.ceilings.at(2027).amount, ledger::Money::from_kroner(9000));
  EXPECT_EQ(config.ceilings.at(2028).amount, ledger::Money::from_kroner(9100))
      << "held against the year before";
  expect_refusal("[ceilings]\n2027 = { kroner = 9000, confirmed = false }", {"confirmed = true"});
  expect_refusal("[ceilings]\n2027 = { confirmed = true }", {"`kroner`"});
}

TEST(Config, refuses_years_whose_rules_are_not_known) {
  for (const char* const year : {"1900", "2009", "2200", "9999", "27", "20270", "next"}) {
    expect_refusal(std::string("[ceilings]\n") + year + " = 3000", {"2010 to 2199"});
  }
  EXPECT_EQ(refusal("[ceilings]\n2199 = 3400"), "");
}

}  // namespace
}  // namespace api::test
