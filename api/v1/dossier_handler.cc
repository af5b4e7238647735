// POST /v1/persons/dossier: the proof of a decision, for whoever does not believe it.

#include <algorithm>
#include <iterator>
#include <map>

#include "api/runtime/ledger_routes.h"
#include "api/v1/account_text.h"
#include "api/v1/dossier_head.h"
#include "api/v1/own_person.h"
#include "api/v1/person_year.h"
#include "api/v1/routes.h"
#include "ingest/items/json_out.h"
#include "ingest/writer/result_text.h"
#include "ledger/reference/reference.h"
#include "ledger/values/hex.h"
#include "ledger/values/position_text.h"
#include "storage/bytes/merkle.h"
#include "storage/crypto/base64url.h"
#include "storage/journal/entry_proofs.h"
#include "storage/json/json.h"

namespace api {
namespace {

using ledger::Position;
using ledger::Result;
using storage::EntryProof;
using storage::Json;

/// Each entry of a dossier costs a walk through the record that it is in.
constexpr std::size_t dossier_entries_max = 10'000;

Result<std::vector<EntryProof>> proofs_of(OpenLedger& open,
                                          const std::vector<ledger::Entry>& entries) {
  std::vector<Position> positions;
  positions.reserve(entries.size());
  for (const ledger::Entry& entry : entries) positions.push_back(position_of(entry));
  return storage::prove_entries(open.files().journal(), positions,
                                [&open](ledger::PracticeNumber practice) {
                                  return open.files().state().practice_identifier(practice);
                                });
}

bool is_item_of_somebody(const ledger::Entry& entry) {
  const ledger::ItemEntry* const item = item_of(entry);
  return item != nullptr && item->person.value() != 0;
}
bool is_event(const ledger::Entry& entry) { return item_of(entry) == nullptr; }

/// The newest entry of a kind. What came while the person was opted out follows nothing; an opt-in
/// names it.
std::optional<NewestEntry> newest(const std::vector<ledger::Entry>& entries,
                                  const std::vector<EntryProof>& proofs,
                                  bool (*is_of_kind)(const ledger::Entry&)) {
  for (std::size_t i = entries.size(); i-- > 0;) {
    if (!is_of_kind(entries[i])) continue;
    return NewestEntry{proofs[i].position, storage::MerkleTree::leaf_hash(proofs[i].leaf)};
  }
  return std::nullopt;
}

/// The rules of a decision: those that the card names, else those in force. Ceilings of later years
/// are added to a pack, and none is changed, so an earlier pack has the first years of a later one.
std::map<int, ledger::AnnualCeiling> ceilings_of(const ledger::RulePack& in_force,
                                                 const std::optional<ledger::ExemptionCard>& card) {
  auto ceilings = in_force.ceilings();
  while (card && !ceilings.empty()) {
    if (storage::sha256(ledger::RulePack::canonical_text(ceilings)) == card->rule_pack) {
      return ceilings;
    }
    ceilings.erase(std::prev(ceilings.end()));
  }
  return in_force.ceilings();
}

/// Writes a dossier bit by bit.
class DossierText {
 public:
  DossierText(OpenLedger& open, const PersonYearQuestion& about, const KnownAccount& known)
      : open_(open),
        about_(about),
        known_(known),
        rules_(ledger::RulePack::canonical_text(
            ceilings_of(open.files().rules(), known.shown.account.card))) {}

  Result<std::string> write() {
    const auto proofs = proofs_of(open_, known_.entries);
    if (!proofs) return proofs.error();
    auto account = account_text(open_, known_, about_.year, {});
    if (!account) return account.error();
    const std::string account_json = account.value().json + R"(,"nextCursor":null})";

    DossierHead head;
    head.year = about_.year;
    if (!known_.entries.empty()) head.person = std::to_string(known_.shown.person.value());
    head.rules = storage::sha256(rules_);
    head.item = newest(known_.entries, proofs.value(), is_item_of_somebody);
    head.event = newest(known_.entries, proofs.value(), is_event);
    head.as_of = known_.as_of.position;
    head.account = storage::sha256(account_json);
    write_rules(head);
    write_entries(proofs.value());
    write_head(head);
    out_ += ",\"account\":" + account_json + '}';
    return std::move(out_);
  }

 private:
  ledger::Money ceiling() const { return *open_.files().rules().ceiling_of(about_.year); }

