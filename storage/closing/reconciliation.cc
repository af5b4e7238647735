#include "storage/closing/reconciliation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <tuple>
#include <unordered_map>

#include "ledger/records/fingerprint.h"
#include "ledger/reference/lateness_cost.h"
#include "ledger/reference/reconcile.h"
#include "ledger/values/assert.h"
#include "ledger/values/position_text.h"
#include "ledger/values/rfc3339.h"
#include "storage/bytes/format.h"
#include "storage/closing/index_comparison.h"
#include "storage/closing/payouts.h"
#include "storage/closing/statement.h"
#include "storage/closing/statement_tables.h"
#include "storage/closing/timeliness_comparison.h"
#include "storage/closing/unpaid_comparison.h"
#include "storage/files/files.h"
#include "storage/state/state_reader.h"

namespace storage {
namespace {

namespace fs = std::filesystem;
using ledger::AccountKey;
using ledger::Date;
using ledger::Difference;
using ledger::DifferenceKind;
using ledger::Entry;
using ledger::Instant;
using ledger::ItemType;
using ledger::Money;
using ledger::Month;
using ledger::PersonId;
using ledger::Position;
using ledger::PracticeNumber;
using ledger::ReferenceAccount;
using ledger::ReferenceRegistration;
using ledger::Result;
using ledger::TimelinessMonth;

constexpr std::uint64_t parts_max = 256;

std::int32_t day_number(Date date) {
  return static_cast<std::int32_t>(date.time_since_epoch().count());
}
std::int32_t month_number(Month month) {
  return int{month.year()} * 12 + static_cast<int>(unsigned{month.month()}) - 1;
}
std::string position_text(Position position) {
  return position.value() == 0 ? std::string() : ledger::to_string(position);
}

// ---- progress of a run, kept so that a killed run can be continued ----

enum class Phase : std::uint32_t { collect, persons, registrations, timeliness };

struct Checkpoint {
  std::uint64_t format = 0x66726b2d72656332;  // "frk-rec2"
  std::uint64_t number = 0;
  std::uint64_t previous = 0;  ///< number of the statement before; 0 = none
  std::uint64_t position = 0;
  Phase phase = Phase::collect;
  std::uint32_t next_part = 0;
  ledger::Digest root{};
  StatementFigures figures;
};
static_assert(std::is_trivially_copyable_v<Checkpoint>);

template <class Value>
void write_values(OutputFile& file, const std::vector<Value>& values) {
  const std::uint64_t count = values.size();
  file.write({reinterpret_cast<const char*>(&count), sizeof count});
  file.write({reinterpret_cast<const char*>(values.data()), count * sizeof(Value)});
}

template <class Value>
bool read_values(std::ifstream& file, std::vector<Value>& values) {
  std::uint64_t count = 0;
  if (!file.read(reinterpret_cast<char*>(&count), sizeof count) || count > (1U << 24)) return false;
  values.resize(count);
  return static_cast<bool>(file.read(reinterpret_cast<char*>(values.data()),
                                     static_cast<std::streamsize>(count * sizeof(Value))));
}

// ---- the run ----

class Reconciliation {
 public:
  Reconciliation(const ReconciliationSource& source, int year, bool is_dry_run,
                 const ReportProgress& report, const UseFiles& use_files)
      : source_(source),
        year_(year),
        is_dry_run_(is_dry_run),
        report_(report),
        use_files_(use_files),
        work_(reconciliation_work(source.folder, year, is_dry_run)),
        ceiling_(find_ceiling()),
        previous_(read_series(source.folder / "statements", year, source.signing)) {}

  MadeStatement run() {
    open();
    if (at_.phase == Phase::collect) collect();
    while (at_.phase == Phase::persons) reconcile_persons(at_.next_part);
    while (at_.phase == Phase::registrations) {
      const std::size_t part = at_.next_part;
      compare_registrations(*state_, *parts_, part, year_, use_difference_, report_);
      go_on_with_next_part(Phase::timeliness);
      parts_->registrations.remove(part);
    }
    compare_unpaid(*state_, *parts_, practice_ids_.size(), year_, use_difference_, report_);
    return finish(compare_timeliness(*state_, *parts_, practice_ids_.size(), year_, use_difference_,
                                     report_));
  }

 private:
  Money find_ceiling() const {
    const auto ceiling = source_.rules.ceiling_of(year_);
    if (ceiling) return *ceiling;
    throw std::runtime_error(fmt::format(
        "no ceiling is known for {}; remedy: configure one, or choose another year", year_));
  }

  /// Continues where a killed run was, or begins anew with a copy of the state.
  void open() {
    const bool can_continue = fs::exists(work_ / "checkpoint") && load_checkpoint();
    if (!can_continue) begin();
    if (previous_) named_ = NamedPayouts(previous_->folder / "payouts.ndjson");
  }

