#include <fmt/format.h>

#include <filesystem>
#include <stdexcept>

#include "api/commands/command_line.h"
#include "api/commands/commands.h"
#include "api/program/output.h"
#include "api/program/progress.h"
#include "api/runtime/config.h"
#include "api/v1/told_event.h"
#include "ingest/items/json_out.h"
#include "ledger/records/fingerprint.h"
#include "ledger/values/hex.h"
#include "ledger/values/position_text.h"
#include "ledger/values/rfc3339.h"
#include "storage/closing/table_file.h"
#include "storage/files/files.h"
#include "storage/files/fresh_folder.h"
#include "storage/json/json.h"
#include "storage/ledger_files/ledger_files.h"
#include "storage/state/state_reader.h"

namespace api {
namespace {

namespace fs = std::filesystem;
using ledger::ItemEntry;
using ledger::ItemType;
using ledger::Position;
using ledger::Result;
using storage::Json;
using storage::StateFamily;
using storage::TableFile;
using storage::TableFormat;

struct ExportOptions {
  std::string data;
  std::string keys;
  std::string config;
  std::string output;
  std::string format = "ndjson";
  int year = 0;  ///< of service; 0 = all
  bool has_journal = false;
  bool is_json = false;
};

/// One export under way: writes the files of a ledger that is open and does not change.
class Exporter {
 public:
  Exporter(storage::LedgerFiles& files, const ExportOptions& options, const fs::path& state,
           fs::path folder)
      : files_(files),
        state_(state),
        head_(files.state().head()),
        practices_(files.state().practices()),
        options_(options),
        format_(options.format == "csv" ? TableFormat::csv : TableFormat::ndjson),
        folder_(std::move(folder)) {
    if (state_.applied().next_position != head_.next_position) {
      throw std::runtime_error("the state could not be handed over: " + files.state().failure());
    }
  }

  /// The manifest, which is the last file that is written.
  Json run() {
    write_entries();
    write_accounts();
    write_timeliness();
    write_practices();
    write_events();
    if (options_.has_journal) write_journal();
    Json manifest = Json::object({{"position", ledger::to_string(head_.last())},
                                  {"root", ledger::to_hex(files_.journal().head_root())},
                                  {"keyId", files_.keys().ledger_id()},
                                  {"checksum", head_.totals.checksum.hex()},
                                  {"year", options_.year == 0 ? Json() : Json(options_.year)},
                                  {"files", listed_}});
    storage::write_new_file(folder_ / "manifest.json", manifest.text() + "\n", 0644);
    return manifest;
  }

 private:
  TableFile table(std::string_view name, std::vector<std::string_view> columns) const {
    return {folder_ / name, format_, std::move(columns)};
  }

  void list(std::string manifest_entry) { listed_.add(Json::verbatim(std::move(manifest_entry))); }

  void finish(TableFile& table, Progress& progress) {
    progress.finish(table.rows());
    list(table.manifest_entry());
  }

  bool is_wanted(int year) const { return options_.year == 0 || options_.year == year; }

  static void check(const Result<void>& read, std::string_view what) {
    if (read) return;
    throw std::runtime_error(fmt::format("cannot read the {}: {}", what, read.error().message()));
  }

  template <class Use>
  void for_each_row(StateFamily family, std::string_view what, const Use& use) const {
    check(state_.for_each(family, {},
                          [&](std::string_view key, std::string_view value) -> Result<void> {
                            return use(key, value);
                          }),
          what);
  }

  /// The year that an entry belongs to: of its service, or of the service that it refers to.
  Result<int> year_of(const ItemEntry& entry) {
    if (entry.item.type == ItemType::copayment) {
      return ledger::year_of(ledger::oslo_date(entry.item.service_time));
    }
    const auto& id = practices_.at(entry.practice.value()).id;
    const auto found =
        files_.state().find_registration(ledger::fingerprint_of(id, entry.item.guid));
    if (!found) return found.error();
    if (!found.value()) return ledger::Errc::corrupt_record;
    return ledger::year_of(found.value()->service_date);
  }

