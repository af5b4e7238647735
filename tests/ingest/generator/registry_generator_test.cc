#include "ingest/generator/registry_generator.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/values/national_id.h"
#include "ledger/values/rfc3339.h"

namespace ingest {
namespace {

constexpr GeneratorOptions options{60'000, 0, 2024, 5};

/// What one of its two streams gives in all.
std::string all_of(const GeneratorOptions& made,
                   bool (RegistryGenerator::*next)(std::string& out)) {
  RegistryGenerator generator(made);
  std::string all;
  std::string chunk;
  for (bool has_more = true; has_more;) {
    chunk.clear();
    has_more = (generator.*next)(chunk);
    all += chunk;
  }
  return all;
}

std::string all_persons(const GeneratorOptions& made) {
  return all_of(made, &RegistryGenerator::next_persons);
}

std::string all_practices(const GeneratorOptions& made) {
  return all_of(made, &RegistryGenerator::next_practices);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

/// The text of a field; empty when the line does not have it.
std::string field(const std::string& line, std::string_view name) {
  const std::string key = "\"" + std::string(name) + "\":\"";
  const std::size_t at = line.find(key);
  if (at == std::string::npos) return {};
  return line.substr(at + key.size(), line.find('"', at + key.size()) - at - key.size());
}

TEST(RegistryGenerator, gives_the_same_bytes_for_the_same_options) {
  EXPECT_EQ(all_persons(options), all_persons(options));
  EXPECT_EQ(all_practices(options), all_practices(options));
  EXPECT_NE(all_persons(options), all_persons({60'000, 0, 2024, 6}));
}

TEST(RegistryGenerator, tells_of_everybody_who_is_served_in_order) {
  std::map<std::string, std::size_t> types;
  std::set<std::string> event_ids;
  std::set<std::string> born;
  std::string before;
  for (const std::string& line : lines_of(all_persons(options))) {
    ++types[field(line, "type")];
    EXPECT_TRUE(event_ids.insert(field(line, "eventId")).second) << line;
    const std::string number = field(line, "personId");
    for (const std::string& named :
         {number, field(line, "newPersonId"), field(line, "otherPersonId")}) {
      if (named.empty()) continue;
      EXPECT_TRUE(ledger::NationalId::parse(named, ledger::NumberSeries::production_and_tests))
          << line;
    }
    if (field(line, "type") == "birthDate") {
      EXPECT_TRUE(born.insert(number).second) << line;
      EXPECT_TRUE(ledger::parse_date(field(line, "birthDate"))) << line;
    } else {
      EXPECT_TRUE(born.contains(number)) << line;
    }
    const std::string received = field(line, "receivedTime");
    EXPECT_TRUE(ledger::parse_rfc3339(received)) << line;
    EXPECT_LE(before.substr(0, 10), received.substr(0, 10));
    before = received;
  }
  const double persons = static_cast<double>(types["birthDate"]);
  EXPECT_GT(persons, 2000);
  EXPECT_NEAR(static_cast<double>(types["died"]) / persons, 0.008, 0.005);
  EXPECT_NEAR(static_cast<double>(types["minimumPension"]) / persons, 0.025, 0.015);
  for (const char* const type : {"numberChanged", "optedOut"}) EXPECT_GT(types[type], 0U) << type;
}

TEST(RegistryGenerator, tells_of_every_practice_once) {
  std::set<std::string> ids;
  std::set<std::string> organisations;
  for (const std::string& line : lines_of(all_practices(options))) {
    EXPECT_TRUE(ids.insert(field(line, "practiceId")).second) << line;
    const std::size_t at = line.find("\"organisationNumbers\":[\"");
    ASSERT_NE(at, std::string::npos);
    EXPECT_TRUE(organisations.insert(line.substr(at + 24, 9)).second) << line;
  }
  EXPECT_GT(ids.size(), 50U);
}

}  // namespace
}  // namespace ingest