  void begin() {
    // Of a run that could not be continued.
    state_.reset();
    parts_.reset();
    tables_.reset();
    practice_figures_.clear();
    rule_packs_.clear();
    fs::remove_all(work_);
    if (fs::create_directories(work_.parent_path())) sync_folder(source_.folder);
    fs::create_directories(work_ / "parts");
    fs::create_directories(work_ / "statement");
    report_("copying the state", "copies", 0, 1);
    source_.copy_state(work_ / "state");
    at_ = {};
    at_.previous = previous_number();
    at_.number = is_dry_run_ ? 0 : at_.previous + 1;
    open_files();
    at_.position = state_->applied().last().value();
  }

  std::uint64_t previous_number() const {
    const auto statements = statements_of(source_.folder / "statements", year_);
    return statements.empty() ? 0 : statements.rbegin()->first;
  }

  void open_files() {
    state_ = std::make_unique<StateReader>(work_ / "state");
    tables_ = std::make_unique<StatementTables>(work_ / "statement");
    const std::uint64_t places = state_->applied().next_position.value();
    parts_ = std::make_unique<ReconciliationParts>(
        work_ / "parts", std::min(places / source_.positions_per_part + 1, parts_max));
    load_practices();
    practice_figures_.resize(practice_ids_.size());
  }

  void load_practices() {
    practice_ids_.assign(1, {});  // the nation
    require_read(state_->for_each(StateFamily::practices, {},
                                  [&](std::string_view, std::string_view value) -> Result<void> {
                                    const auto practice = decode_practice(value);
                                    if (!practice) return practice.error();
                                    practice_ids_.push_back(practice.value().id);
                                    return ledger::ok();
                                  }),
                 "the state");
    for (std::uint32_t i = 1; i < practice_ids_.size(); ++i) {
      practice_numbers_[std::string(practice_ids_[i].view())] = i;
    }
  }

  void save_checkpoint() {
    parts_->registrations.finish();
    parts_->unpaid.finish();
    std::vector<TableFile::Extent> extents;
    for (TableFile* const table : tables_->files()) {
      table->file().flush();
      extents.push_back(table->extent());
    }
    const fs::path fresh = work_ / "checkpoint.new";
    fs::remove(fresh);
    OutputFile file(fresh);
    file.write({reinterpret_cast<const char*>(&at_), sizeof at_});
    write_values(file, rule_packs_);
    write_values(file, practice_figures_);
    write_values(file, extents);
    write_values(file, parts_->registrations.sizes());
    write_values(file, parts_->unpaid.sizes());
    file.flush();
    fs::rename(fresh, work_ / "checkpoint");
  }

  /// False when what was kept is not whole, or of another version: then the run begins anew.
  bool load_checkpoint() {
    std::ifstream file(work_ / "checkpoint", std::ios::binary);
    const Checkpoint fresh;
    std::vector<TableFile::Extent> extents;
    std::vector<std::uint64_t> sizes;
    std::vector<std::uint64_t> unpaid_sizes;
    if (!file.read(reinterpret_cast<char*>(&at_), sizeof at_)) return false;
    const bool is_current = at_.format == fresh.format && at_.previous == previous_number();
    if (!is_current || !read_values(file, rule_packs_) || !read_values(file, practice_figures_) ||
        !read_values(file, extents) || !read_values(file, sizes) ||
        !read_values(file, unpaid_sizes)) {
      return false;
    }
    open_files();
    const std::vector<TableFile*> files = tables_->files();
    if (files.size() != extents.size() || sizes.size() != parts_->count ||
        unpaid_sizes.size() != parts_->count) {
      return false;
    }
    for (std::size_t i = 0; i < files.size(); ++i) {
      if (!files[i]->continue_at(extents[i])) return false;
    }
    // The parts that have been compared are not there any more.
    if (at_.phase == Phase::registrations) std::fill_n(sizes.begin(), at_.next_part, 0);
    if (at_.phase == Phase::timeliness) std::fill(sizes.begin(), sizes.end(), 0);
    return parts_->registrations.continue_at(sizes) && parts_->unpaid.continue_at(unpaid_sizes);
  }

  // ---- differences ----

  void report_difference(const Difference& difference) {
    ++at_.figures.differences[static_cast<std::size_t>(difference.kind)];
    tables_->differences.text(name_of(difference.kind))
        .number(difference.account.person.value())
        .number(std::int64_t{year_})
        .text(practice_text(difference.practice))
        .text(position_text(difference.position))
        .text(difference.field)
        .text(difference.expected)
        .text(difference.found)
        .end_row();
  }

  std::string practice_text(PracticeNumber practice) const {
    const std::uint32_t number = practice.value();
    return number < practice_ids_.size() ? std::string(practice_ids_[number].view())
                                         : std::string("unknown");
  }