  void write_rules(const DossierHead& head) {
    std::optional<std::int64_t> person;
    if (!known_.entries.empty()) person = static_cast<std::int64_t>(known_.shown.person.value());
    Json start = Json::object({{"year", head.year}, {"personRef", person}});
    start.add("rulePack", Json::object({{"text", rules_},
                                        {"ceilingOre", ceiling().ore()},
                                        {"hash", ledger::to_hex(head.rules)}}));
    out_ = start.text();
    out_.pop_back();  // more is to come
  }

  void write_entries(const std::vector<EntryProof>& proofs) {
    out_ += ",\"entries\":[";
    if (!proofs.empty()) {
      const ledger::ReferenceAccount worked_out =
          ledger::reference_account(known_.entries, about_.year, ceiling(), {});
      for (std::size_t i = 0; i < proofs.size(); ++i) {
        if (i != 0) out_ += ',';
        write_entry(proofs[i], worked_out.sums[i], worked_out.changes[i]);
      }
    }
    out_ += ']';
  }

  void write_entry(const EntryProof& proof, ledger::Money sum, ledger::Money change) {
    const auto& card = known_.shown.account.card;
    out_ += "{\"position\":";
    ingest::append_position(out_, proof.position);
    out_ += ",\"bytes\":\"" + storage::to_base64(proof.leaf) + "\",\"path\":";
    ingest::append_path(out_, proof.path);
    const Json rest = Json::object({{"root", ledger::to_hex(proof.root)},
                                    {"keyId", proof.key_id},
                                    {"signature", ledger::to_hex(proof.signature)},
                                    {"sumOre", sum.ore()},
                                    {"countedOre", change.ore()},
                                    {"crossing", card && card->issued_by == proof.position}});
    out_ += ',';
    out_ += std::string_view(rest.text()).substr(1);
  }

  void write_head(const DossierHead& head) {
    const auto position_of = [](const std::optional<NewestEntry>& entry) {
      return entry ? std::optional(to_string(entry->position)) : std::nullopt;
    };
    const auto hash_of = [](const std::optional<NewestEntry>& entry) {
      return entry ? std::optional(ledger::to_hex(entry->hash)) : std::nullopt;
    };
    const storage::SigningKeys::Key key = open_.files().keys().signing->current();
    const Json text = Json::object({{"position", position_of(head.item)},
                                    {"hash", hash_of(head.item)},
                                    {"personPosition", position_of(head.event)},
                                    {"personHash", hash_of(head.event)},
                                    {"asOf", to_string(head.as_of)},
                                    {"keyId", key->key_id()},
                                    {"signature", ledger::to_hex(key->sign(signed_text(head)))}});
    out_ += ",\"head\":" + text.text();
  }

  OpenLedger& open_;
  const PersonYearQuestion& about_;
  const KnownAccount& known_;
  const std::string rules_;  // canonical text
  std::string out_;
};

Response person_dossier(ledger::NumberSeries series, OpenLedger& open, const Request& request) {
  const auto fail = [&](const Problem& problem) {
    return to_response(problem, request.correlation_id);
  };
  RequestFields fields(request.body, {"personId", "year"}, {"asOfPosition", "asOfTime"});
  PersonYearQuestion about;
  if (const auto problem = read_person_year(fields, series, open, about)) return fail(*problem);
  if (!open.files().rules().ceiling_of(about.year)) return fail(no_rules_for_year("year"));
  if (const auto problem = person_problem(open, request, about.person)) return fail(*problem);
  const auto noted = open.note_access(
      storage::AccessRecord::of_year(storage::AccessWhat::dossier, about.person, about.year),
      request);
  if (!noted) return fail(problem_of(noted.error()));
  const auto known = known_account(open, about);
  if (!known) return fail(problem_of(known.error()));
  if (known.value().entries.size() > dossier_entries_max) {
    return fail({413, "TOO_LARGE",
                 "The account has more than " + std::to_string(dossier_entries_max) +
                     " entries; an operator exports the journal instead (`frikort export`).",
                 ""});
  }
  auto text = DossierText(open, about, known.value()).write();
  if (!text) return fail(problem_of(text.error()));
  Response response;
  response.body = std::move(text.value());
  return response;
}

}  // namespace

void add_dossier_routes(Router& router, const LedgerKeeper& keeper, ledger::NumberSeries series) {
  router.add({.method = "POST",
              .path = "/v1/persons/dossier",
              .access = {Role::portal},
              .kind = RouteKind::slow,
              .body_bytes_max = small_body_bytes_max,
              .media_types = {"application/json"},
              .handler = with_ledger(keeper, [series](OpenLedger& open, const Request& request) {
                return person_dossier(series, open, request);
              })});
}

}  // namespace api
