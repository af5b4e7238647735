#include "bench/load_items.h"

#include <algorithm>
#include <cstring>

#include "ledger/values/assert.h"
#include "ledger/values/hex.h"
#include "ledger/values/national_id.h"
#include "ledger/values/rfc3339.h"
#include "tests/support/prng.h"

namespace bench {
namespace {

using ledger::test::Prng;

constexpr std::uint32_t first_practice_id = 100'001'000;
constexpr std::uint32_t opening_minute = 8 * 60;
constexpr std::uint32_t opening_minutes = 8 * 60;

/// A practice's service type, by its number modulo 16: pharmacies and doctors have most.
constexpr std::array<std::string_view, 16> service_types{
    "A", "LE", "A", "LE", "A", "PO", "A", "LE", "A", "FT", "LE", "A", "LR", "LE", "A", "PR"};

constexpr auto two_digits = [] {
  std::array<char, 200> digits{};
  for (unsigned i = 0; i < 100; ++i) {
    digits[2 * i] = static_cast<char>('0' + i / 10);
    digits[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return digits;
}();

/// A number below `bound`, in proportion to the 32 bits.
std::uint32_t scale(std::uint64_t bits, std::uint32_t bound) {
  return static_cast<std::uint32_t>((bits & 0xffff'ffffU) * bound >> 32);
}

char* put(char* out, std::string_view text) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

char* put_two(char* out, std::uint32_t number) {
  std::memcpy(out, &two_digits[std::size_t{2} * number], 2);
  return out + 2;
}

char* put_number(char* out, std::uint32_t number) {
  char text[10];
  char* begin = std::end(text);
  do {
    *--begin = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  return put(out, {begin, static_cast<std::size_t>(std::end(text) - begin)});
}

char* put_guid(char* out, const ledger::Guid& guid) {
  for (std::size_t i = 0; i < guid.bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *out++ = '-';
    out = ledger::put_hex(out, guid.bytes[i]);
  }
  return out;
}

}  // namespace

LoadItems::LoadItems(std::uint64_t seed, std::uint32_t persons, ledger::Date today)
    : key_(Prng(seed).next()) {
  LEDGER_ASSERT(persons >= 1 && persons <= persons_max);
  make_persons(persons);
  for (std::uint32_t i = 0; i < day_count; ++i) {
    const ledger::Date date = today - std::chrono::days{i + 1};
    // The offset of noon is that of the office hours: clocks change at night.
    const ledger::Instant noon{std::chrono::sys_seconds(date).time_since_epoch().count() + 43'200};
    const int offset = ledger::oslo_offset_seconds(noon);
    put(put(days_[i].date.data(), ledger::to_string(date)), "T");
    put(days_[i].offset.data(), offset == 3600 ? "+01:00" : "+02:00");
    days_[i].midnight.seconds = noon.seconds - 43'200 - offset;
  }
}

void LoadItems::make_persons(std::uint32_t count) {
  persons_.reserve(count);
  for (std::uint32_t i = 0; persons_.size() < count; ++i) {
    const std::uint32_t day = i % 28 + 1;
    const std::uint32_t month = i / 28 % 12 + 1 + 80;
    const std::uint32_t year = i / (28 * 12) % 70 + 30;
    const std::uint32_t individual = i / (28 * 12 * 70);
    const std::uint32_t nine_digits = ((day * 100 + month) * 100 + year) * 1000 + individual;
    const auto check = ledger::check_digits(nine_digits);
    if (!check) continue;
    Number number{};
    char* out = put_two(put_two(put_two(number.data(), day), month), year);
    *out++ = static_cast<char>('0' + individual / 100);
    put_two(put_two(out, individual % 100), *check);
    persons_.push_back(number);
  }
}

LoadItem LoadItems::item(std::uint64_t index) const {
  Prng bits(Prng::mix(key_ ^ Prng::mix(index)));
  LoadItem made;
  const std::array<std::uint64_t, 2> guid{bits.next(), bits.next()};
  std::memcpy(made.guid.bytes.data(), guid.data(), sizeof guid);
  made.guid.bytes[6] = static_cast<std::uint8_t>((made.guid.bytes[6] & 0x0fU) | 0x40U);
  made.guid.bytes[8] = static_cast<std::uint8_t>((made.guid.bytes[8] & 0x3fU) | 0x80U);

  const std::uint64_t who = bits.next();
  made.person = scale(who, static_cast<std::uint32_t>(persons_.size()));
  __builtin_prefetch(&persons_[made.person]);  // for write()
  // The cube of an even share: an eighth of the practices have half of the items.
  const std::uint64_t share = who >> 48;
  const std::uint64_t cube = share * share * share >> 16;
  made.practice = scale(cube, practice_count);

  const std::uint64_t what = bits.next();
  made.day = scale(what, day_count);
  made.minute = opening_minute + scale(what >> 16, opening_minutes);
  const std::uint64_t price = bits.next();
  constexpr std::uint32_t kroner = (amount_ore_max - amount_ore_min) / 100 + 1;
  const bool is_free = scale(price, 100) < 55;
  made.amount_ore = is_free ? 0 : amount_ore_min + 100 * scale(price >> 32, kroner);
  return made;
}

char* LoadItems::write(const LoadItem& item, char* out) const {
  const Day& day = days_[item.day];
  out = put_guid(put(out, R"({"guid":")"), item.guid);
  out = put_number(put(out, R"(","practiceId":")"), first_practice_id + item.practice);
  out = put(put(out, R"(","personId":")"), person_number(item.person));
  out = put(put(out, R"(","serviceType":")"), service_type(item.practice));
  out = put(put(out, R"(","serviceTime":")"), {day.date.data(), day.date.size()});
  out = put(put_two(out, item.minute / 60), ":");
  out = put(put_two(out, item.minute % 60), ":00");
  out = put(out, {day.offset.data(), day.offset.size()});
  out = put_number(put(out, R"(","amountOre":)"), item.amount_ore);
  return put(out, R"(,"paid":true})");
}

std::string LoadItems::text(const LoadItem& item) const {
  std::string text(text_bytes_max, '\0');
  text.resize(static_cast<std::size_t>(write(item, text.data()) - text.data()));
  return text;
}

std::string LoadItems::practice_id(std::uint32_t practice) const {
  return std::to_string(first_practice_id + practice);
}

std::string_view LoadItems::service_type(std::uint32_t practice) {
  return service_types[practice % service_types.size()];
}

ledger::Instant LoadItems::service_time(const LoadItem& item) const {
  return days_[item.day].midnight + std::chrono::minutes{item.minute};
}

}  // namespace bench
