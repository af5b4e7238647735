#include "ingest/items/item_parser.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <optional>

#include "ingest/items/json_out.h"
#include "ingest/items/json_text.h"
#include "ledger/records/fingerprint.h"
#include "ledger/values/rfc3339.h"

namespace ingest {
namespace {

using ledger::Code;
using ledger::ItemType;
using simdjson::ondemand::json_type;
using simdjson::ondemand::value;

/// The fields of an item, in the order in which they are judged.
enum Field : unsigned {
  type,
  guid,
  practice_id,
  person_id,
  service_type,
  service_time,
  amount_ore,
  paid,
  exemption,
  received_time,
  field_count,
  unknown = field_count,
};

struct FieldRule {
  std::string_view name;
  Code invalid;
  bool is_in_payment;  ///< and in a credit note; a co-payment has them all
  bool is_required;
};

constexpr std::array<FieldRule, field_count> rules{{
    {"type", Code::invalid_type, true, false},
    {"guid", Code::invalid_guid, true, true},
    {"practiceId", Code::invalid_practice_id, true, true},
    {"personId", Code::invalid_person_id, false, true},
    {"serviceType", Code::invalid_service_type, false, true},
    {"serviceTime", Code::invalid_service_time, false, true},
    {"amountOre", Code::invalid_amount, false, true},
    {"paid", Code::invalid_paid, false, true},
    {"exemption", Code::invalid_exemption, false, false},
    {"receivedTime", Code::invalid_received_time, true, false},
}};

Field field_named(std::string_view name) {
  for (unsigned i = 0; i < field_count; ++i) {
    if (rules[i].name == name) return static_cast<Field>(i);
  }
  return unknown;
}

bool is_allowed(Field field, ItemType item_type, const Caller& caller) {
  if (field == unknown) return false;
  if (field == received_time && !caller.is_operator) return false;
  return item_type == ItemType::copayment || rules[field].is_in_payment;
}

/// A JSON integer without sign, fraction or exponent.
bool parse_amount(std::string_view token, ledger::Money& amount) {
  while (!token.empty() && (token.back() == ' ' || token.back() == '\t' || token.back() == '\n' ||
                            token.back() == '\r')) {
    token.remove_suffix(1);
  }
  if (token.empty() || token.size() > 9 || (token.size() > 1 && token.front() == '0')) return false;
  std::int64_t ore = 0;
  for (const char c : token) {
    if (c < '0' || c > '9') return false;
    ore = ore * 10 + (c - '0');
  }
  amount = ledger::Money::from_ore(ore);
  return amount <= ledger::amount_max;
}

std::optional<ItemType> parse_type(std::string_view text) {
  if (text == "copayment") return ItemType::copayment;
  if (text == "payment") return ItemType::payment;
  if (text == "creditNote") return ItemType::credit_note;
  return std::nullopt;
}

bool is_object(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '{';
}

}  // namespace

/// What one walk over the fields of an item finds.
class ItemParser::Fields {
 public:
  Fields(const ledger::NumberVault& numbers, ledger::NumberSeries series)
      : numbers_(numbers), series_(series) {}

  void take(std::string_view name, value field_value, ledger::Item& item) {
    const Field field = field_named(name);
    const unsigned ordinal = next_ordinal_++;
    if (field == unknown) {
      if (unknown_ordinal_ == none) {
        unknown_ordinal_ = ordinal;
        unknown_name_ = shown_name(name);
      }
      return;
    }
    if (ordinals_[field] != none) {
      if (repeated_ == unknown) repeated_ = field;
      return;
    }
    ordinals_[field] = ordinal;
    if (!read(field, field_value, item)) invalid_ |= 1U << field;
  }

  /// The first check that the item does not pass, in the order of ledger::Code.
  Code judge(const Caller& caller, const ledger::Item& item, std::string& field) const {
    if (is_invalid(type)) return Code::invalid_type;
    if (const Code code = judge_presence(caller, item.type, field); code != Code::none) {
      return code;
    }
    for (unsigned i = guid; i < field_count; ++i) {
      if (is_invalid(static_cast<Field>(i))) return rules[i].invalid;
    }
    if (item.exemption != 0 && !item.amount.is_zero()) return Code::exempt_with_amount;
    if (!caller.may_act_for(item.practice.view())) return Code::practice_not_allowed;
    return Code::none;
  }

  bool has(Field field) const { return ordinals_[field] != none && !is_invalid(field); }

 private:
  static constexpr unsigned none = ~0U;

  bool is_invalid(Field field) const { return (invalid_ >> field & 1U) != 0; }

  Code judge_presence(const Caller& caller, ItemType item_type, std::string& field) const {
    unsigned first_unknown = unknown_ordinal_;
    field = unknown_name_;
    for (unsigned i = 0; i < field_count; ++i) {
      const bool is_here = ordinals_[i] != none;
      if (!is_here || is_allowed(static_cast<Field>(i), item_type, caller)) continue;
      if (ordinals_[i] < first_unknown) {
        first_unknown = ordinals_[i];
        field = rules[i].name;
      }
    }
    if (first_unknown != none) return Code::unknown_field;
    for (unsigned i = 0; i < field_count; ++i) {
      const bool is_needed =
          rules[i].is_required && is_allowed(static_cast<Field>(i), item_type, caller);
      if (is_needed && ordinals_[i] == none) {
        field = rules[i].name;
        return Code::missing_field;
      }
    }
    if (repeated_ != unknown) {
      field = rules[repeated_].name;
      return Code::duplicate_field;
    }
    return Code::none;
  }

