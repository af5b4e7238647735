#include "storage/closing/statement.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <charconv>
#include <stdexcept>

#include "ledger/values/position_text.h"
#include "ledger/values/rfc3339.h"
#include "ledger/values/service_type.h"
#include "storage/closing/closing.h"
#include "storage/files/files.h"
#include "storage/files/output_file.h"
#include "storage/json/json.h"

namespace storage {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, figure_count> figure_names{
    "registrations", "amountOre",        "unpaid",      "unpaidOre",   "zeroAmount",  "credited",
    "creditedOre",   "counted",          "countedOre",  "payments",    "creditNotes", "persons",
    "cards",         "cardsUnderReview", "refundLines", "refundedOre", "payouts",     "payoutOre"};

Json totals_json(const Totals& totals) {
  Json json = Json::object();
  for (std::size_t i = 0; i < figure_count; ++i) json.add(figure_names[i], totals.values[i]);
  return json;
}

Json differences_json(const StatementFigures& figures) {
  Json by_kind = Json::object();
  for (std::size_t i = 0; i < figures.differences.size(); ++i) {
    by_kind.add(name_of(static_cast<ledger::DifferenceKind>(i)), figures.differences[i]);
  }
  return Json::object({{"count", figures.difference_count()}, {"byKind", by_kind}});
}

Json share_json(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return {};
  return Json::fixed(static_cast<double>(part) / static_cast<double>(whole), 6);
}

Json limits_json(const ledger::TimelinessFigures& year) {
  Json limits = Json::array();
  for (std::size_t i = 0; i < 3; ++i) {
    limits.add(Json::object(
        {{"days", ledger::timeliness_limits[i]},
         {"within", year.within[i]},
         {"share", share_json(year.within[i], year.count)},
         {"target", Json::fixed(ledger::timeliness_targets[i], 2)},
         {"isMet", year.share[i] && *year.share[i] >= ledger::timeliness_targets[i]}}));
  }
  return limits;
}

Json timeliness_json(const Statement& statement) {
  Json by_lag = Json::array();
  for (const auto count : statement.timeliness.by_lag) by_lag.add(count);
  Json by_month = Json::array();
  for (unsigned month = 0; month < 12; ++month) {
    const ledger::TimelinessFigures figures = figures_of(statement.by_month[month]);
    by_month.add(Json::object({{"month", fmt::format("{}-{:02}", statement.year, month + 1)},
                               {"count", figures.count},
                               {"within16", figures.within[0]},
                               {"within24", figures.within[1]},
                               {"within32", figures.within[2]}}));
  }
  const ledger::TimelinessFigures year = figures_of(statement.timeliness);
  const auto& lag = year.average_lag_days;
  return Json::object({{"count", year.count},
                       {"averageLagDays", lag ? Json::fixed(*lag, 3) : Json()},
                       {"limits", limits_json(year)},
                       {"byLag", by_lag},
                       {"byMonth", by_month}});
}

Json cards_json(const Statement& statement) {
  const auto& months = statement.figures.by_card_month;
  std::size_t count = 12;
  for (std::size_t i = count; i < months.size(); ++i) {
    if (months[i].issued != 0 || months[i].entitled != 0) count = i + 1;
  }
  Json json = Json::array();
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t year = static_cast<std::size_t>(statement.year) + i / 12;
    json.add(Json::object({{"month", fmt::format("{}-{:02}", year, i % 12 + 1)},
                           {"issued", months[i].issued},
                           {"entitled", months[i].entitled}}));
  }
  return json;
}

Json service_types_json(const StatementFigures& figures) {
  Json json = Json::array();
  for (std::size_t i = 1; i < service_types; ++i) {
    const PartFigures& part = figures.by_service_type[i];
    json.add(Json::object({{"serviceType", code_of(static_cast<ledger::ServiceType>(i))},
                           {"registrations", part.registrations},
                           {"amountOre", part.amount_ore},
                           {"countedOre", part.counted_ore},
                           {"refundedOre", part.refunded_ore}}));
  }
  return json;
}

Json latest_practices_json(const std::vector<NamedPractice>& practices) {
  Json json = Json::array();
  for (const NamedPractice& practice : practices) {
    const auto& [part, within, lateness] = practice.figures;
    json.add(Json::object({{"practiceId", practice.id},
                           {"registrations", part.registrations},
                           {"within16", within[0]},
                           {"within24", within[1]},
                           {"within32", within[2]},
                           {"costByLatenessOre", lateness.by_lateness_ore}}));
  }
  return json;
}