  void write_entries() {
    TableFile entries =
        table("entries", {"position", "type", "year", "practiceId", "personRef", "guid",
                          "serviceType", "serviceTime", "receivedTime", "amountOre", "paid",
                          "exemption", "counted", "exempt", "reason"});
    Progress progress("entries", "entries", head_.last().value());
    check(files_.journal().replay(Position(),
                                  [&](const ledger::CommitGroup& group) -> Result<void> {
                                    for (const ledger::Entry& entry : group.entries) {
                                      const ItemEntry* const item = item_of(entry);
                                      if (item == nullptr) continue;
                                      const auto written = write_entry(entries, *item);
                                      if (!written) return written;
                                    }
                                    progress.update(group.position.value());
                                    return ledger::ok();
                                  }),
          "journal");
    finish(entries, progress);
  }

  Result<void> write_entry(TableFile& entries, const ItemEntry& entry) {
    const auto year = year_of(entry);
    if (!year) return year.error();
    if (!is_wanted(year.value())) return ledger::ok();
    const ledger::Item& item = entry.item;
    entries.text(to_string(entry.verdict.position))
        .text(name_of(item.type))
        .number(std::int64_t{year.value()});
    entries.text(practices_.at(entry.practice.value()).id.view()).number(entry.person.value());
    entries.text(to_string(item.guid));
    const bool is_copayment = item.type == ItemType::copayment;
    if (is_copayment) {
      entries.text(code_of(item.service_type)).text(ledger::to_rfc3339(item.service_time));
    } else {
      entries.none().none();
    }
    entries.text(ledger::to_rfc3339(item.received));
    if (is_copayment) {
      entries.number(item.amount.ore()).truth(item.is_paid);
    } else {
      entries.none().none();
    }
    item.exemption == 0 ? entries.none() : entries.text({&item.exemption, 1});
    entries.truth(entry.verdict.counted).truth(entry.verdict.exempt);
    const std::string_view reason = ledger::name_of(entry.verdict.reason);
    reason.empty() ? entries.none() : entries.text(reason);
    entries.end_row();
    return ledger::ok();
  }

  /// Three tables in one pass: an account has at most one card and any number of refund lines.
  void write_accounts() {
    TableFile accounts =
        table("accounts", {"personRef", "year", "countedOre", "refundedOre", "newest"});
    TableFile cards = table("cards", {"personRef", "year", "cardId", "state", "issuedAt",
                                      "entitledFrom", "validTo", "crossingGuid", "rulePack"});
    TableFile lines = table("refund_lines",
                            {"personRef", "year", "position", "registration", "guid", "amountOre"});
    Progress progress("accounts", "accounts", head_.totals.accounts);
    ledger::Account account;
    for_each_row(StateFamily::accounts, "accounts",
                 [&](std::string_view key_bytes, std::string_view bytes) -> Result<void> {
                   const ledger::AccountKey key = storage::decode_account_key(key_bytes);
                   if (!is_wanted(key.year)) return ledger::ok();
                   const auto decoded = storage::decode_account(bytes, account);
                   if (!decoded) return decoded.error();
                   accounts.number(key.person.value()).number(std::int64_t{key.year});
                   accounts.number(account.counted_sum.ore()).number(account.refunded().ore());
                   accounts.text(to_string(account.newest)).end_row();
                   if (account.card) write_card(cards, key, *account.card);
                   for (const ledger::RefundLine& line : account.refund_lines) {
                     lines.number(key.person.value()).number(std::int64_t{key.year});
                     lines.text(to_string(line.cause)).text(to_string(line.registration));
                     lines.text(to_string(line.guid)).number(line.amount.ore()).end_row();
                   }
                   progress.update(accounts.rows());
                   return ledger::ok();
                 });
    finish(accounts, progress);
    list(cards.manifest_entry());
    list(lines.manifest_entry());
  }