  // ---- collect ----

  std::size_t part_of_person(std::uint64_t person) const {
    return parts_->part_of(person, state_->applied().totals.persons + 1);
  }
  std::size_t part_of_practice(std::uint64_t practice) const {
    return parts_->part_of(practice, practice_ids_.size());
  }
  /// Reads the journal up to the position of the copy, and the families of the state that are not
  /// in the order of persons, and puts aside what concerns the year.
  void collect() {
    for (std::size_t i = 0; i < parts_->count; ++i) {
      parts_->entries.remove(i);
      parts_->events.remove(i);
      parts_->introduced.remove(i);
      parts_->indexed.remove(i);
      parts_->lags.remove(i);
      parts_->tallies.remove(i);
    }
    collect_journal();
    collect_state();
    parts_->entries.finish();
    parts_->events.finish();
    parts_->introduced.finish();
    parts_->indexed.finish();
    parts_->lags.finish();
    parts_->tallies.finish();
    go_on(Phase::persons);
  }

  void go_on(Phase phase) {
    at_.phase = phase;
    at_.next_part = 0;
    save_checkpoint();
  }
  void go_on_with_next_part(Phase next) {
    ++at_.next_part;
    if (at_.next_part == parts_->count) {
      go_on(next);
    } else {
      save_checkpoint();
    }
  }

  void collect_journal() {
    const Position end{at_.position + 1};
    Position next{1};
    practices_introduced_ = 0;
    const auto read = source_.journal.for_each(
        Position{1},
        [&](Position, std::string_view bytes) -> Result<void> {
          const auto record = decode_record(bytes);
          if (!record) return record.error();
          if (record.value().group.position != next) return ledger::Errc::corrupt_record;
          collect_group(record.value().group);
          next = record.value().group.next_position();
          at_.root = record.value().root;
          report_("reading the journal", "entries", next.value(), end.value());
          return ledger::ok();
        },
        end);
    if (read && next == end) return;
    throw std::runtime_error(fmt::format(
        "the journal cannot be read at {}{}; remedy: run `frikort verify`, and restore the "
        "latest backup",
        ledger::to_string(next), read ? std::string() : ": " + read.error().message()));
  }

  void collect_group(const ledger::CommitGroup& group) {
    const auto known = std::find(rule_packs_.begin(), rule_packs_.end(), group.rule_pack);
    const auto rule_pack = static_cast<std::uint32_t>(known - rule_packs_.begin());
    if (known == rule_packs_.end()) rule_packs_.push_back(group.rule_pack);
    for (const Entry& entry : group.entries) {
      if (entry.is_new_practice) {
        ++practices_introduced_;
        check_practice(entry);
      }
      if (entry.is_new_person) {
        parts_->introduced.add(part_of_person(entry.person.value()),
                               {entry.person.value(), entry.item.person.bytes});
      }
      bool is_of_year = true;
      if (entry.item.type == ItemType::copayment) {
        const Date service = oslo_date(entry.item.service_time);
        const Date received = oslo_date(entry.item.received);
        is_of_year = ledger::year_of(service) == year_;
        if (is_of_year) add_lag(entry.practice, ledger::lag_days(service, received));
        if (is_of_year || ledger::year_of(received) == year_) {
          parts_->lags.add(part_of_practice(entry.practice.value()),
                           {entry.practice.value(), day_number(service), day_number(received)});
        }
      }
      if (is_of_year) {
        parts_->entries.add(part_of_person(entry.person.value()), put_aside(entry, rule_pack));
      }
    }
    for (const ledger::Tally& tally : group.tallies) collect_tally(tally);
  }

  void add_lag(PracticeNumber practice, std::uint32_t lag) {
    PracticeFigures& figures = practice_figures(practice);
    for (std::size_t i = 0; i < figures.within.size(); ++i) {
      if (lag <= ledger::timeliness_limits[i]) ++figures.within[i];
    }
  }

  void check_practice(const Entry& entry) {
    const std::uint32_t number = entry.practice.value();
    if (number < practice_ids_.size() && practice_ids_[number] == entry.item.practice) return;
    report_difference({DifferenceKind::practice_differs,
                       {},
                       entry.practice,
                       entry.verdict.position,
                       "practiceId",
                       std::string(entry.item.practice.view()),
                       practice_text(entry.practice)});
  }

  void collect_tally(const ledger::Tally& tally) {
    if (int{tally.month.year()} != year_) return;
    const auto found = practice_numbers_.find(std::string(tally.practice.view()));
    // Without a practice, or of one that was not known then: the nation's alone.
    const bool is_known =
        found != practice_numbers_.end() && found->second <= practices_introduced_;
    const std::uint32_t practice = is_known ? found->second : 0;
    parts_->tallies.add(
        part_of_practice(practice),
        {practice, month_number(tally.month), tally.count, static_cast<std::uint8_t>(tally.code)});
  }

