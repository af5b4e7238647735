#include "ingest/items/event_parser.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <span>

#include "ingest/items/json_out.h"
#include "ingest/items/json_text.h"
#include "ledger/values/practice_numbers.h"
#include "ledger/values/rfc3339.h"

namespace ingest {
namespace {

using ledger::Code;
using ledger::Date;
using ledger::EncryptedNumber;
using ledger::Period;
using ledger::PersonEvent;
using ledger::PersonEventType;
using ledger::PracticeEvent;
using simdjson::dom::element;

/// The fields of all events, in the order in which they are judged.
enum Field : unsigned {
  type,
  event_id,
  person_id,
  birth_date,
  new_person_id,
  other_person_id,
  date,
  periods,
  practice_id,
  name,
  practice_type,
  organisation_numbers,
  hpr_numbers,
  person_ids,
  agreements,
  received_time,
  field_count,
  unknown = field_count,
};

struct FieldRule {
  std::string_view name;
  Code invalid;
};

constexpr std::array<FieldRule, field_count> rules{{
    {"type", Code::invalid_type},
    {"eventId", Code::invalid_event_id},
    {"personId", Code::invalid_person_id},
    {"birthDate", Code::invalid_date},
    {"newPersonId", Code::invalid_person_id},
    {"otherPersonId", Code::invalid_person_id},
    {"date", Code::invalid_date},
    {"periods", Code::invalid_periods},
    {"practiceId", Code::invalid_practice_id},
    {"name", Code::invalid_name},
    {"practiceType", Code::invalid_practice_type},
    {"organisationNumbers", Code::invalid_numbers},
    {"hprNumbers", Code::invalid_numbers},
    {"personIds", Code::invalid_numbers},
    {"agreements", Code::invalid_periods},
    {"receivedTime", Code::invalid_received_time},
}};

/// What an event must have and may have, beside `receivedTime`; in the order in which it is missed.
struct Shape {
  std::span<const Field> required;
  std::span<const Field> optional;
};

constexpr Field number_alone[] = {type, event_id, person_id};
constexpr Field with_birth_date[] = {type, event_id, person_id, birth_date};
constexpr Field with_new_number[] = {type, event_id, person_id, new_person_id};
constexpr Field with_other_number[] = {type, event_id, person_id, other_person_id};
constexpr Field with_date[] = {type, event_id, person_id, date};
constexpr Field with_periods[] = {type, event_id, person_id, periods};
constexpr Field of_practice[] = {event_id, practice_id, name};
constexpr Field known_of_practice[] = {practice_type, organisation_numbers, hpr_numbers, person_ids,
                                       agreements};

Shape shape_of(PersonEventType event_type) {
  switch (event_type) {
    case PersonEventType::birth_date:
      return {with_birth_date, {}};
    case PersonEventType::number_changed:
      return {with_new_number, {}};
    case PersonEventType::merged:
      return {with_other_number, {}};
    case PersonEventType::died:
      return {with_date, {}};
    case PersonEventType::opted_out:
    case PersonEventType::opted_in:
      return {number_alone, {}};
    case PersonEventType::minimum_pension:
      break;
  }
  return {with_periods, {}};
}

bool has(std::span<const Field> fields, Field field) {
  return std::find(fields.begin(), fields.end(), field) != fields.end();
}

Field field_named(std::string_view text) {
  for (unsigned i = 0; i < field_count; ++i) {
    if (rules[i].name == text) return static_cast<Field>(i);
  }
  return unknown;
}

std::optional<PersonEventType> parse_type(const element& value) {
  std::string_view text;
  if (value.get_string().get(text)) return std::nullopt;
  for (std::size_t i = 1; i <= ledger::person_event_type_count; ++i) {
    const auto candidate = static_cast<PersonEventType>(i);
    if (name_of(candidate) == text) return candidate;
  }
  return std::nullopt;
}

bool read_date(const element& value, Date& day) {
  std::string_view text;
  if (value.get_string().get(text)) return false;
  const auto parsed = ledger::parse_date(text);
  if (!parsed || *parsed < ledger::registry_first_day || *parsed > ledger::registry_last_day) {
    return false;
  }
  day = *parsed;
  return true;
}

/// Exactly `from` and `to`, each once.
bool read_period(const element& value, Period& period) {
  simdjson::dom::object object;
  if (value.get_object().get(object)) return false;
  bool has_from = false;
  bool has_to = false;
  for (const auto field : object) {
    if (field.key == "from") {
      if (has_from || !read_date(field.value, period.from)) return false;
      has_from = true;
    } else if (field.key == "to") {
      if (has_to) return false;
      has_to = true;
      if (!field.value.is_null() && !read_date(field.value, period.to.emplace())) return false;
    } else {
      return false;
    }
  }
  return has_from && has_to;
}

bool read_periods(const element& value, std::vector<Period>& out) {
  simdjson::dom::array array;
  if (value.get_array().get(array) || array.size() > ledger::periods_max) return false;
  for (const element each : array) {
    if (!read_period(each, out.emplace_back())) return false;
  }
  return ledger::are_in_order(out);
}

/// Characters of valid UTF-8.
std::size_t characters_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80;
  }));
}

