#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/ports/journal.h"
#include "ledger/records/timeliness.h"
#include "ledger/reference/reconcile.h"

/// What a statement says. A reconciliation gives it; statement_json.h and the tables show it.
namespace storage {

/// The totals of a year. The names are those of the statement; counts, or øre where the name says.
enum class Figure : std::uint8_t {
  registrations,
  amount_ore,
  unpaid,  ///< not paid, not credited
  unpaid_ore,
  zero_amount,
  credited,
  credited_ore,
  counted,
  counted_ore,
  payments,
  credit_notes,
  persons,
  cards,  ///< also those under review
  cards_under_review,
  refund_lines,
  refunded_ore,
  payouts,  ///< persons to whom something is refunded
  payout_ore,
};
inline constexpr std::size_t figure_count = 18;
std::string_view name_of(Figure figure);

struct Totals {
  std::array<std::int64_t, figure_count> values{};

  std::int64_t& operator[](Figure figure) { return values[static_cast<std::size_t>(figure)]; }
  std::int64_t operator[](Figure figure) const { return values[static_cast<std::size_t>(figure)]; }
  friend bool operator==(const Totals&, const Totals&) = default;
};

/// What is added up for each service type and each practice.
struct PartFigures {
  std::int64_t registrations = 0;
  std::int64_t amount_ore = 0;
  std::int64_t counted_ore = 0;
  std::int64_t refunded_ore = 0;
};

/// What is paid out; see payouts.h. `due` = `named` + `pay` + `take_back`.
struct RefundFigures {
  std::int64_t persons = 0;  ///< rows of the table of payouts
  std::int64_t due_ore = 0;
  std::int64_t named_ore = 0;
  std::int64_t pay_persons = 0;  ///< to whom something is to be paid now
  std::int64_t pay_ore = 0;
  std::int64_t take_back_persons = 0;
  std::int64_t take_back_ore = 0;  ///< at most 0
};

struct LatenessFigures {
  std::int64_t persons = 0;
  std::int64_t overpaid_ore = 0;
  std::int64_t by_lateness_ore = 0;
  std::int64_t despite_card_ore = 0;
  std::int64_t ore_days = 0;
};

struct PracticeFigures {
  PartFigures part;
  std::array<std::int64_t, 3> within{};  ///< co-payments received within 16, 24, 32 days
  /// `persons`: those whom its lateness, or its charging, cost something.
  LatenessFigures lateness;
};

/// A practice that a statement names.
struct NamedPractice {
  std::string id;
  PracticeFigures figures;

  std::int64_t late() const { return figures.part.registrations - figures.within[2]; }
};

/// What came after the position of the statement before.
struct ChangeFigures {
  std::int64_t copayments = 0;
  std::int64_t payments = 0;
  std::int64_t credit_notes = 0;
  std::int64_t counted_ore = 0;
  std::int64_t refunded_ore = 0;
};

struct CardMonth {
  std::int64_t issued = 0;    ///< by the day on which the ledger issued it
  std::int64_t entitled = 0;  ///< by the day from which it was valid
};

/// The year, and the three years in which credits may still come; later ones count in the last.
inline constexpr std::size_t card_months = 48;
inline constexpr std::size_t latest_practices_max = 10;
inline constexpr std::size_t service_types = 14;  ///< one more than there are: they begin at 1

/// Everything that a statement adds up. Plain data: kept as it is between two runs.
struct StatementFigures {
  Totals totals;
  Totals totals_before;  ///< recomputed at the position of the statement before
  ChangeFigures changes;
  RefundFigures refunds;
  LatenessFigures lateness;
  std::array<PartFigures, service_types> by_service_type{};
  std::array<CardMonth, card_months> by_card_month{};
  std::array<std::int64_t, ledger::difference_kind_count> differences{};

  std::int64_t difference_count() const;
};

/// A statement that has been made.
struct PreviousStatement {
  std::string id;
  std::filesystem::path folder;
  ledger::Position position;
  std::string manifest_sha256;
  std::optional<Totals> totals;  ///< nothing when its files are not there
};

struct Statement {
  int year = 0;
  std::uint64_t number = 0;  ///< 1, 2, 3 …; 0 in a dry run
  ledger::Money ceiling;
  ledger::RulePackHash rule_pack{};
  ledger::Position position;  ///< the last one that is covered
  ledger::Digest root{};      ///< of the record that holds it
  ledger::Instant made_at;
  StatementFigures figures;
  ledger::TimelinessMonth timeliness;                  ///< of the year's services
  std::array<ledger::TimelinessMonth, 12> by_month{};  ///< by month of service
  std::vector<NamedPractice> latest_practices;         ///< the most late ones first; only such
  std::optional<PreviousStatement> previous;

  std::string id() const;
};

}  // namespace storage