  void collect_state() {
    std::uint64_t rows = 0;
    std::uint64_t event_count = 0;
    for (const std::uint64_t count : state_->applied().totals.events) event_count += count;
    require_read(
        state_->for_each(StateFamily::events, {},
                         [&](std::string_view key, std::string_view value) -> Result<void> {
                           const auto event = decode_event(key, value);
                           if (!event) return event.error();
                           report_("reading the events", "events", ++rows, event_count);
                           const ledger::Event& found = event.value();
                           if (found.account.year != year_) return ledger::ok();
                           parts_->events.add(
                               part_of_person(found.account.person.value()),
                               {found.account.person.value(), found.cause.value(),
                                found.registration.value(), found.amount.ore(),
                                decode_event_ordinal(key), static_cast<std::uint8_t>(found.type)});
                           return ledger::ok();
                         }),
        "the events of the state");
    rows = 0;
    require_read(
        state_->for_each(StateFamily::numbers, {},
                         [&](std::string_view key, std::string_view value) -> Result<void> {
                           const auto person = decode_person_id(value);
                           if (!person || key.size() != 16) {
                             return ledger::Errc::corrupt_record;
                           }
                           PutAsideNumber record;
                           record.person = person.value().value();
                           std::memcpy(record.number.data(), key.data(), key.size());
                           parts_->indexed.add(part_of_person(record.person), record);
                           report_("reading the index of numbers", "persons", ++rows,
                                   state_->applied().totals.persons);
                           return ledger::ok();
                         }),
        "the index of numbers in the state");
  }

  // ---- persons ----

  /// What belongs to one person, from wherever it was put aside.
  struct Person {
    std::span<const PutAsideEntry> entries;
    std::span<const PutAsideEvent> events;
    const std::string* row = nullptr;  // of the stored account
    Money named;                       // to be paid, by the statements before
  };

  void reconcile_persons(std::size_t part) {
    const std::uint64_t count = state_->applied().totals.persons + 1;
    const PersonId first{parts_->first_of(part, count)};
    const PersonId end{parts_->is_last(part) ? ~std::uint64_t{0}
                                             : parts_->first_of(part + 1, count)};
    compare_numbers(*state_, *parts_, part, first, end, use_difference_);

    std::vector<PutAsideEntry> entries = parts_->entries.read(part);
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
      return std::pair(a.person, a.position) < std::pair(b.person, b.position);
    });
    std::vector<PutAsideEvent> events = parts_->events.read(part);
    std::sort(events.begin(), events.end(), [](const auto& a, const auto& b) {
      return std::tuple(a.person, a.cause, a.ordinal) < std::tuple(b.person, b.cause, b.ordinal);
    });
    const auto accounts = read_accounts(first, end);
    named_.skip_to(first);

    constexpr std::uint64_t nobody = ~std::uint64_t{0};
    auto entry = entries.begin();
    auto event = events.begin();
    auto account = accounts.begin();
    for (;;) {
      const std::uint64_t person =
          std::min({entry == entries.end() ? nobody : entry->person,
                    event == events.end() ? nobody : event->person,
                    account == accounts.end() ? nobody : account->first.value(),
                    named_.person().value_or(PersonId{nobody}).value()});
      if (person >= end.value()) break;
      const auto is_other = [person](const auto& record) { return record.person != person; };
      const auto entries_end = std::find_if(entry, entries.end(), is_other);
      const auto events_end = std::find_if(event, events.end(), is_other);
      Person found{{entry, entries_end}, {event, events_end}, nullptr, {}};
      if (named_.person() == PersonId{person}) found.named = named_.take();
      if (account != accounts.end() && account->first.value() == person) {
        found.row = &account->second;
        ++account;
      }
      reconcile_person(PersonId{person}, found);
      entry = entries_end;
      event = events_end;
      report_("recomputing person-years", "persons", person, count);
    }
    go_on_with_next_part(Phase::registrations);
    parts_->entries.remove(part);
    parts_->events.remove(part);
  }

  std::vector<std::pair<PersonId, std::string>> read_accounts(PersonId first, PersonId end) const {
    std::vector<std::pair<PersonId, std::string>> accounts;
    require_read(state_->for_each(
                     StateFamily::accounts, account_key({first, 0}),
                     [&](std::string_view key, std::string_view value) -> Result<void> {
                       const AccountKey account = decode_account_key(key);
                       if (account.year == year_) accounts.emplace_back(account.person, value);
                       return ledger::ok();
                     },
                     account_key({end, 0})),
                 "the accounts of the state");
    return accounts;
  }