/// U+0000 to U+001F, U+007F, and U+0080 to U+009F, which UTF-8 begins with C2.
bool has_control_character(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7F) return true;
    if (byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0) {
      return true;
    }
  }
  return false;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter_or_digit(char c) {
  return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/// A list of texts, each of which `take` takes.
template <class Take>
bool read_list(const element& value, const Take& take) {
  simdjson::dom::array array;
  if (value.get_array().get(array) || array.size() > ledger::practice_numbers_max) return false;
  for (const element each : array) {
    std::string_view text;
    if (each.get_string().get(text) || !take(text)) return false;
  }
  return true;
}

/// One event, while it is read.
class Reading {
 public:
  Reading(const ledger::NumberVault& numbers, ledger::NumberSeries series, EventFeed feed,
          ledger::Instant now)
      : numbers_(numbers), series_(series), feed_(feed), received_(now), now_(now) {
    ordinals_.fill(none);
  }

  void take(simdjson::dom::object object) {
    unsigned ordinal = 0;
    for (const auto field : object) note(field.key, field.value, ordinal++);
  }

  Code judge(const Caller& caller, std::string& field);

  bool has_event_id() const { return is_here(event_id) && !is_invalid(event_id); }
  std::shared_ptr<const ParsedEvent> event(const Caller& caller) {
    const ledger::Instant received = caller.is_operator ? received_ : now_;
    if (feed_ == EventFeed::practices) {
      practice_.event_id = id_;
      practice_.received = received;
      return std::make_shared<const ParsedEvent>(std::move(practice_));
    }
    person_.event_id = id_;
    person_.received = received;
    return std::make_shared<const ParsedEvent>(std::move(person_));
  }

 private:
  static constexpr unsigned none = ~0U;

  bool is_here(Field field) const { return ordinals_[field] != none; }
  bool is_invalid(Field field) const { return (invalid_ >> field & 1U) != 0; }

  void note(std::string_view key, const element& value, unsigned ordinal) {
    const Field field = field_named(key);
    if (field == unknown) {
      if (unknown_ordinal_ == none) {
        unknown_ordinal_ = ordinal;
        unknown_name_ = shown_name(key);
      }
      return;
    }
    if (is_here(field)) {
      if (repeated_ == unknown) repeated_ = field;
      return;
    }
    ordinals_[field] = ordinal;
    if (!read(field, value)) invalid_ |= 1U << field;
  }

  Code judge_presence(const Caller& caller, std::string& field) const;
  bool is_after_receipt(const Date& day, const Caller& caller) const {
    return day > ledger::oslo_date(caller.is_operator ? received_ : now_);
  }

  bool read(Field field, const element& value);
  bool read_number(const element& value, EncryptedNumber& number) {
    std::string_view text;
    return !value.get_string().get(text) && encrypt(text, number);
  }
  bool encrypt(std::string_view text, EncryptedNumber& number) {
    const auto parsed = ledger::NationalId::parse(text, series_);
    if (parsed) number = numbers_.encrypt(*parsed);
    return parsed.has_value();
  }
  bool read_text(Field field, const element& value);

  const ledger::NumberVault& numbers_;
  const ledger::NumberSeries series_;
  const EventFeed feed_;
  ledger::Instant received_;
  const ledger::Instant now_;
  ledger::Guid id_;
  PersonEvent person_;
  PracticeEvent practice_;
  std::array<unsigned, field_count> ordinals_{};
  unsigned unknown_ordinal_ = none;
  unsigned invalid_ = 0;
  Field repeated_ = unknown;
  std::string unknown_name_;
};

bool Reading::read(Field field, const element& value) {
  switch (field) {
    case type: {
      const auto parsed = parse_type(value);
      if (parsed) person_.type = *parsed;
      return parsed.has_value();
    }
    case person_id:
      return read_number(value, person_.person);
    case new_person_id:
    case other_person_id:
      return read_number(value, person_.other);
    case birth_date:
      return read_date(value, person_.date.emplace());
    case date:
      return value.is_null() || read_date(value, person_.date.emplace());
    case periods:
      return read_periods(value, person_.periods);
    case agreements:
      return read_periods(value, practice_.agreements);
    case organisation_numbers:
      return read_list(value, [this](std::string_view text) {
        practice_.organisation_numbers.emplace_back(text);
        return ledger::is_organisation_number(text);
      });
    case hpr_numbers:
      return read_list(value, [this](std::string_view text) {
        practice_.hpr_numbers.emplace_back(text);
        return ledger::is_hpr_number(text);
      });
    case person_ids:
      return read_list(value, [this](std::string_view text) {
        return encrypt(text, practice_.practitioners.emplace_back());
      });
    default:
      return read_text(field, value);
  }
}

bool Reading::read_text(Field field, const element& value) {
  std::string_view text;
  if (value.get_string().get(text)) return false;
  switch (field) {
    case event_id: {
      const auto parsed = ledger::parse_guid(text);
      if (parsed) id_ = *parsed;
      return parsed.has_value();
    }
    case practice_id:
      return ledger::PracticeId::parse(text, practice_.practice);
    case name: {
      practice_.name = text;
      const std::size_t characters = characters_of(text);
      return characters >= 1 && characters <= ledger::practice_name_characters_max &&
             !has_control_character(text);
    }
    case practice_type:
      practice_.type = text;
      return !text.empty() && text.size() <= ledger::practice_type_letters_max &&
             std::all_of(text.begin(), text.end(), is_letter_or_digit);
    case received_time: {
      const auto parsed = ledger::parse_rfc3339(text);
      const bool is_taken = parsed && is_in_bounds(*parsed);
      if (is_taken) received_ = *parsed;
      return is_taken;
    }
    default:
      return false;
  }
}

Code Reading::judge_presence(const Caller& caller, std::string& field) const {
  const Shape shape = feed_ == EventFeed::practices ? Shape{of_practice, known_of_practice}
                                                    : shape_of(person_.type);
  unsigned first_unknown = unknown_ordinal_;
  field = unknown_name_;
  for (unsigned i = 0; i < field_count; ++i) {
    const auto candidate = static_cast<Field>(i);
    const bool is_allowed = candidate == received_time
                                ? caller.is_operator
                                : has(shape.required, candidate) || has(shape.optional, candidate);
    if (!is_here(candidate) || is_allowed || ordinals_[i] >= first_unknown) continue;
    first_unknown = ordinals_[i];
    field = rules[i].name;
  }
  if (first_unknown != none) return Code::unknown_field;
  for (const Field needed : shape.required) {
    if (is_here(needed)) continue;
    field = rules[needed].name;
    return Code::missing_field;
  }
  if (repeated_ == unknown) return Code::none;
  field = rules[repeated_].name;
  return Code::duplicate_field;
}

/// The first check that the event does not pass. `field` is the one at fault.
Code Reading::judge(const Caller& caller, std::string& field) {
  const bool is_of_person = feed_ == EventFeed::persons;
  if (is_of_person && (!is_here(type) || is_invalid(type))) {
    field = rules[type].name;
    return Code::invalid_type;
  }
  if (const Code code = judge_presence(caller, field); code != Code::none) return code;
  for (unsigned i = event_id; i < field_count; ++i) {
    const auto candidate = static_cast<Field>(i);
    const bool is_day = candidate == birth_date || candidate == date;
    const bool is_too_late = is_day && is_here(candidate) && !is_invalid(candidate) &&
                             person_.date && is_after_receipt(*person_.date, caller);
    if (!is_invalid(candidate) && !is_too_late) continue;
    field = rules[i].name;
    return rules[i].invalid;
  }
  field.clear();
  if (is_of_person && person_.has_other() && person_.person == person_.other) {
    return Code::same_person;
  }
  return Code::none;
}

/// As strict as the reader of items: the same depth, and any number is one.
class EventReader {
 public:
  /// False when the text is not one JSON object, which stays until the next is read.
  bool read(std::string_view text, simdjson::dom::object& object) {
    if (text.size() > ItemParser::text_bytes_max || text.starts_with(byte_order_mark)) return false;
    return is_read(text, object) || is_read(with_plain_numbers(text), object);
  }

 private:
  static constexpr std::size_t depth_max = 32;

  bool is_read(std::string_view text, simdjson::dom::object& object) {
    element document;
    return !parser_.allocate(ItemParser::text_bytes_max, depth_max) &&
           !parser_.parse(text.data(), text.size()).get(document) &&
           !document.get_object().get(object);
  }

  simdjson::dom::parser parser_{ItemParser::text_bytes_max};
};

}  // namespace