Json refunds_json(const RefundFigures& refunds) {
  return Json::object({{"persons", refunds.persons},
                       {"dueOre", refunds.due_ore},
                       {"namedOre", refunds.named_ore},
                       {"toPayOre", refunds.pay_ore + refunds.take_back_ore},
                       {"payPersons", refunds.pay_persons},
                       {"payOre", refunds.pay_ore},
                       {"takeBackPersons", refunds.take_back_persons},
                       {"takeBackOre", refunds.take_back_ore}});
}

Json lateness_json(const LatenessFigures& cost) {
  return Json::object({{"persons", cost.persons},
                       {"overpaidOre", cost.overpaid_ore},
                       {"byLatenessOre", cost.by_lateness_ore},
                       {"despiteCardOre", cost.despite_card_ore},
                       {"oreDays", cost.ore_days}});
}

Json previous_json(const Statement& statement) {
  if (!statement.previous) return {};
  const PreviousStatement& previous = *statement.previous;
  return Json::object({{"statement", previous.id},
                       {"position", ledger::to_string(previous.position)},
                       {"manifestSha256", previous.manifest_sha256},
                       {"isConfirmed", statement.figures.totals_before == previous.totals}});
}

/// What changed since the statement before: the entries that came, and by how much each total grew.
Json changes_json(const Statement& statement) {
  if (!statement.previous) return {};
  Totals growth;
  for (std::size_t i = 0; i < figure_count; ++i) {
    growth.values[i] = statement.figures.totals.values[i] - statement.previous->totals.values[i];
  }
  const ChangeFigures& changes = statement.figures.changes;
  const bool is_explained = growth[Figure::registrations] == changes.copayments &&
                            growth[Figure::payments] == changes.payments &&
                            growth[Figure::credit_notes] == changes.credit_notes &&
                            growth[Figure::counted_ore] == changes.counted_ore &&
                            growth[Figure::refunded_ore] == changes.refunded_ore;
  return Json::object({{"copayments", changes.copayments},
                       {"payments", changes.payments},
                       {"creditNotes", changes.credit_notes},
                       {"isExplained", is_explained},
                       {"totals", totals_json(growth)}});
}

constexpr std::string_view payouts_file = "payouts.ndjson";

std::runtime_error damaged_statement(const fs::path& folder, std::string_view what) {
  return std::runtime_error(
      fmt::format("the statement in {} is damaged: {}; remedy: restore it from a backup",
                  folder.string(), what));
}

/// What a manifest says of a file. Throws when it does not name it.
std::string listed_sha256(const std::string& manifest, std::string_view name) {
  const boost::json::value parsed = boost::json::parse(manifest);
  for (const boost::json::value& file : parsed.at("files").as_array()) {
    if (file.at("name").as_string() == name) return std::string(file.at("sha256").as_string());
  }
  throw std::out_of_range("a file is not in the manifest");
}

/// Throws when it is damaged, or was not signed with this key. The payouts are only held against
/// the manifest when `has_payouts`.
PreviousStatement read_statement(const fs::path& folder, const SigningKey& signing,
                                 bool has_payouts) {
  const auto damaged = [&](const char* what) { return damaged_statement(folder, what); };
  const std::string manifest = read_file(folder / "manifest.json");
  const std::string statement = read_file(folder / "statement.json");
  try {
    const auto signature = boost::json::parse(read_file(folder / "manifest.sig")).as_object();
    std::array<std::uint8_t, 64> bytes{};
    const std::string hex(signature.at("signature").as_string());
    if (hex.size() != 128) throw damaged("its signature is too short");
    const auto read = from_hex(hex);
    if (read) std::copy(read->begin(), read->end(), bytes.begin());
    if (!read || !is_signed_by(signing.public_key(), sha256(manifest), bytes)) {
      throw damaged("its signature does not fit this ledger's key");
    }
    if (listed_sha256(manifest, "statement.json") != to_hex(sha256(statement))) {
      throw damaged("statement.json is not the one that was signed");
    }
    if (has_payouts &&
        listed_sha256(manifest, payouts_file) != to_hex(sha256_of_file(folder / payouts_file))) {
      throw damaged("payouts.ndjson is not the one that was signed");
    }
    PreviousStatement previous;
    previous.folder = folder;
    const auto parsed = boost::json::parse(statement).as_object();
    previous.id = parsed.at("statement").as_string();
    const std::string position(parsed.at("position").as_string());
    if (!ledger::parse_position(position, previous.position)) {
      throw damaged("its position is none");
    }
    previous.manifest_sha256 = to_hex(sha256(manifest));
    if (const boost::json::value& earlier = parsed.at("previous"); !earlier.is_null()) {
      previous.earlier_manifest_sha256 = earlier.at("manifestSha256").as_string();
    }
    for (std::size_t i = 0; i < figure_count; ++i) {
      previous.totals.values[i] = parsed.at("totals").at(figure_names[i]).to_number<std::int64_t>();
    }
    return previous;
  } catch (const boost::system::system_error&) {
    throw damaged("it cannot be read");
  } catch (const std::logic_error&) {
    throw damaged("a member is missing or of another type");
  }
}

}  // namespace

