#include "ingest/generator/generator.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "ledger/values/national_id.h"
#include "ledger/values/oslo_time.h"
#include "ledger/values/rfc3339.h"
#include "ledger/values/service_type.h"

namespace ingest {
namespace {

using ledger::Date;
using ledger::Instant;

constexpr std::int64_t ceiling_2023_ore = 304'000;

std::string generate(const GeneratorOptions& options) {
  Generator generator(options);
  std::string all;
  while (generator.next_chunk(all)) {
  }
  return all;
}

/// The text of a field, without quotes; nothing when the line does not have it. The generator's
/// lines have no escapes and no spaces, which is all this relies on.
std::optional<std::string> field(std::string_view line, std::string_view name) {
  const std::string key = "\"" + std::string(name) + "\":";
  const std::size_t found = line.find(key);
  if (found == std::string_view::npos) return std::nullopt;
  std::string_view value = line.substr(found + key.size());
  value = value.substr(0, value.find_first_of(",}"));
  if (value.starts_with('"')) value = value.substr(1, value.size() - 2);
  return std::string(value);
}

template <class Use>
void for_each_line(std::string_view text, Use use) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    ASSERT_NE(end, std::string_view::npos) << "the last line is not complete";
    use(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
}

/// The rules of the scheme, once more and as plainly as can be, for the lines of one year.
class TinyLedger {
 public:
  struct Registration {
    std::string content;
    std::string person;
    std::int64_t amount_ore = 0;
    bool is_paid = false;
    bool is_credited = false;
  };

  std::string verdict_of(std::string_view line) {
    const std::string key = *field(line, "practiceId") + "/" + *field(line, "guid");
    const Instant received = *ledger::parse_rfc3339(*field(line, "receivedTime"));
    const std::string type = field(line, "type").value_or("copayment");
    if (type == "payment") return pay(key);
    if (type == "creditNote") return credit(key);
    return register_copayment(line, key, received);
  }

  std::size_t cards() const { return cards_.size(); }
  std::map<std::uint32_t, std::uint64_t> lags;
  std::map<std::string, std::uint64_t> services;
  std::uint64_t zero_amounts = 0;
  std::uint64_t first_unpaid = 0;
  std::set<std::string> practices;
  std::set<std::string> persons;

 private:
  std::string register_copayment(std::string_view line, const std::string& key, Instant received) {
    const std::string person = *field(line, "personId");
    if (!ledger::NationalId::parse(person, ledger::NumberSeries::production_and_tests)) {
      return "INVALID_PERSON_ID";
    }
    const std::string content(line.substr(0, line.find(",\"receivedTime\"")));
    const auto known = known_.find(key);
    if (known != known_.end()) {
      return known->second.content == content ? "duplicate" : "CONTENT_CONFLICT";
    }
    const Instant service_time = *ledger::parse_rfc3339(*field(line, "serviceTime"));
    const Date service = ledger::oslo_date(service_time);
    const Date received_date = ledger::oslo_date(received);
    EXPECT_EQ(ledger::year_of(service), 2023) << line;
    if (service_time > received + std::chrono::minutes{5}) return "FUTURE_SERVICE_TIME";
    if (received_date > ledger::last_day_to_report(service)) return "TIME_BARRED";
    const auto exemption = field(line, "exemption");
    if (exemption == "F" && !cards_.contains(person)) return "NO_CARD_REGISTERED";

    EXPECT_LE(service_time, received) << line;
    Registration registration{content, person, std::stoll(*field(line, "amountOre")),
                              field(line, "paid") == "true", false};
    EXPECT_TRUE(!exemption || registration.amount_ore == 0) << line;
    EXPECT_TRUE(guids_.insert(*field(line, "guid")).second) << line;
    note(line, registration, service, received_date);
    if (registration.is_paid) count(registration.person, registration.amount_ore);
    known_.emplace(key, std::move(registration));
    return "accepted";
  }

  void note(std::string_view line, const Registration& registration, Date service, Date received) {
    ++lags[static_cast<std::uint32_t>((received - service).count())];
    const std::string service_type = *field(line, "serviceType");
    EXPECT_TRUE(ledger::parse_service_type(service_type)) << line;
    ++services[service_type];
    if (registration.amount_ore == 0) ++zero_amounts;
    if (!registration.is_paid) ++first_unpaid;
    practices.insert(*field(line, "practiceId"));
    persons.insert(registration.person);
  }

