#include "api/v1/person_cursor.h"

#include <algorithm>

#include "ledger/values/hex.h"
#include "storage/crypto/crypto.h"

namespace api {

ledger::Result<std::vector<ledger::EncryptedNumber>> numbers_of(
    OpenLedger& open, const ledger::EncryptedNumber& asked) {
  const auto& state = open.files().state();
  std::vector<ledger::EncryptedNumber> numbers{asked};
  const auto person = state.person_of(asked);
  if (!person) return person.error();
  if (!person.value()) return numbers;
  auto all = state.numbers(*person.value());
  if (!all) return all.error();
  std::erase(all.value(), asked);
  numbers.insert(numbers.end(), all.value().begin(), all.value().end());
  return numbers;
}

std::string person_cursor(const ledger::EncryptedNumber& number, std::string_view question,
                          std::string_view place) {
  constexpr std::size_t digits = 16;
  std::string bound(number.bytes.begin(), number.bytes.end());
  bound.append(question).append(1, '.').append(place);
  std::string cursor(place);
  cursor += '.';
  return cursor += ledger::to_hex(storage::sha256("person cursor ", bound)).substr(0, digits);
}

std::optional<PersonPlace> read_person_cursor(std::string_view cursor, std::string_view question,
                                              std::span<const ledger::EncryptedNumber> numbers) {
  const std::size_t end = cursor.rfind('.');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view place = cursor.substr(0, end);
  const auto given = std::find_if(numbers.begin(), numbers.end(), [&](const auto& number) {
    return person_cursor(number, question, place) == cursor;
  });
  if (given == numbers.end()) return std::nullopt;
  return PersonPlace{place, *given};
}

}  // namespace api
