#include "tests/ingest/items/strict_item.h"

#include <algorithm>
#include <array>
#include <boost/json/basic_parser_impl.hpp>
#include <set>
#include <vector>

#include "ledger/records/fingerprint.h"
#include "ledger/values/rfc3339.h"
#include "ledger/values/service_type.h"
#include "tests/ingest/items/item_text.h"

namespace ingest::test {
namespace {

using ledger::Code;
using ledger::ItemType;

/// The fields of the outermost object, as Boost.JSON reports them.
struct Members {
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  using Error = boost::json::error_code;
  using Text = boost::json::string_view;

  struct Member {
    std::string name;
    char kind = 0;  ///< s(tring), n(umber), b(ool), or ? for anything else
    std::string text;
  };
  std::vector<Member> found;
  bool is_object = false;

  bool on_document_begin(Error&) { return true; }
  bool on_document_end(Error&) { return true; }
  bool on_object_begin(Error&) {
    if (depth_ == 0) is_object = true;
    return enter();
  }
  bool on_object_end(std::size_t, Error&) { return leave(); }
  bool on_array_begin(Error&) { return enter(); }
  bool on_array_end(std::size_t, Error&) { return leave(); }
  bool on_key_part(Text text, std::size_t, Error&) { return append(text); }
  bool on_key(Text text, std::size_t, Error&) {
    append(text);
    if (depth_ == 1) found.push_back({part_, 0, {}});
    part_.clear();
    return true;
  }
  bool on_string_part(Text text, std::size_t, Error&) { return append(text); }
  bool on_string(Text text, std::size_t, Error&) {
    append(text);
    return keep('s');
  }
  bool on_number_part(Text text, Error&) { return append(text); }
  bool on_int64(std::int64_t, Text text, Error&) { return number(text); }
  bool on_uint64(std::uint64_t, Text text, Error&) { return number(text); }
  bool on_double(double, Text text, Error&) { return number(text); }
  bool on_bool(bool value, Error&) {
    part_ = value ? "true" : "false";
    return keep('b');
  }
  bool on_null(Error&) { return keep('?'); }
  bool on_comment_part(Text, Error&) { return true; }
  bool on_comment(Text, Error&) { return true; }

 private:
  bool enter() {
    keep('?');
    ++depth_;
    return true;
  }
  bool leave() {
    --depth_;
    return true;
  }
  bool append(Text text) {
    part_.append(text.data(), text.size());
    return true;
  }
  bool number(Text text) {
    append(text);
    return keep('n');
  }
  bool keep(char kind) {
    if (depth_ == 1 && is_object) {
      found.back().kind = kind;
      found.back().text = part_;
    }
    part_.clear();
    return true;
  }