  static void write_card(TableFile& cards, const ledger::AccountKey& key,
                         const ledger::ExemptionCard& card) {
    cards.number(key.person.value()).number(std::int64_t{key.year}).text(ledger::to_hex(card.id));
    cards.text(card.state == ledger::CardState::active ? "active" : "underReview");
    cards.text(ledger::to_rfc3339(card.issued_at)).text(ledger::to_string(card.entitled_from));
    cards.text(fmt::format("{}-12-31", key.year));
    cards.text(to_string(card.crossing_guid)).text(ledger::to_hex(card.rule_pack)).end_row();
  }

  /// By practice; the nation is the sum. Of a year: its months.
  void write_timeliness() {
    TableFile lags = table("timeliness", {"practiceId", "basis", "month", "lagDays", "count"});
    Progress progress("timeliness", "rows", 0);
    for_each_row(StateFamily::timeliness, "timeliness",
                 [&](std::string_view key_bytes, std::string_view bytes) -> Result<void> {
                   const ledger::TimelinessKey key = storage::decode_timeliness_key(key_bytes);
                   if (key.practice == ledger::nation) return ledger::ok();
                   if (!is_wanted(int{key.month.year()})) return ledger::ok();
                   const auto month = storage::decode_timeliness(bytes);
                   if (!month) return month.error();
                   write_lags(lags, key, month.value());
                   progress.update(lags.rows());
                   return ledger::ok();
                 });
    finish(lags, progress);
  }

  void write_lags(TableFile& lags, const ledger::TimelinessKey& key,
                  const ledger::TimelinessMonth& month) const {
    for (std::size_t lag = 0; lag < month.by_lag.size(); ++lag) {
      if (month.by_lag[lag] == 0) continue;
      lags.text(practices_.at(key.practice.value()).id.view());
      lags.text(key.basis == ledger::Basis::received ? "received" : "service");
      lags.text(ledger::to_string(key.month)).number(std::uint64_t{lag});
      lags.number(std::uint64_t{month.by_lag[lag]}).end_row();
    }
  }

  void write_practices() {
    TableFile practices =
        table("practices", {"practiceId", "number", "firstReceived", "lastReceived", "activeDays"});
    Progress progress("practices", "practices", practices_.size() - 1);
    for (std::size_t number = 1; number < practices_.size(); ++number) {
      const ledger::Practice& practice = practices_[number];
      practices.text(practice.id.view()).number(std::uint64_t{number});
      if (practice.active_days == 0) {
        practices.none().none();
      } else {
        practices.text(ledger::to_string(practice.first_received));
        practices.text(ledger::to_string(practice.last_received));
      }
      practices.number(std::uint64_t{practice.active_days}).end_row();
    }
    finish(practices, progress);
  }

  /// As the feed tells them; what does not apply to an event is empty.
  void write_events() {
    TableFile events =
        table("events",
              {"position", "type", "at", "personRef", "year", "cause", "registration", "practiceId",
               "guid", "cardId", "entitledFrom", "movedFrom", "amountOre", "mergedPersonRef"});
    Progress progress("events", "events", 0);
    EventTeller teller(files_.journal(), files_.state());
    for_each_row(StateFamily::events, "events",
                 [&](std::string_view key, std::string_view bytes) -> Result<void> {
                   const auto decoded = storage::decode_event(key, bytes);
                   if (!decoded) return decoded.error();
                   if (!is_wanted(decoded.value().account.year)) return ledger::ok();
                   const auto told =
                       teller.tell(storage::decode_event_ordinal(key), decoded.value());
                   if (!told) return told.error();
                   write_event(events, told.value());
                   progress.update(events.rows());
                   return ledger::ok();
                 });
    finish(events, progress);
  }