  std::string pay(const std::string& key) {
    const auto known = known_.find(key);
    if (known == known_.end()) return "UNKNOWN_ORIGINAL";
    if (known->second.is_credited) return "ORIGINAL_CREDITED";
    EXPECT_FALSE(known->second.is_paid) << "paid twice: " << key;
    known->second.is_paid = true;
    count(known->second.person, known->second.amount_ore);
    return "payment accepted";
  }

  std::string credit(const std::string& key) {
    const auto known = known_.find(key);
    if (known == known_.end()) return "UNKNOWN_ORIGINAL";
    if (known->second.is_credited) return "duplicate";
    known->second.is_credited = true;
    if (known->second.is_paid) count(known->second.person, -known->second.amount_ore);
    return "creditNote accepted";
  }

  void count(const std::string& person, std::int64_t ore) {
    sums_[person] += ore;
    if (sums_[person] >= ceiling_2023_ore) cards_.insert(person);
  }

  std::unordered_map<std::string, Registration> known_;
  std::unordered_map<std::string, std::int64_t> sums_;
  std::set<std::string> cards_;
  std::set<std::string> guids_;
};

/// A year large enough for shares, read once for all tests that look at it.
struct ReadYear {
  static constexpr std::uint64_t registrations = 100'000;

  ReadYear() {
    const std::string text = generate({registrations, 0, 2023, 7});
    for_each_line(text, [&](std::string_view line) {
      ++verdicts[ledger.verdict_of(line)];
      const Instant received = *ledger::parse_rfc3339(*field(line, "receivedTime"));
      if (received < last) is_in_order = false;
      last = received;
    });
  }

  double percent(const std::string& verdict) {
    return 100.0 * static_cast<double>(verdicts[verdict]) / registrations;
  }

