#include "ledger/records/fingerprint.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <boost/uuid/name_generator_sha1.hpp>
#include <string>

#include "ledger/values/assert.h"

namespace ledger {
namespace {

/// The bytes that are hashed: every field, each with its length where that is not fixed, so that
/// two contents never give the same bytes.
class Content {
 public:
  void number(std::uint64_t value) {
    for (int byte = 0; byte < 8; ++byte) bytes_ += static_cast<char>(value >> (8 * byte));
  }
  void text(std::string_view text) {
    number(text.size());
    bytes_ += text;
  }
  void raw(const EncryptedNumber& number) {
    bytes_.append(reinterpret_cast<const char*>(number.bytes.data()), number.bytes.size());
  }
  void day(const std::optional<Date>& day) {
    number(day ? 1 : 0);
    if (day) number(static_cast<std::uint64_t>(day->time_since_epoch().count()));
  }
  void texts(const std::vector<std::string>& texts) {
    number(texts.size());
    for (const std::string& each : texts) text(each);
  }
  void periods(const std::vector<Period>& periods) {
    number(periods.size());
    for (const Period& period : periods) {
      day(period.from);
      day(period.to);
    }
  }
  std::uint64_t hash() const { return XXH3_64bits(bytes_.data(), bytes_.size()); }

 private:
  std::string bytes_;
};

}  // namespace

Fingerprint fingerprint_of(const PracticeId& practice, const Guid& guid) {
  std::array<char, 16 + PracticeId::digits_max> bytes{};
  std::memcpy(bytes.data(), guid.bytes.data(), guid.bytes.size());
  const std::string_view id = practice.view();
  LEDGER_ASSERT(id.size() <= PracticeId::digits_max);
  std::copy(id.begin(), id.end(), bytes.begin() + 16);
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), 16 + id.size());
  return {hash.high64, hash.low64};
}

std::uint64_t content_hash_of(const Item& item) {
  std::array<std::uint8_t, 24> bytes{};
  const std::int64_t seconds = item.service_time.seconds;
  const std::int32_t nanoseconds = item.service_time.nanoseconds;
  const auto amount = static_cast<std::uint32_t>(item.amount.ore());
  std::memcpy(bytes.data(), &seconds, 8);
  std::memcpy(bytes.data() + 8, &nanoseconds, 4);
  std::memcpy(bytes.data() + 12, &amount, 4);
  bytes[16] = static_cast<std::uint8_t>(item.service_type);
  bytes[17] = static_cast<std::uint8_t>(item.exemption);
  bytes[18] = item.is_paid ? 1 : 0;
  return XXH3_64bits(bytes.data(), bytes.size());
}

std::uint64_t content_hash_of(const PersonEvent& event) {
  Content content;
  content.number(static_cast<std::uint64_t>(event.type));
  content.raw(event.person);
  content.raw(event.other);
  content.day(event.date);
  content.periods(event.periods);
  return content.hash();
}

std::uint64_t content_hash_of(const PracticeEvent& event) {
  Content content;
  content.number(0);  // no type of a person event
  content.text(event.practice.view());
  content.text(event.name);
  content.text(event.type);
  content.texts(event.organisation_numbers);
  content.texts(event.hpr_numbers);
  content.number(event.practitioners.size());
  for (const EncryptedNumber& practitioner : event.practitioners) content.raw(practitioner);
  content.periods(event.agreements);
  return content.hash();
}

CardId card_id_of(const AccountKey& account, const Guid& crossing_guid) {
  boost::uuids::uuid name_space;
  std::copy(crossing_guid.bytes.begin(), crossing_guid.bytes.end(), name_space.begin());
  const std::string name =
      "frikort/" + std::to_string(account.person.value()) + "/" + std::to_string(account.year);
  const boost::uuids::uuid made = boost::uuids::name_generator_sha1(name_space)(name);
  CardId id{};
  std::copy(made.begin(), made.end(), id.begin());
  return id;
}

void identify(Item& item) {
  item.fingerprint = fingerprint_of(item.practice, item.guid);
  item.content_hash = content_hash_of(item);
}

}  // namespace ledger