  int depth_ = 0;
  std::string part_;
};

bool is_digits(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// Without the braces that may stand around a guid.
std::string bare(const std::string& guid) {
  const bool is_in_braces = guid.size() == 38 && guid.front() == '{' && guid.back() == '}';
  return is_in_braces ? guid.substr(1, 36) : guid;
}

bool is_guid(const std::string& given) {
  const std::string text = bare(given);
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (is_dash ? text[i] != '-' : std::isxdigit(static_cast<unsigned char>(text[i])) == 0) {
      return false;
    }
  }
  return true;
}

bool is_valid(const Members::Member& member) {
  const std::string& text = member.text;
  if (member.name == "paid") return member.kind == 'b';
  if (member.name == "amountOre") {
    return member.kind == 'n' && is_digits(text) && text.size() <= 8 &&
           std::stol(text) <= 10'000'000;
  }
  if (member.kind != 's') return false;
  if (member.name == "guid") return is_guid(text);
  if (member.name == "practiceId") return !text.empty() && text.size() <= 20 && is_digits(text);
  if (member.name == "personId") {
    return ledger::NationalId::parse(text, ledger::NumberSeries::production_and_tests).has_value();
  }
  if (member.name == "serviceType") return ledger::parse_service_type(text).has_value();
  if (member.name == "exemption") return text.size() == 1 && text >= "A" && text <= "Z";
  const auto time = ledger::parse_rfc3339(text);
  if (member.name == "serviceTime") return time.has_value();
  if (!time) return false;
  const int year = ledger::year_of(ledger::oslo_date(*time));
  return year >= 2010 && year <= 2199;
}

/// Every field with the refusal of a bad one, in the order of the refusals.
constexpr std::array<std::pair<const char*, Code>, 9> fields{{
    {"guid", Code::invalid_guid},
    {"practiceId", Code::invalid_practice_id},
    {"personId", Code::invalid_person_id},
    {"serviceType", Code::invalid_service_type},
    {"serviceTime", Code::invalid_service_time},
    {"amountOre", Code::invalid_amount},
    {"paid", Code::invalid_paid},
    {"exemption", Code::invalid_exemption},
    {"receivedTime", Code::invalid_received_time},
}};

const Members::Member* first_named(const std::vector<Members::Member>& members,
                                   std::string_view name) {
  const auto found = std::find_if(members.begin(), members.end(),
                                  [&](const Members::Member& one) { return one.name == name; });
  return found == members.end() ? nullptr : &*found;
}

/// The members are valid, each there once.
ledger::Item item_of(const std::vector<Members::Member>& members, ItemType type,
                     ledger::Instant received) {
  ledger::Item item;
  item.type = type;
  item.received = received;
  const auto text_of = [&](std::string_view name) { return first_named(members, name)->text; };
  std::string digits = bare(text_of("guid"));
  std::erase(digits, '-');
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    item.guid.bytes[i / 2] =
        static_cast<std::uint8_t>(std::stoul(digits.substr(i, 2), nullptr, 16));
  }
  ledger::PracticeId::parse(text_of("practiceId"), item.practice);
  if (first_named(members, "receivedTime") != nullptr) {
    item.received = *ledger::parse_rfc3339(text_of("receivedTime"));
  }
  if (type == ItemType::copayment) {
    item.person = PlainVault().encrypt(*ledger::NationalId::parse(
        text_of("personId"), ledger::NumberSeries::production_and_tests));
    item.service_type = *ledger::parse_service_type(text_of("serviceType"));
    item.service_time = *ledger::parse_rfc3339(text_of("serviceTime"));
    item.amount = ledger::Money::from_ore(std::stol(text_of("amountOre")));
    item.is_paid = text_of("paid") == "true";
    if (first_named(members, "exemption") != nullptr) item.exemption = text_of("exemption")[0];
  }
  ledger::identify(item);
  return item;
}

/// The refusal of an item with these members, and the field it names.
Code refusal_of(const std::vector<Members::Member>& members, ItemType type, const Caller& caller,
                std::string& field) {
  std::vector<std::string> required{"guid", "practiceId"};
  std::set<std::string> allowed{"type", "guid", "practiceId"};
  if (caller.is_operator) allowed.insert("receivedTime");
  if (type == ItemType::copayment) {
    for (const char* const name : {"personId", "serviceType", "serviceTime", "amountOre", "paid"}) {
      required.emplace_back(name);
      allowed.insert(name);
    }
    allowed.insert("exemption");
  }
  for (const auto& member : members) {
    if (allowed.count(member.name) == 0) return Code::unknown_field;
  }
  for (const std::string& name : required) {
    field = name;
    if (first_named(members, name) == nullptr) return Code::missing_field;
  }
  std::set<std::string> seen;
  for (const auto& member : members) {
    field = member.name;
    if (!seen.insert(member.name).second) return Code::duplicate_field;
  }
  field.clear();
  for (const auto& [name, refusal] : fields) {
    const Members::Member* const member = first_named(members, name);
    if (member != nullptr && !is_valid(*member)) return refusal;
  }
  const bool is_exempt = seen.count("exemption") != 0;
  if (is_exempt && first_named(members, "amountOre")->text != "0") return Code::exempt_with_amount;
  return Code::none;
}

/// `1e`, or `1E+`.
bool ends_with_exponent(std::string_view text) {
  if (text.ends_with('+') || text.ends_with('-')) text.remove_suffix(1);
  if (!text.ends_with('e') && !text.ends_with('E')) return false;
  text.remove_suffix(1);
  return !text.empty() && text.back() >= '0' && text.back() <= '9';
}

/// Boost.JSON refuses exponents that it cannot hold: of each at most four digits are left.
std::string with_short_exponents(std::string_view text) {
  std::string shorter;
  bool is_in_string = false;
  bool is_escaped = false;
  std::size_t digits = 0;  // of an exponent
  for (const char c : text) {
    if (c == '"' && !is_escaped) is_in_string = !is_in_string;
    is_escaped = is_in_string && c == '\\' && !is_escaped;
    const bool is_in_exponent =
        !is_in_string && c >= '0' && c <= '9' && (digits != 0 || ends_with_exponent(shorter));
    digits = is_in_exponent ? digits + 1 : 0;
    if (digits <= 4) shorter += c;
  }
  return shorter;
}

}  // namespace

StrictItem judge(std::string_view text, const Caller& caller, ledger::Instant received) {
  StrictItem judged;
  boost::json::basic_parser<Members> parser{boost::json::parse_options()};
  boost::json::error_code error;
  const std::string readable = with_short_exponents(text);
  const std::size_t used = parser.write_some(false, readable.data(), readable.size(), error);
  const bool is_whole = !error && readable.find_first_not_of(" \t\r\n", used) == std::string::npos;
  if (!is_whole || !parser.handler().is_object || text.size() > ItemParser::text_bytes_max) {
    judged.refusal = Code::malformed_item;
    return judged;
  }
  const std::vector<Members::Member>& members = parser.handler().found;
  const Members::Member* const guid = first_named(members, "guid");
  judged.has_guid = guid != nullptr && is_valid(*guid);
  ItemType type = ItemType::copayment;
  if (const Members::Member* const named = first_named(members, "type")) {
    if (named->text == "payment") type = ItemType::payment;
    if (named->text == "creditNote") type = ItemType::credit_note;
    if (named->kind != 's' || (type == ItemType::copayment && named->text != "copayment")) {
      judged.refusal = Code::invalid_type;
      return judged;
    }
  }
  judged.refusal = refusal_of(members, type, caller, judged.field);
  if (judged.refusal == Code::none) judged.item = item_of(members, type, received);
  return judged;
}

}  // namespace ingest::test