  bool read(Field field, value field_value, ledger::Item& item) {
    if (field == paid) return !field_value.get_bool().get(item.is_paid);
    json_type kind{};
    if (field_value.type().get(kind)) return false;
    if (field == amount_ore) {
      return kind == json_type::number && parse_amount(field_value.raw_json_token(), item.amount);
    }
    std::string_view text;
    if (kind != json_type::string || field_value.get_string().get(text)) return false;
    return read_text(field, text, item);
  }

  bool read_text(Field field, std::string_view text, ledger::Item& item) {
    switch (field) {
      case type: {
        const auto parsed = parse_type(text);
        if (parsed) item.type = *parsed;
        return parsed.has_value();
      }
      case guid: {
        const auto parsed = ledger::parse_guid(text);
        if (parsed) item.guid = *parsed;
        return parsed.has_value();
      }
      case practice_id:
        return ledger::PracticeId::parse(text, item.practice);
      case person_id: {
        const auto number = ledger::NationalId::parse(text, series_);
        if (number) item.person = numbers_.encrypt(*number);
        return number.has_value();
      }
      case service_type: {
        const auto parsed = ledger::parse_service_type(text);
        if (parsed) item.service_type = *parsed;
        return parsed.has_value();
      }
      case service_time:
        return read_time(text, item.service_time);
      case received_time: {
        const auto parsed = ledger::parse_rfc3339(text);
        const bool is_taken = parsed && is_in_bounds(*parsed);
        if (is_taken) item.received = *parsed;
        return is_taken;
      }
      case exemption:
        if (text.size() != 1 || text[0] < 'A' || text[0] > 'Z') return false;
        item.exemption = text[0];
        return true;
      default:
        return false;
    }
  }

  static bool read_time(std::string_view text, ledger::Instant& out) {
    const auto parsed = ledger::parse_rfc3339(text);
    if (parsed) out = *parsed;
    return parsed.has_value();
  }

  const ledger::NumberVault& numbers_;
  const ledger::NumberSeries series_;
  unsigned next_ordinal_ = 0;
  unsigned unknown_ordinal_ = none;
  unsigned invalid_ = 0;
  Field repeated_ = unknown;
  std::array<unsigned, field_count> ordinals_{none, none, none, none, none,
                                              none, none, none, none, none};
  std::string unknown_name_;
};

struct ItemParser::Impl {
  simdjson::ondemand::parser parser{text_bytes_max};

  /// Hands each field to `fields`; false when the text is not one JSON object.
  bool walk(std::string_view text, Fields& fields, ledger::Item& item) {
    // Versions of simdjson differ about it; a line is no place for it.
    if (text.starts_with(byte_order_mark)) return false;
    simdjson::ondemand::document document;
    simdjson::ondemand::object object;
    const simdjson::padded_string_view padded(text.data(), text.size(),
                                              text.size() + padding_bytes);
    if (parser.iterate(padded).get(document)) return false;
    if (document.get_object().get(object)) return false;
    for (auto field : object) {
      std::string_view name;
      if (field.error() || field.unescaped_key().get(name)) return false;
      fields.take(name, field.value(), item);
    }
    const char* rest = nullptr;
    const bool is_at_end = document.current_location().get(rest) != simdjson::SUCCESS;
    return is_at_end;
  }
};

ItemParser::ItemParser(const ledger::NumberVault& numbers, ledger::NumberSeries series)
    : impl_(std::make_unique<Impl>()), numbers_(numbers), series_(series) {
  static_assert(padding_bytes >= simdjson::SIMDJSON_PADDING);
}

ItemParser::~ItemParser() = default;

ParsedItem ItemParser::parse(std::string_view text, const Caller& caller,
                             ledger::Instant received) {
  ParsedItem parsed;
  parsed.item.received = received;
  Fields fields(numbers_, series_);
  const bool is_walked = text.size() <= text_bytes_max && impl_->walk(text, fields, parsed.item);
  if (is_walked) parsed.refusal = fields.judge(caller, parsed.item, parsed.field);
  // What a caller may not say must not decide under which month the refusal is counted either.
  if (!caller.is_operator) parsed.item.received = received;
  if (!is_walked || parsed.refusal != Code::none) {
    // The walk is lazy: what it did not look at may be damaged, and then nothing of it is judged.
    const bool is_item = is_walked && is_object(text) && is_valid_json(text);
    if (!is_item) {
      parsed = ParsedItem();
      parsed.item.received = received;
      parsed.refusal = Code::malformed_item;
      return parsed;
    }
  }
  parsed.has_guid = fields.has(guid);
  // What one practice sends must not be counted as another's.
  const bool is_of_practice =
      fields.has(practice_id) && caller.may_act_for(parsed.item.practice.view());
  if (!is_of_practice) parsed.item.practice = ledger::PracticeId();
  if (parsed.refusal == Code::none) ledger::identify(parsed.item);
  return parsed;
}

}  // namespace ingest
