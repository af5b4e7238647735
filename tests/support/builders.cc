#include "tests/support/builders.h"

#include <map>
#include <utility>

#include "ledger/records/fingerprint.h"
#include "ledger/values/assert.h"
#include "ledger/values/rfc3339.h"
#include "tests/support/prng.h"

namespace ledger::test {

namespace {

RulePack rules_of(std::map<int, AnnualCeiling> ceilings) {
  RulePackHash hash{};
  std::uint64_t seed = 0;
  for (const char c : RulePack::canonical_text(ceilings)) {
    seed = Prng::mix(seed ^ static_cast<unsigned char>(c));
  }
  Prng bytes(seed);
  for (auto& byte : hash) byte = static_cast<std::uint8_t>(bytes.next());
  return RulePack(std::move(ceilings), hash);
}

}  // namespace

ItemBuilder::ItemBuilder(ItemType type) {
  item_.type = type;
  item_.is_paid = true;
  item_.amount = Money::from_ore(10000);
  guid(1).by("1001").of_person(1).on("2025-03-01T10:00:00+01:00");
}

ItemBuilder& ItemBuilder::of_ore(std::int64_t ore) {
  item_.amount = Money::from_ore(ore);
  return *this;
}

ItemBuilder& ItemBuilder::paid(bool is_paid) {
  item_.is_paid = is_paid;
  return *this;
}

ItemBuilder& ItemBuilder::on(std::string_view time) { return on(instant(time)); }
ItemBuilder& ItemBuilder::on(Instant time) {
  item_.service_time = time;
  return *this;
}

ItemBuilder& ItemBuilder::received_at(std::string_view time) { return received_at(instant(time)); }
ItemBuilder& ItemBuilder::received_at(Instant time) {
  received_ = time;
  return *this;
}

ItemBuilder& ItemBuilder::guid(std::uint32_t number) {
  item_.guid = guid_of(number);
  return *this;
}

ItemBuilder& ItemBuilder::by(std::string_view practice) {
  item_.practice = practice_id(practice);
  return *this;
}

ItemBuilder& ItemBuilder::of_person(std::uint32_t number) {
  item_.person = person_number(number);
  return *this;
}

ItemBuilder& ItemBuilder::exempt_for(char reason) {
  item_.exemption = reason;
  return *this;
}

ItemBuilder& ItemBuilder::service(ServiceType type) {
  item_.service_type = type;
  return *this;
}

Item ItemBuilder::build() const {
  Item item = item_;
  item.received = received_.value_or(item.service_time + std::chrono::hours{1});
  if (item.type != ItemType::copayment) {
    // These fields are not part of a payment or credit note; make sure nobody reads them.
    item.person = {};
    item.service_time = {};
    item.amount = {};
    item.is_paid = false;
  }
  identify(item);
  return item;
}

ItemBuilder a_copayment() { return ItemBuilder(ItemType::copayment); }
ItemBuilder a_payment() { return ItemBuilder(ItemType::payment); }
ItemBuilder a_credit_note() { return ItemBuilder(ItemType::credit_note); }

Guid guid_of(std::uint32_t number) {
  Guid guid;
  for (std::size_t i = 0; i < 4; ++i) {
    guid.bytes[12 + i] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
  }
  return guid;
}

std::uint32_t number_of(const Guid& guid) {
  std::uint32_t number = 0;
  for (std::size_t i = 12; i < 16; ++i) number = number << 8 | guid.bytes[i];
  return number;
}

EncryptedNumber person_number(std::uint32_t number) { return {guid_of(number).bytes}; }

PracticeId practice_id(std::string_view digits) {
  PracticeId id;
  LEDGER_ASSERT(PracticeId::parse(digits, id));
  return id;
}

Instant instant(std::string_view rfc3339) {
  const auto parsed = parse_rfc3339(rfc3339);
  LEDGER_ASSERT(parsed.has_value());
  return *parsed;
}

Date date(std::string_view year_month_day) {
  const auto parsed = parse_date(year_month_day);
  LEDGER_ASSERT(parsed.has_value());
  return *parsed;
}

RulePack published_rules() { return rules_of(RulePack::published_ceilings()); }

RulePack small_rules(Money ceiling) {
  return rules_of({{2024, {ceiling, "test"}}, {2025, {ceiling, "test"}}});
}

}  // namespace ledger::test