  void reconcile_person(PersonId person, const Person& found) {
    const AccountKey key{person, year_};
    std::vector<std::uint32_t> rule_packs;
    const std::vector<Entry> entries = entries_of_year(found.entries, rule_packs);
    ReferenceAccount expected = recompute(entries, rule_packs);

    std::optional<ledger::Account> stored;
    if (found.row != nullptr) {
      stored.emplace();
      require_read(decode_account(*found.row, *stored), "an account of the state");
    }
    std::vector<ledger::Event> events;
    for (const PutAsideEvent& event : found.events) {
      events.push_back({static_cast<ledger::EventType>(event.type),
                        key,
                        Position{event.cause},
                        Position{event.registration},
                        Money::from_ore(event.amount_ore),
                        {}});
    }
    std::vector<Difference> differences;
    compare_account(key, entries, expected, stored, events, ceiling_, differences);
    for (const Difference& difference : differences) report_difference(difference);
    write_payout(person, expected, found.named);
    if (entries.empty()) return;

    add_to(at_.figures.totals, entries, expected);
    add_parts(expected);
    add_lateness(expected);
    write_rows(person, expected);
    put_aside_registrations(person, entries, expected);
    put_aside_unpaid(entries, expected);
    if (previous_) explain_changes(person, entries, rule_packs, expected);
  }

  /// Payments and credit notes of other years have been put aside too: they stay out here.
  static std::vector<Entry> entries_of_year(std::span<const PutAsideEntry> records,
                                            std::vector<std::uint32_t>& rule_packs) {
    std::vector<Entry> entries;
    std::map<std::pair<std::uint32_t, std::array<std::uint8_t, 16>>, bool> registrations;
    for (const PutAsideEntry& record : records) {
      const auto key = std::pair(record.practice, record.guid);
      if (static_cast<ItemType>(record.type) == ItemType::copayment) {
        registrations[key] = true;
      } else if (!registrations.contains(key)) {
        continue;
      }
      entries.push_back(take_up(record));
      rule_packs.push_back(record.rule_pack);
    }
    return entries;
  }

