#include "ingest/writer/result_text.h"

#include <algorithm>

#include "ingest/items/json_out.h"
#include "ledger/values/hex.h"

namespace ingest {
namespace {

using ledger::Disposition;

/// Quotes included.
void append_hex_string(std::string& out, std::span<const std::uint8_t> bytes) {
  out += '"';
  ledger::append_hex(out, bytes);
  out += '"';
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

/// What an item comes to; an event has no more than a place.
void append_decision(std::string& out, const ledger::Verdict& verdict) {
  if (verdict.reason != ledger::Code::none) {
    out += ",\"code\":\"";
    out += name_of(verdict.reason);
    out += '"';
  }
  out += verdict.counted ? ",\"counted\":true" : ",\"counted\":false";
  out += verdict.exempt ? ",\"exempt\":true" : ",\"exempt\":false";
}

}  // namespace

void append_result(std::string& out, std::uint64_t index, const ParsedItem& parsed,
                   const ledger::Outcome& outcome) {
  out += "{\"index\":";
  append_number(out, index);
  if (parsed.has_guid) {
    out += parsed.event ? ",\"eventId\":\"" : ",\"guid\":\"";
    ledger::append_guid(out, parsed.event ? id_of(*parsed.event) : parsed.item.guid);
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
  if (!parsed.event) append_decision(out, outcome.verdict);
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

void append_path(std::string& out, const std::vector<ledger::MerkleStep>& path) {
  out += '[';
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (i != 0) out += ',';
    out += path[i].is_left ? "{\"left\":" : "{\"right\":";
    append_hex_string(out, path[i].hash);
    out += '}';
  }
  out += ']';
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
  append_hex_string(out, seal.root);
  out += ",\"path\":";
  append_path(out, path);
  out += ",\"keyId\":\"";
  out += seal.key_id;
  out += "\",\"signature\":";
  append_hex_string(out, seal.signature);
  out += '}';
}

}  // namespace ingest
