#pragma once

#include <optional>
#include <string_view>

#include "ledger/records/item.h"
#include "ledger/records/rule_pack.h"

namespace ledger::test {

/// Makes items: every field has a harmless value until the test says otherwise.
///   a_copayment().of_ore(6000).paid(false).on("2025-03-01T10:00:00+01:00")
/// Persons and guids are numbers; an encrypted number is made up, not encrypted.
class ItemBuilder {
 public:
  explicit ItemBuilder(ItemType type);

  ItemBuilder& of_ore(std::int64_t ore);
  ItemBuilder& paid(bool is_paid);
  /// Time of service, RFC 3339; without received_at() also, an hour later, of receipt.
  ItemBuilder& on(std::string_view time);
  ItemBuilder& on(Instant time);
  ItemBuilder& received_at(std::string_view time);
  ItemBuilder& received_at(Instant time);
  ItemBuilder& guid(std::uint32_t number);
  ItemBuilder& by(std::string_view practice);
  ItemBuilder& of_person(std::uint32_t number);
  ItemBuilder& exempt_for(char reason);
  ItemBuilder& service(ServiceType type);

  Item build() const;
  operator Item() const { return build(); }  // so that a builder stands where an item does

 private:
  Item item_;
  std::optional<Instant> received_;
};

ItemBuilder a_copayment();
ItemBuilder a_payment();
ItemBuilder a_credit_note();

/// The guid that builders make of a number, and back.
Guid guid_of(std::uint32_t number);
std::uint32_t number_of(const Guid& guid);

EncryptedNumber person_number(std::uint32_t number);
PracticeId practice_id(std::string_view digits);

/// Stops the test program when the text is not a time or date.
Instant instant(std::string_view rfc3339);
Date date(std::string_view year_month_day);

/// The published ceilings, with a hash made for tests.
RulePack published_rules();
/// One ceiling for 2024 and 2025, small enough to count on one's fingers.
RulePack small_rules(Money ceiling);

}  // namespace ledger::test