struct EventParser::Impl {
  EventReader reader;
};

EventParser::EventParser(const ledger::NumberVault& numbers, ledger::NumberSeries series)
    : impl_(std::make_unique<Impl>()), numbers_(numbers), series_(series) {}

EventParser::~EventParser() = default;

ParsedItem EventParser::parse(EventFeed feed, std::string_view text, const Caller& caller,
                              ledger::Instant received) {
  ParsedItem parsed;
  parsed.item.received = received;
  Reading reading(numbers_, series_, feed, received);
  simdjson::dom::object object;
  if (impl_->reader.read(text, object)) {
    reading.take(object);
    parsed.refusal = reading.judge(caller, parsed.field);
    parsed.has_guid = reading.has_event_id();
  } else {
    parsed.refusal = Code::malformed_item;
  }
  parsed.event = reading.event(caller);
  return parsed;
}

struct FeedFinder::Impl {
  static constexpr std::string_view word = "\"eventId\"";
  EventReader reader;
  /// Skips the length of the word, where a search for its first byte stops at each quotation mark.
  std::boyer_moore_horspool_searcher<const char*> searcher{word.data(), word.data() + word.size()};
};

FeedFinder::FeedFinder() : impl_(std::make_unique<Impl>()) {}

FeedFinder::~FeedFinder() = default;

std::optional<EventFeed> FeedFinder::feed_of(std::string_view text) {
  // Nearly every line is an item.
  const char* const end = text.data() + text.size();
  if (impl_->searcher(text.data(), end).first == end) return std::nullopt;
  simdjson::dom::object object;
  element found;
  const bool is_event = impl_->reader.read(text, object) && !object.at_key("eventId").get(found);
  if (!is_event) return std::nullopt;
  const bool is_of_practice = !object.at_key("practiceId").get(found);
  return is_of_practice ? EventFeed::practices : EventFeed::persons;
}

}  // namespace ingest