std::string_view name_of(Figure figure) { return figure_names[static_cast<std::size_t>(figure)]; }

std::int64_t StatementFigures::difference_count() const {
  std::int64_t count = 0;
  for (const std::int64_t of_kind : differences) count += of_kind;
  return count;
}

std::string Statement::id() const {
  return number == 0 ? fmt::format("{}-dry", year) : fmt::format("{}-{}", year, number);
}

std::string to_json(const Statement& statement) {
  const StatementFigures& figures = statement.figures;
  const bool is_over = ledger::year_of(oslo_date(statement.made_at)) > statement.year;
  const Json json = Json::object(
      {{"statement", statement.id()},
       {"year", statement.year},
       {"number", statement.number},
       {"isDryRun", statement.number == 0},
       {"ceilingOre", statement.ceiling.ore()},
       {"rulePack", to_hex(statement.rule_pack)},
       {"position", ledger::to_string(statement.position)},
       {"root", to_hex(statement.root)},
       {"madeAt", ledger::to_rfc3339(statement.made_at)},
       {"isYearOver", is_over},
       {"lastReportDay", ledger::to_string(last_day_to_report_year(statement.year))},
       {"lastCreditNoteDay", ledger::to_string(last_day_to_credit_year(statement.year))},
       {"totals", totals_json(figures.totals)},
       {"differences", differences_json(figures)},
       {"timeliness", timeliness_json(statement)},
       {"cardsByMonth", cards_json(statement)},
       {"serviceTypes", service_types_json(figures)},
       {"latestPractices", latest_practices_json(statement.latest_practices)},
       {"refunds", refunds_json(figures.refunds)},
       {"latenessCost", lateness_json(figures.lateness)},
       {"previous", previous_json(statement)},
       {"changes", changes_json(statement)}});
  return json.text() + "\n";
}

void seal_statement(const fs::path& folder, const Statement& statement,
                    const std::vector<std::string>& tables, const SigningKey* signing) {
  // An earlier run may have been killed in here.
  for (const char* const name : {"statement.json", "manifest.json", "manifest.sig"}) {
    fs::remove(folder / name);
  }
  OutputFile text(folder / "statement.json");
  text.write(to_json(statement));
  text.close();
  Json files = Json::array({Json::verbatim(text.manifest_entry(1))});
  for (const std::string& table : tables) files.add(Json::verbatim(table));
  const Json listed = Json::object({{"statement", statement.id()},
                                    {"position", ledger::to_string(statement.position)},
                                    {"root", to_hex(statement.root)},
                                    {"files", files}});
  const std::string manifest = listed.text() + "\n";
  write_new_file(folder / "manifest.json", manifest, 0644);
  if (signing != nullptr) {
    const Json signature = Json::object(
        {{"keyId", signing->key_id()}, {"signature", to_hex(signing->sign(sha256(manifest)))}});
    write_new_file(folder / "manifest.sig", signature.text() + "\n", 0644);
  }
  sync_folder(folder);
}

std::map<std::uint64_t, fs::path> statements_of(const fs::path& folder, int year) {
  std::map<std::uint64_t, fs::path> statements;
  if (!fs::exists(folder)) return statements;
  const std::string prefix = std::to_string(year) + "-";
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(prefix)) continue;
    std::uint64_t number = 0;
    const char* const end = name.data() + name.size();
    const auto read = std::from_chars(name.data() + prefix.size(), end, number);
    if (read.ec == std::errc() && read.ptr == end) statements[number] = entry.path();
  }
  return statements;
}

std::optional<PreviousStatement> read_series(const fs::path& statements, int year,
                                             const SigningKey& signing) {
  const auto folders = statements_of(statements, year);
  std::optional<PreviousStatement> newest;
  std::uint64_t expected = 1;
  for (const auto& [number, folder] : folders) {
    if (number != expected) {
      throw std::runtime_error(fmt::format(
          "the statement {}-{} is missing in {}, so what it named to be paid is not known; remedy: "
          "restore it from a backup",
          year, expected, statements.string()));
    }
    PreviousStatement read = read_statement(folder, signing, ++expected > folders.size());
    if (read.earlier_manifest_sha256 != (newest ? newest->manifest_sha256 : std::string())) {
      throw damaged_statement(folder, "it does not follow the one before it");
    }
    newest = std::move(read);
  }
  return newest;
}

}  // namespace storage