  static void write_event(TableFile& events, const ToldEvent& told) {
    const ledger::Event& event = told.event;
    events.text(told.position()).text(ledger::name_of(event.type));
    events.text(ledger::to_rfc3339(told.at)).number(event.account.person.value());
    const bool is_merge = event.type == ledger::EventType::person_merged;
    is_merge ? events.none() : events.number(std::int64_t{event.account.year});
    events.text(told.cause_type);
    if (event.registration.value() == 0) {
      events.none().none().none();
    } else {
      events.text(to_string(event.registration)).text(told.practice.view());
      events.text(to_string(told.guid));
    }
    if (is_about_card(event.type)) {
      events.text(ledger::to_hex(event.card)).text(ledger::to_string(event.entitled_from));
    } else {
      events.none().none();
    }
    if (event.type == ledger::EventType::entitlement_moved) {
      events.text(ledger::to_string(event.moved_from));
    } else {
      events.none();
    }
    if (is_about_card(event.type) || is_merge) {
      events.none();
    } else {
      events.number(event.amount.ore());
    }
    is_merge ? events.number(event.merged.value()) : events.none();
    events.end_row();
  }

  void write_journal() {
    storage::OutputFile file(folder_ / "journal.records");
    Progress progress("journal", "entries", head_.last().value());
    std::uint64_t records = 0;
    check(files_.journal().for_each(Position(),
                                    [&](Position position, std::string_view record) {
                                      char size[4];
                                      for (unsigned i = 0; i < 4; ++i) {
                                        size[i] = static_cast<char>(record.size() >> (24 - 8 * i));
                                      }
                                      file.write({size, 4});
                                      file.write(record);
                                      ++records;
                                      progress.update(position.value());
                                      return ledger::ok();
                                    }),
          "journal");
    progress.finish(head_.last().value());
    file.close();
    list(file.manifest_entry(records));
  }

  storage::LedgerFiles& files_;
  const storage::StateReader state_;
  const storage::AppliedState head_;
  const std::vector<ledger::Practice> practices_;
  const ExportOptions& options_;
  const TableFormat format_;
  const fs::path folder_;
  Json listed_ = Json::array();  ///< files that are whole
};

/// Opens the ledger; what is told when a server has it open is what helps here.
std::unique_ptr<storage::LedgerFiles> open_ledger(const ExportOptions& options) {
  const storage::LedgerOptions ledger =
      ledger_options(options.data, options.keys, read_config(options.config));
  try {
    return std::make_unique<storage::LedgerFiles>(ledger);
  } catch (const std::runtime_error& error) {
    if (std::string_view(error.what()).find("is in use by") == std::string_view::npos) throw;
    throw std::runtime_error(options.data +
                             " is in use by another process; remedy: stop it, or export from a "
                             "copy of the ledger");
  }
}

int export_ledger(const ExportOptions& options) {
  const fs::path data = options.data;
  require_ledger(options.data);
  require_unused("--output", options.output);
  // Under another name until all of it is there: what was killed is never taken for an export.
  storage::FreshFolder folder(options.output);
  const auto files = open_ledger(options);
  files->hand_over_state();

  const Json manifest = Exporter(*files, options, data / "state", folder.path()).run();
  folder.keep();
  if (options.is_json) {
    print(manifest);
  } else {
    fmt::print("{} holds the ledger as of {}\n", options.output,
               to_string(files->state().head().last()));
  }
  return exit_done;
}

}  // namespace

void add_export_command(const Commands& commands) {
  Command<ExportOptions> command(commands, "export",
                                 "write the ledger out for other programs, as of one position",
                                 export_ledger);
  command.data("data folder that no server has open");
  command.add("--output", &ExportOptions::output, "DIR", "folder for the tables; new or empty")
      ->required();
  command.number("--year", &ExportOptions::year, 1, 9999,
                 "only what concerns this year of service");
  command.add("--format", &ExportOptions::format, "NAME", "ndjson or csv; default ndjson")
      ->check(CLI::IsMember({"ndjson", "csv"}));
  command.flag("--journal", &ExportOptions::has_journal,
               "also the raw journal, for scripts/audit.py");
  command.keys();
  command.config();
  command.json("the manifest on standard output");
}

}  // namespace api
