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

namespace storage {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, figure_count> figure_names{
    "registrations", "amountOre",        "unpaid",      "unpaidOre",   "zeroAmount",  "credited",
    "creditedOre",   "counted",          "countedOre",  "payments",    "creditNotes", "persons",
    "cards",         "cardsUnderReview", "refundLines", "refundedOre", "payouts",     "payoutOre"};

std::string totals_json(const Totals& totals) {
  std::string json = "{";
  for (std::size_t i = 0; i < figure_count; ++i) {
    json += fmt::format(R"({}"{}":{})", i == 0 ? "" : ",", figure_names[i], totals.values[i]);
  }
  return json + "}";
}

std::string differences_json(const StatementFigures& figures) {
  std::string json = fmt::format(R"({{"count":{},"byKind":{{)", figures.difference_count());
  for (std::size_t i = 0; i < figures.differences.size(); ++i) {
    json += fmt::format(R"({}"{}":{})", i == 0 ? "" : ",",
                        name_of(static_cast<ledger::DifferenceKind>(i)), figures.differences[i]);
  }
  return json + "}}";
}

std::string share_json(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "null";
  return fmt::format("{:.6f}", static_cast<double>(part) / static_cast<double>(whole));
}

std::string timeliness_json(const Statement& statement) {
  const ledger::TimelinessFigures year = figures_of(statement.timeliness);
  std::string json = fmt::format(
      R"({{"count":{},"averageLagDays":{},"limits":[)", year.count,
      year.average_lag_days ? fmt::format("{:.3f}", *year.average_lag_days) : std::string("null"));
  for (std::size_t i = 0; i < 3; ++i) {
    const bool is_met = year.share[i] && *year.share[i] >= ledger::timeliness_targets[i];
    json +=
        fmt::format(R"({}{{"days":{},"within":{},"share":{},"target":{:.2f},"isMet":{}}})",
                    i == 0 ? "" : ",", ledger::timeliness_limits[i], year.within[i],
                    share_json(year.within[i], year.count), ledger::timeliness_targets[i], is_met);
  }
  json += fmt::format(R"(],"byLag":[{}],"byMonth":[)", fmt::join(statement.timeliness.by_lag, ","));
  for (unsigned month = 0; month < 12; ++month) {
    const ledger::TimelinessFigures figures = figures_of(statement.by_month[month]);
    json += fmt::format(
        R"({}{{"month":"{}-{:02}","count":{},"within16":{},"within24":{},"within32":{}}})",
        month == 0 ? "" : ",", statement.year, month + 1, figures.count, figures.within[0],
        figures.within[1], figures.within[2]);
  }
  return json + "]}";
}

std::string cards_json(const Statement& statement) {
  const auto& months = statement.figures.by_card_month;
  std::size_t count = 12;
  for (std::size_t i = count; i < months.size(); ++i) {
    if (months[i].issued != 0 || months[i].entitled != 0) count = i + 1;
  }
  std::string json = "[";
  for (std::size_t i = 0; i < count; ++i) {
    json += fmt::format(R"({}{{"month":"{}-{:02}","issued":{},"entitled":{}}})", i == 0 ? "" : ",",
                        static_cast<std::size_t>(statement.year) + i / 12, i % 12 + 1,
                        months[i].issued, months[i].entitled);
  }
  return json + "]";
}

std::string service_types_json(const StatementFigures& figures) {
  std::string json = "[";
  for (std::size_t i = 1; i < service_types; ++i) {
    const PartFigures& part = figures.by_service_type[i];
    json += fmt::format(
        R"({}{{"serviceType":"{}","registrations":{},"amountOre":{},"countedOre":{},"refundedOre":{}}})",
        i == 1 ? "" : ",", code_of(static_cast<ledger::ServiceType>(i)), part.registrations,
        part.amount_ore, part.counted_ore, part.refunded_ore);
  }
  return json + "]";
}

std::string latest_practices_json(const std::vector<NamedPractice>& practices) {
  std::string json = "[";
  for (const NamedPractice& practice : practices) {
    const auto& [part, within, lateness] = practice.figures;
    json += fmt::format(
        R"({}{{"practiceId":"{}","registrations":{},"within16":{},"within24":{},"within32":{},"costByLatenessOre":{}}})",
        json.size() == 1 ? "" : ",", practice.id, part.registrations, within[0], within[1],
        within[2], lateness.by_lateness_ore);
  }
  return json + "]";
}

std::string refunds_json(const RefundFigures& refunds) {
  return fmt::format(
      R"({{"persons":{},"dueOre":{},"namedOre":{},"toPayOre":{},"payPersons":{},"payOre":{},"takeBackPersons":{},"takeBackOre":{}}})",
      refunds.persons, refunds.due_ore, refunds.named_ore, refunds.pay_ore + refunds.take_back_ore,
      refunds.pay_persons, refunds.pay_ore, refunds.take_back_persons, refunds.take_back_ore);
}

/// What changed since the statement before: the entries that came, and by how much each total grew.
std::string changes_json(const Statement& statement) {
  if (!statement.previous) return R"("previous":null,"changes":null)";
  const StatementFigures& figures = statement.figures;
  const PreviousStatement& previous = *statement.previous;
  Totals growth;
  for (std::size_t i = 0; i < figure_count; ++i) {
    growth.values[i] = figures.totals.values[i] - previous.totals.values[i];
  }
  const ChangeFigures& changes = figures.changes;
  const bool is_explained = growth[Figure::registrations] == changes.copayments &&
                            growth[Figure::payments] == changes.payments &&
                            growth[Figure::credit_notes] == changes.credit_notes &&
                            growth[Figure::counted_ore] == changes.counted_ore &&
                            growth[Figure::refunded_ore] == changes.refunded_ore;
  std::string json = fmt::format(
      R"("previous":{{"statement":"{}","position":"{}","manifestSha256":"{}","isConfirmed":{}}})",
      previous.id, ledger::to_string(previous.position), previous.manifest_sha256,
      figures.totals_before == previous.totals);
  json += fmt::format(
      R"(,"changes":{{"copayments":{},"payments":{},"creditNotes":{},"isExplained":{},"totals":{}}})",
      changes.copayments, changes.payments, changes.credit_notes, is_explained,
      totals_json(growth));
  return json;
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
  std::string json = fmt::format(
      R"({{"statement":"{}","year":{},"number":{},"isDryRun":{},"ceilingOre":{},"rulePack":"{}")",
      statement.id(), statement.year, statement.number, statement.number == 0,
      statement.ceiling.ore(), to_hex(statement.rule_pack));
  json += fmt::format(R"(,"position":"{}","root":"{}","madeAt":"{}")",
                      ledger::to_string(statement.position), to_hex(statement.root),
                      ledger::to_rfc3339(statement.made_at));
  json += fmt::format(R"(,"isYearOver":{},"lastReportDay":"{}","lastCreditNoteDay":"{}")",
                      ledger::year_of(oslo_date(statement.made_at)) > statement.year,
                      ledger::to_string(last_day_to_report_year(statement.year)),
                      ledger::to_string(last_day_to_credit_year(statement.year)));
  json +=
      fmt::format(R"(,"totals":{},"differences":{},"timeliness":{})", totals_json(figures.totals),
                  differences_json(figures), timeliness_json(statement));
  json += fmt::format(R"(,"cardsByMonth":{},"serviceTypes":{})", cards_json(statement),
                      service_types_json(figures));
  const LatenessFigures& cost = figures.lateness;
  json += fmt::format(
      R"(,"latestPractices":{},"refunds":{},"latenessCost":{{"persons":{},"overpaidOre":{},"byLatenessOre":{},"despiteCardOre":{},"oreDays":{}}},)",
      latest_practices_json(statement.latest_practices), refunds_json(figures.refunds),
      cost.persons, cost.overpaid_ore, cost.by_lateness_ore, cost.despite_card_ore, cost.ore_days);
  return json + changes_json(statement) + "}\n";
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
  const std::string manifest = fmt::format(
      "{{\"statement\":\"{}\",\"position\":\"{}\",\"root\":\"{}\",\"files\":[{},{}]}}\n",
      statement.id(), ledger::to_string(statement.position), to_hex(statement.root),
      text.manifest_entry(1), fmt::join(tables, ","));
  write_new_file(folder / "manifest.json", manifest, 0644);
  if (signing != nullptr) {
    write_new_file(folder / "manifest.sig",
                   fmt::format("{{\"keyId\":\"{}\",\"signature\":\"{}\"}}\n", signing->key_id(),
                               to_hex(signing->sign(sha256(manifest)))),
                   0644);
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
