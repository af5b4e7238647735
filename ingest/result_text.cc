#include "ingest/result_text.h"

#include <algorithm>
#include <charconv>

namespace ingest {
namespace {

using ledger::Disposition;

constexpr char hex_digits[] = "0123456789abcdef";

void append_number(std::string& out, std::uint64_t value) {
  char digits[20];
  const auto written = std::to_chars(digits, digits + sizeof digits, value);
  out.append(digits, static_cast<std::size_t>(written.ptr - digits));
}

template <class Bytes>
void append_hex(std::string& out, const Bytes& bytes) {
  char text[2 * sizeof(Bytes) + 2];
  char* end = text;
  *end++ = '"';
  for (const std::uint8_t byte : bytes) {
    *end++ = hex_digits[byte >> 4];
    *end++ = hex_digits[byte & 15];
  }
  *end = '"';
  out.append(text, sizeof text);
}

std::string_view word_of(Disposition disposition) {
  switch (disposition) {
    case Disposition::accepted:
      return "accepted";
    case Disposition::duplicate:
      return "duplicate";
    case Disposition::rejected:
      break;
  }
  return "rejected";
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00";
      out += hex_digits[static_cast<unsigned char>(c) >> 4];
      out += hex_digits[static_cast<unsigned char>(c) & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

std::string shown_name(std::string_view name) {
  constexpr std::size_t bytes_max = 64;
  std::string shown(name.substr(0, bytes_max));
  // Never cut within a UTF-8 sequence.
  if (name.size() > bytes_max) {
    while (!shown.empty() && (static_cast<unsigned char>(shown.back()) & 0xC0U) == 0x80) {
      shown.pop_back();
    }
    if (!shown.empty() && static_cast<unsigned char>(shown.back()) >= 0xC0) shown.pop_back();
  }
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto digits = std::count_if(shown.begin(), shown.end(), is_digit);
  if (digits >= 6) std::replace_if(shown.begin(), shown.end(), is_digit, '*');
  return shown;
}

void append_position(std::string& out, ledger::Position position) {
  out += "\"0-";
  append_number(out, position.value());
  out += '"';
}

bool parse_position(std::string_view text, ledger::Position& out) {
  if (text.size() < 3 || text.substr(0, 2) != "0-") return false;
  if (text[2] == '0' && text.size() > 3) return false;  // a position has one spelling
  std::uint64_t offset = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data() + 2, end, offset);
  out = ledger::Position{offset};
  return read.ec == std::errc() && read.ptr == end;
}

void append_result(std::string& out, std::uint64_t index, const ParsedItem& parsed,
                   const ledger::Outcome& outcome) {
  out += "{\"index\":";
  append_number(out, index);
  if (parsed.has_guid) {
    out += ",\"guid\":\"";
    ledger::append_guid(out, parsed.item.guid);
    out += '"';
  }
  out += ",\"verdict\":\"";
  out += word_of(outcome.disposition);
  out += '"';
  if (outcome.disposition == Disposition::rejected) {
    out += ",\"code\":\"";
    out += name_of(outcome.rejection);
    out += '"';
    const bool is_named_by_parser = !parsed.field.empty() && outcome.rejection == parsed.refusal;
    const std::string_view field =
        is_named_by_parser ? std::string_view(parsed.field) : field_of(outcome.rejection);
    if (!field.empty() || outcome.rejection == ledger::Code::unknown_field) {
      out += ",\"field\":";
      append_json_string(out, field);
    }
    out += "}\n";
    return;
  }
  if (outcome.verdict.reason != ledger::Code::none) {
    out += ",\"code\":\"";
    out += name_of(outcome.verdict.reason);
    out += '"';
  }
  out += outcome.verdict.counted ? ",\"counted\":true" : ",\"counted\":false";
  out += outcome.verdict.exempt ? ",\"exempt\":true" : ",\"exempt\":false";
  if (outcome.verdict.is_given()) {
    out += ",\"position\":";
    append_position(out, outcome.verdict.position);
  }
  out += "}\n";
}

bool has_receipt(const Submission& submission) {
  return submission.seal != nullptr &&
         std::any_of(submission.outcomes.begin(), submission.outcomes.end(),
                     [](const ledger::Outcome& outcome) {
                       return outcome.disposition == Disposition::accepted;
                     });
}

void append_receipt(std::string& out, const Submission& submission) {
  const ledger::Seal& seal = *submission.seal;
  const std::vector<ledger::MerkleStep>& path = seal.paths[submission.place];
  out.reserve(out.size() + 384 + path.size() * 80);
  out += "{\"position\":";
  append_position(out, submission.group);
  out += ",\"first\":";
  append_number(out, submission.first_index);
  out += ",\"last\":";
  append_number(out, submission.first_index + submission.items.size() - 1);
  out += ",\"root\":";
  append_hex(out, seal.root);
  out += ",\"path\":[";
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (i != 0) out += ',';
    out += path[i].is_left ? "{\"left\":" : "{\"right\":";
    append_hex(out, path[i].hash);
    out += '}';
  }
  out += "],\"keyId\":\"";
  out += seal.key_id;
  out += "\",\"signature\":";
  append_hex(out, seal.signature);
  out += '}';
}

}  // namespace ingest
