#include "ledger/records/registry_event.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <string>

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

std::string_view name_of(PersonEventType type) {
  switch (type) {
    case PersonEventType::birth_date:
      return "birthDate";
    case PersonEventType::number_changed:
      return "numberChanged";
    case PersonEventType::merged:
      return "merged";
    case PersonEventType::died:
      return "died";
    case PersonEventType::opted_out:
      return "optedOut";
    case PersonEventType::opted_in:
      return "optedIn";
    case PersonEventType::minimum_pension:
      break;
  }
  return "minimumPension";
}

bool are_in_order(const std::vector<Period>& periods) {
  for (std::size_t i = 0; i < periods.size(); ++i) {
    const Period& period = periods[i];
    if (period.to && *period.to < period.from) return false;
    if (i == 0) continue;
    const std::optional<Date>& before = periods[i - 1].to;
    if (!before || *before >= period.from) return false;
  }
  return true;
}

bool covers(const std::vector<Period>& periods, Date day) {
  return std::any_of(periods.begin(), periods.end(), [day](const Period& period) {
    return period.from <= day && (!period.to || day <= *period.to);
  });
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

}  // namespace ledger