  ReferenceAccount recompute(std::span<const Entry> entries,
                             const std::vector<std::uint32_t>& rule_packs) const {
    ReferenceAccount account = ledger::reference_account(entries, year_, ceiling_, {});
    if (!account.account.card) return account;
    // Decided under the rules that were in force when it was issued.
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (entries[i].verdict.position == account.card_cause) {
        account.account.card->rule_pack = rule_packs_[rule_packs[i]];
      }
    }
    return account;
  }

  static void add_to(Totals& totals, std::span<const Entry> entries,
                     const ReferenceAccount& account) {
    ++totals[Figure::persons];
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (!account.verdicts[i].is_given()) continue;  // a misfit
      if (entries[i].item.type == ItemType::payment) ++totals[Figure::payments];
      if (entries[i].item.type == ItemType::credit_note) ++totals[Figure::credit_notes];
    }
    for (const ReferenceRegistration& registration : account.registrations) {
      const std::int64_t ore = registration.amount.ore();
      ++totals[Figure::registrations];
      totals[Figure::amount_ore] += ore;
      switch (registration.reason) {
        case ledger::Code::none:
          ++totals[Figure::counted];
          totals[Figure::counted_ore] += ore;
          break;
        case ledger::Code::credited:
          ++totals[Figure::credited];
          totals[Figure::credited_ore] += ore;
          break;
        case ledger::Code::unpaid:
          ++totals[Figure::unpaid];
          totals[Figure::unpaid_ore] += ore;
          break;
        default:
          ++totals[Figure::zero_amount];
      }
    }
    if (account.account.card) {
      ++totals[Figure::cards];
      if (account.account.card->state == ledger::CardState::under_review) {
        ++totals[Figure::cards_under_review];
      }
    }
    const std::int64_t refunded = account.account.refunded().ore();
    totals[Figure::refund_lines] += static_cast<std::int64_t>(account.account.refund_lines.size());
    totals[Figure::refunded_ore] += refunded;
    if (refunded > 0) {
      ++totals[Figure::payouts];
      totals[Figure::payout_ore] += refunded;
    }
  }

  void add_parts(const ReferenceAccount& account) {
    for (const ReferenceRegistration& registration : account.registrations) {
      const auto type = static_cast<std::size_t>(registration.service_type);
      for (PartFigures* const part :
           {&at_.figures.by_service_type[type], &practice_figures(registration.practice).part}) {
        ++part->registrations;
        part->amount_ore += registration.amount.ore();
        if (registration.is_counted()) part->counted_ore += registration.amount.ore();
        part->refunded_ore += registration.refunded.ore();
      }
    }
    if (!account.account.card) return;
    const auto month_index = [this](Date day) {
      const std::int32_t index = month_number(ledger::month_of(day)) - year_ * 12;
      return static_cast<std::size_t>(
          std::clamp<std::int32_t>(index, 0, static_cast<std::int32_t>(card_months) - 1));
    };
    const ledger::ExemptionCard& card = *account.account.card;
    ++at_.figures.by_card_month[month_index(oslo_date(card.issued_at))].issued;
    ++at_.figures.by_card_month[month_index(card.entitled_from)].entitled;
  }

  PracticeFigures& practice_figures(PracticeNumber practice) {
    const std::size_t number = practice.value();
    if (number >= practice_figures_.size()) practice_figures_.resize(number + 1);
    return practice_figures_[number];
  }

  void add_lateness(const ReferenceAccount& account) {
    const ledger::LatenessCost cost = ledger::lateness_cost(account, ceiling_);
    if (cost.shares.empty()) return;
    LatenessFigures& nation = at_.figures.lateness;
    ++nation.persons;
    nation.overpaid_ore += cost.overpaid.ore();
    nation.ore_days += cost.ore_days;
    for (const ledger::LatenessShare& share : cost.shares) {
      nation.by_lateness_ore += share.by_lateness.ore();
      nation.despite_card_ore += share.despite_card.ore();
      LatenessFigures& practice = practice_figures(share.practice).lateness;
      ++practice.persons;
      practice.overpaid_ore += (share.by_lateness + share.despite_card).ore();
      practice.by_lateness_ore += share.by_lateness.ore();
      practice.despite_card_ore += share.despite_card.ore();
      practice.ore_days += share.ore_days;
    }
  }

  void write_rows(PersonId person, const ReferenceAccount& account) {
    for (const ReferenceRegistration& registration : account.registrations) {
      if (registration.reason != ledger::Code::unpaid) continue;
      tables_->unpaid.text(position_text(registration.position))
          .text(practice_text(registration.practice))
          .text(to_string(registration.guid))
          .number(person.value())
          .text(code_of(registration.service_type))
          .text(ledger::to_rfc3339(registration.service_time))
          .number(registration.amount.ore())
          .end_row();
    }
    if (account.account.card) {
      const ledger::ExemptionCard& card = *account.account.card;
      tables_->cards.number(person.value())
          .text(card.state == ledger::CardState::active ? "active" : "underReview")
          .text(ledger::to_rfc3339(card.issued_at))
          .text(ledger::to_string(card.entitled_from))
          .text(position_text(account.card_cause))
          .text(to_string(card.crossing_guid))
          .number(account.account.counted_sum.ore())
          .number(account.account.refunded().ore())
          .end_row();
    }
  }

  void write_payout(PersonId person, const ReferenceAccount& account, Money named) {
    const Payout payout{person, account.account.refunded(), named};
    if (payout.due == Money() && payout.named == Money()) return;
    add_payout(payout);
    std::map<Position, PracticeNumber> practices;
    for (const ReferenceRegistration& registration : account.registrations) {
      practices[registration.position] = registration.practice;
    }
    std::string lines;
    for (const ledger::RefundLine& line : account.account.refund_lines) {
      const std::string practice = practice_text(practices.at(line.registration));
      const std::string position = position_text(line.registration);
      lines += fmt::format(R"({}{{"position":"{}","practiceId":"{}","guid":"{}","amountOre":{}}})",
                           lines.empty() ? "" : ",", position, practice, to_string(line.guid),
                           line.amount.ore());
      tables_->payout_lines.number(person.value())
          .text(position)
          .text(practice)
          .text(to_string(line.guid))
          .number(line.amount.ore())
          .end_row();
    }
    for (TableFile* const table : {&tables_->payouts, &tables_->payouts_csv}) {
      table->number(person.value()).number(std::int64_t{year_}).text("person");
      table->number(payout.due.ore()).number(payout.named.ore()).number(payout.to_pay().ore());
    }
    tables_->payouts.json(fmt::format("[{}]", lines)).end_row();
    tables_->payouts_csv.end_row();
  }

  void add_payout(const Payout& payout) {
    RefundFigures& refunds = at_.figures.refunds;
    ++refunds.persons;
    refunds.due_ore += payout.due.ore();
    refunds.named_ore += payout.named.ore();
    const std::int64_t to_pay = payout.to_pay().ore();
    if (to_pay > 0) ++refunds.pay_persons;
    if (to_pay < 0) ++refunds.take_back_persons;
    (to_pay > 0 ? refunds.pay_ore : refunds.take_back_ore) += to_pay;
  }

  /// What the index of registrations must say of this person-year.
  void put_aside_registrations(PersonId person, const std::vector<Entry>& entries,
                               const ReferenceAccount& account) {
    std::map<std::pair<PracticeNumber, ledger::Guid>, ledger::Registration> registrations;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const ledger::Verdict& verdict = account.verdicts[i];
      if (!verdict.is_given()) continue;  // a misfit
      ledger::Registration& registration =
          registrations[{entries[i].practice, entries[i].item.guid}];
      switch (entries[i].item.type) {
        case ItemType::copayment:
          registration.person = person;
          registration.content_hash = content_hash_of(entries[i].item);
          registration.amount = entries[i].item.amount;
          registration.service_date = oslo_date(entries[i].item.service_time);
          registration.is_paid = entries[i].item.is_paid;
          registration.reported = verdict;
          break;
        case ItemType::payment:
          registration.is_paid = true;
          registration.payment = verdict;
          break;
        case ItemType::credit_note:
          registration.is_credited = true;
          registration.credit_note = verdict;
          break;
      }
    }
    std::string row;
    for (const auto& [key, registration] : registrations) {
      if (key.first.value() >= practice_ids_.size()) continue;  // reported as practice_differs
      const ledger::Fingerprint fingerprint =
          fingerprint_of(practice_ids_[key.first.value()], key.second);
      encode_registration(registration, row);
      PutAsideRegistration record{fingerprint.high, fingerprint.low, 0, {}};
      LEDGER_ASSERT(row.size() <= sizeof record.row);
      record.size = static_cast<std::uint8_t>(row.size());
      std::memcpy(record.row, row.data(), row.size());
      parts_->registrations.add(parts_->part_of_fingerprint(fingerprint.high), record);
    }
  }

  /// What the index of unpaid registrations must say of this person-year.
  void put_aside_unpaid(std::span<const Entry> entries, const ReferenceAccount& account) {
    for (const ReferenceRegistration& registration : account.registrations) {
      if (registration.reason != ledger::Code::unpaid) continue;
      const auto entry = std::find_if(entries.begin(), entries.end(), [&](const Entry& reported) {
        return reported.verdict.position == registration.position;
      });
      LEDGER_ASSERT(entry != entries.end());
      parts_->unpaid.add(
          part_of_practice(registration.practice.value()),
          put_aside(
              {registration.practice, oslo_date(registration.service_time), registration.position},
              {registration.position, registration.guid, registration.service_time,
               entry->item.received, registration.amount}));
    }
  }

  /// Lists what came after the statement before, and recomputes the person-year as it was then.
  void explain_changes(PersonId person, const std::vector<Entry>& entries,
                       const std::vector<std::uint32_t>& rule_packs,
                       const ReferenceAccount& account) {
    const auto later = std::partition_point(
        entries.begin(), entries.end(),
        [this](const Entry& entry) { return entry.verdict.position <= previous_->position; });
    const auto known = static_cast<std::size_t>(later - entries.begin());
    if (known == entries.size()) {
      add_to(at_.figures.totals_before, entries, account);
      return;
    }
    if (known != 0) {
      const std::span<const Entry> before(entries.data(), known);
      add_to(at_.figures.totals_before, before, recompute(before, rule_packs));
    }
    for (std::size_t i = known; i < entries.size(); ++i) {
      if (!account.verdicts[i].is_given()) continue;  // a misfit
      write_change(person, entries[i], account,
                   account.sums[i] - (i == 0 ? Money() : account.sums[i - 1]));
    }
  }

  void write_change(PersonId person, const Entry& entry, const ReferenceAccount& account,
                    Money counted) {
    Money refunded;
    for (const ledger::RefundLine& line : account.account.refund_lines) {
      if (line.cause == entry.verdict.position) refunded += line.amount;
    }
    ChangeFigures& changes = at_.figures.changes;
    changes.counted_ore += counted.ore();
    changes.refunded_ore += refunded.ore();
    switch (entry.item.type) {
      case ItemType::copayment:
        ++changes.copayments;
        break;
      case ItemType::payment:
        ++changes.payments;
        break;
      case ItemType::credit_note:
        ++changes.credit_notes;
        break;
    }
    tables_->changes.text(position_text(entry.verdict.position))
        .text(name_of(entry.item.type))
        .text(practice_text(entry.practice))
        .text(to_string(entry.item.guid))
        .number(person.value())
        .text(ledger::to_rfc3339(entry.item.received))
        .number(counted.ore())
        .number(refunded.ore())
        .end_row();
  }

  // ---- the end ----

  /// Those with the most co-payments that came after the last limit.
  std::vector<NamedPractice> latest_practices() const {
    std::vector<NamedPractice> latest;
    for (std::uint32_t i = 1; i < practice_figures_.size(); ++i) {
      NamedPractice practice{practice_text(PracticeNumber{i}), practice_figures_[i]};
      if (practice.late() <= 0) continue;
      const auto place = std::upper_bound(
          latest.begin(), latest.end(), practice,
          [](const auto& one, const auto& other) { return one.late() > other.late(); });
      latest.insert(place, std::move(practice));
      if (latest.size() > latest_practices_max) latest.pop_back();
    }
    return latest;
  }

  MadeStatement finish(const std::array<TimelinessMonth, 12>& by_month) {
    for (std::uint32_t i = 1; i < practice_figures_.size(); ++i) {
      const PracticeFigures& practice = practice_figures_[i];
      if (practice.part.registrations == 0) continue;
      tables_->practices.text(practice_text(PracticeNumber{i}))
          .number(practice.part.registrations)
          .number(practice.part.amount_ore)
          .number(practice.part.counted_ore)
          .number(practice.part.refunded_ore)
          .number(practice.within[0])
          .number(practice.within[1])
          .number(practice.within[2])
          .number(practice.lateness.persons)
          .number(practice.lateness.by_lateness_ore)
          .number(practice.lateness.despite_card_ore)
          .number(practice.lateness.ore_days)
          .end_row();
    }
    for (std::size_t i = 1; i < service_types; ++i) {
      const PartFigures& part = at_.figures.by_service_type[i];
      tables_->service_types.text(code_of(static_cast<ledger::ServiceType>(i)))
          .number(part.registrations)
          .number(part.amount_ore)
          .number(part.counted_ore)
          .number(part.refunded_ore)
          .end_row();
    }
    std::vector<std::string> files;
    for (TableFile* const table : tables_->files()) files.push_back(table->manifest_entry());

    Statement statement;
    statement.year = year_;
    statement.number = at_.number;
    statement.ceiling = ceiling_;
    statement.rule_pack = source_.rules.hash();
    statement.position = Position{at_.position};
    statement.root = at_.root;
    statement.made_at = source_.now;
    statement.figures = at_.figures;
    statement.by_month = by_month;
    for (const TimelinessMonth& month : by_month) statement.timeliness.merge(month);
    statement.latest_practices = latest_practices();
    statement.previous = previous_;
    const fs::path made = work_ / "statement";
    seal_statement(made, statement, files, is_dry_run_ ? nullptr : &source_.signing);

    MadeStatement result{statement.id(), made, at_.figures.difference_count()};
    state_.reset();
    tables_.reset();
    if (use_files_) use_files_(made);
    if (!is_dry_run_) {
      result.folder = source_.folder / "statements" / result.id;
      publish_folder(made, result.folder);
    }
    std::error_code ignored;  // it is made, whatever stays behind
    for (const char* const name : {"checkpoint", "state", "parts"}) {
      fs::remove_all(work_ / name, ignored);
    }
    if (!is_dry_run_) fs::remove_all(work_, ignored);
    return result;
  }

  const ReconciliationSource& source_;
  const int year_;
  const bool is_dry_run_;
  const ReportProgress& report_;
  const UseFiles& use_files_;
  const fs::path work_;
  const Money ceiling_;
  const std::optional<PreviousStatement> previous_;

  Checkpoint at_;
  NamedPayouts named_;
  std::unique_ptr<StateReader> state_;
  std::unique_ptr<ReconciliationParts> parts_;
  std::unique_ptr<StatementTables> tables_;
  std::vector<ledger::PracticeId> practice_ids_;  // by number
  std::unordered_map<std::string, std::uint32_t> practice_numbers_;
  std::uint32_t practices_introduced_ = 0;         // by the entries read so far
  std::vector<PracticeFigures> practice_figures_;  // by number
  std::vector<ledger::RulePackHash> rule_packs_;
  const UseDifference use_difference_ = [this](const Difference& difference) {
    report_difference(difference);
  };
};

}  // namespace

fs::path reconciliation_work(const fs::path& folder, int year, bool is_dry_run) {
  return folder / "statements" / fmt::format(".work-{}{}", year, is_dry_run ? "-dry" : "");
}

MadeStatement reconcile(const ReconciliationSource& source, int year, bool is_dry_run,
                        const ReportProgress& report, const UseFiles& use_files) {
  bool is_interrupted = false;
  const ReportProgress watched = [&](std::string_view phase, std::string_view unit,
                                     std::uint64_t done, std::uint64_t total) {
    is_interrupted = true;  // unless it returns
    report(phase, unit, done, total);
    is_interrupted = false;
  };
  try {
    return Reconciliation(source, year, is_dry_run, watched, use_files).run();
  } catch (const std::exception&) {
    // What failed begins anew: on a full disk it would be in the way, and a damaged copy of the
    // state would end the next run too.
    std::error_code ignored;
    if (!is_interrupted) {
      fs::remove_all(reconciliation_work(source.folder, year, is_dry_run), ignored);
    }
    throw;
  }
}

}  // namespace storage
