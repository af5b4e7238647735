#include "api/national/query_text.h"

#include <algorithm>
#include <array>
#include <optional>

#include "api/national/strict_json.h"
#include "api/runtime/card_status.h"
#include "ledger/values/rfc3339.h"

namespace api {
namespace {

constexpr std::string_view person_field = "borgerIdent";
constexpr std::string_view type_field = "tjenestetypeKode";
constexpr std::string_view date_field = "tjenestedato";
constexpr std::array fields{person_field, type_field, date_field};

constexpr std::size_t shown_name_letters_max = 40;

std::string named(std::string_view field) { return "Feltet '" + std::string(field) + "'"; }

bool is_known(std::string_view name) {
  return std::find(fields.begin(), fields.end(), name) != fields.end();
}

/// The name of a field can be the number of a person, too.
std::string shown(std::string_view name) {
  const bool is_word = !name.empty() && name.size() <= shown_name_letters_max &&
                       std::all_of(name.begin(), name.end(), [](char c) {
                         return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
                       });
  return is_word ? named(name) : "Et felt";
}

/// What is wrong with the names; empty when nothing is.
std::string fault_of_names(const StrictObject& object) {
  if (const auto repeated = object.repeated())
    return shown(*repeated) + " forekommer flere ganger.";
  for (const StrictObject::Member& member : object.members()) {
    if (!is_known(member.name)) return shown(member.name) + " er ukjent.";
  }
  for (const std::string_view field : fields) {
    if (!object.has(field)) return named(field) + " mangler.";
  }
  return {};
}

/// Years have four digits here, as in the pattern of the field.
std::optional<ledger::Date> date_of(const std::optional<std::string_view>& text) {
  return text ? ledger::parse_date(*text) : std::nullopt;
}

}  // namespace

std::variant<CardQuestion, std::string> read_card_question(const std::string& text,
                                                           ledger::NumberSeries series,
                                                           ledger::Date today) {
  const auto object = StrictObject::parse(text);
  if (!object) return std::string("Den dekrypterte meldingen er ikke ett JSON-objekt i UTF-8.");
  std::string fault = fault_of_names(*object);
  if (!fault.empty()) return fault;
  const auto number = object->text(person_field);
  const auto person = number ? ledger::NationalId::parse(*number, series) : std::nullopt;
  if (!person) return named(person_field) + " er ikke et gyldig fødselsnummer eller D-nummer.";
  const auto code = object->text(type_field);
  const auto type = code ? ledger::parse_service_type(*code) : std::nullopt;
  if (!type) return named(type_field) + " er ikke en kjent tjenestetype.";
  const auto date = date_of(object->text(date_field));
  if (!date) return named(date_field) + " er ikke en dato på formen ÅÅÅÅ-MM-DD.";
  if (*date < earliest_service_date(today)) {
    return named(date_field) + " ligger mer enn to år tilbake i tid.";
  }
  return CardQuestion{*person, *type, *date};
}

}  // namespace api