  TinyLedger ledger;
  std::map<std::string, std::uint64_t> verdicts;
  bool is_in_order = true;
  Instant last{};
};

ReadYear& read_year() {
  static ReadYear year;
  return year;
}

TEST(Generator, gives_the_same_bytes_for_the_same_options) {
  const GeneratorOptions options{5'000, 0, 2023, 42};
  EXPECT_EQ(generate(options), generate(options));
}

TEST(Generator, gives_other_bytes_for_another_seed) {
  EXPECT_NE(generate({1'000, 0, 2023, 1}), generate({1'000, 0, 2023, 2}));
}

TEST(Generator, gives_the_bytes_it_has_always_given) {
  // FNV-1a. Whoever changes the model changes this number, and says so in the change log.
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : generate({2'000, 0, 2023, 1})) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  }
  EXPECT_EQ(hash, 0x29068953a1b8e23cU);
}

TEST(Generator, appends_whole_lines_in_bounded_chunks) {
  Generator generator({5'000, 0, 2023, 3});
  std::string chunk = "before\n";
  std::size_t chunks = 0;
  while (generator.next_chunk(chunk)) {
    EXPECT_TRUE(chunk.ends_with('\n'));
    EXPECT_LE(chunk.size(), Generator::chunk_bytes + 1'024);
    if (chunks++ == 0) {
      EXPECT_TRUE(chunk.starts_with("before\n{"));
    }
    chunk.clear();
  }
  EXPECT_TRUE(chunk.empty());
  EXPECT_FALSE(generator.next_chunk(chunk));
  EXPECT_GT(chunks, 3U);
}

TEST(Generator, reports_progress_up_to_the_total) {
  Generator generator({5'000, 0, 2023, 3});
  EXPECT_EQ(generator.progress().registrations, 0U);
  EXPECT_EQ(generator.progress().total, 5'000U);
  std::uint64_t before = 0;
  std::string chunk;
  for (; generator.next_chunk(chunk); chunk.clear()) {
    EXPECT_GE(generator.progress().registrations, before);
    before = generator.progress().registrations;
  }
  EXPECT_EQ(before, 5'000U);
}

TEST(Generator, makes_years_of_any_small_size_exact) {
  for (const std::uint64_t registrations : {1U, 2U, 17U, 100U, 333U}) {
    TinyLedger ledger;
    std::uint64_t accepted = 0;
    for_each_line(generate({registrations, 0, 2023, registrations}), [&](std::string_view line) {
      if (ledger.verdict_of(line) == "accepted") ++accepted;
    });
    EXPECT_EQ(accepted, registrations);
  }
}

TEST(Generator, takes_the_number_of_persons) {
  TinyLedger ledger;
  for_each_line(generate({20'000, 200, 2023, 5}),
                [&](std::string_view line) { ledger.verdict_of(line); });
  EXPECT_LE(ledger.persons.size(), 200U);
  EXPECT_GT(ledger.persons.size(), 150U);
}

TEST(Generator, refuses_options_without_meaning) {
  EXPECT_TRUE(Generator::is_valid({1'000, 0, 2026, 0}));
  EXPECT_FALSE(Generator::is_valid({0, 0, 2023, 0}));
  EXPECT_FALSE(Generator::is_valid({1'000, 0, 1999, 0}));
  EXPECT_FALSE(Generator::is_valid({1'000'000, 10, 2023, 0}));
  EXPECT_FALSE(Generator::is_valid({1'000, Generator::persons_max + 1, 2023, 0}));
  EXPECT_FALSE(Generator::is_valid({Generator::registrations_max + 1, 0, 2023, 0}));
}

TEST(GeneratorYear, comes_in_order_of_received_time) { EXPECT_TRUE(read_year().is_in_order); }

TEST(GeneratorYear, has_the_wanted_number_of_accepted_copayments) {
  EXPECT_EQ(read_year().verdicts["accepted"], ReadYear::registrations);
}

TEST(GeneratorYear, gets_the_verdicts_it_was_made_for) {
  ReadYear& year = read_year();
  EXPECT_GE(year.percent("duplicate"), 0.5);
  EXPECT_LE(year.percent("duplicate"), 1.0);
  EXPECT_NEAR(year.percent("creditNote accepted"), 0.3, 0.08);
  EXPECT_NEAR(year.percent("INVALID_PERSON_ID"), 0.2, 0.06);
  EXPECT_NEAR(year.percent("FUTURE_SERVICE_TIME"), 0.05, 0.03);
  EXPECT_NEAR(year.percent("NO_CARD_REGISTERED"), 0.1, 0.04);
  EXPECT_NEAR(year.percent("TIME_BARRED"), 0.1, 0.04);
  EXPECT_GT(year.verdicts["CONTENT_CONFLICT"], 0U);
  EXPECT_LT(year.percent("CONTENT_CONFLICT"), 0.05);
  EXPECT_EQ(year.verdicts["UNKNOWN_ORIGINAL"], 0U);
  EXPECT_EQ(year.verdicts["ORIGINAL_CREDITED"], 0U);
}

TEST(GeneratorYear, confirms_nine_of_ten_unpaid_bills) {
  ReadYear& year = read_year();
  const auto unpaid = static_cast<double>(year.ledger.first_unpaid);
  EXPECT_GE(unpaid / ReadYear::registrations, 0.03);
  EXPECT_LE(unpaid / ReadYear::registrations, 0.05);
  EXPECT_NEAR(static_cast<double>(year.verdicts["payment accepted"]) / unpaid, 0.9, 0.03);
}

TEST(GeneratorYear, is_as_late_as_the_nation_was) {
  struct Limit {
    std::uint32_t days;
    double share;
  };
  for (const Limit limit : {Limit{16, 0.884}, Limit{24, 0.934}, Limit{32, 0.955}}) {
    std::uint64_t within = 0;
    for (const auto& [lag, count] : read_year().ledger.lags) {
      if (lag <= limit.days) within += count;
    }
    EXPECT_NEAR(static_cast<double>(within) / ReadYear::registrations, limit.share, 0.003);
  }
}

TEST(GeneratorYear, has_the_shape_of_the_nation) {
  TinyLedger& ledger = read_year().ledger;
  const double zero = static_cast<double>(ledger.zero_amounts) / ReadYear::registrations;
  EXPECT_GE(zero, 0.45);
  EXPECT_LE(zero, 0.65);
  // 1.3 million cards for 95.4 million registrations.
  EXPECT_NEAR(static_cast<double>(ledger.cards()) / ReadYear::registrations, 0.0136, 0.002);
  EXPECT_GE(ledger.practices.size(), 60U);
  for (const auto& [service, percent] :
       {std::pair{"A", 39.0}, {"LE", 33.0}, {"PO", 11.5}, {"FT", 7.5}, {"LR", 4.0}}) {
    const auto share = static_cast<double>(ledger.services[service]) / ReadYear::registrations;
    EXPECT_NEAR(100 * share, percent, 1.5) << service;
  }
}

}  // namespace
}  // namespace ingest
