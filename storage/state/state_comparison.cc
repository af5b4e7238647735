#include "storage/state/state_comparison.h"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <utility>

#include "storage/state/state_row_text.h"

namespace storage {
namespace {

using ledger::Errc;
using ledger::Position;
using ledger::Result;

constexpr std::uint64_t rows_per_report = 100'000;

[[noreturn]] void fail_to_read(StateFamily family) {
  throw std::runtime_error("the family " + std::string(name_of(family)) +
                           " of the state is damaged; remedy: remove the folder state, it is made "
                           "again from the journal");
}

PracticeIds practices_of(const StateReader& state) {
  PracticeIds practices(1);
  const auto read = state.for_each(
      StateFamily::practices, {},
      [&](std::string_view key, std::string_view value) -> Result<void> {
        const auto practice = decode_practice(value);
        const ledger::PracticeNumber number = decode_practice_key(key);
        if (number.value() != practices.size()) return Errc::corrupt_record;
        // One that does not decode shows in the comparison; the others keep their
        // numbers.
        practices.push_back(practice ? practice.value().practice.id : ledger::PracticeId());
        return ledger::ok();
      });
  if (!read) fail_to_read(StateFamily::practices);
  return practices;
}

/// The sum of the hashes of rows, as StateStore adds them when they change.
class RowChecksum {
 public:
  explicit RowChecksum(const StateReader& state) : practices_(practices_of(state)) {}

  const SetHash& sum() const { return sum_; }
  const PracticeIds& practices() const { return practices_; }

  Result<void> add(StateFamily family, std::string_view key, std::string_view value) {
    if (family == StateFamily::registrations) sum_.add("r", key, Row::checksum_content(value));
    if (family == StateFamily::accounts) sum_.add("a", key, Row::checksum_content(value));
    if (family == StateFamily::facts) sum_.add("f", key, Row::checksum_content(value));
    if (family == StateFamily::practices) return add_practice(value);
    if (family != StateFamily::timeliness) return ledger::ok();
    const ledger::TimelinessKey whose = decode_timeliness_key(key);
    if (whose.practice == ledger::nation) return ledger::ok();
    const auto month = decode_timeliness(value);
    if (!month) return month.error();
    if (whose.practice.value() >= practices_.size()) return Errc::corrupt_record;
    const ledger::PracticeId& practice = practices_[whose.practice.value()];
    for (std::uint32_t lag = 0; lag < month.value().by_lag.size(); ++lag) {
      const std::uint32_t count = month.value().by_lag[lag];
      if (count == 0) continue;
      encode_lag_content(practice, whose.basis, whose.month, lag, content_);
      sum_.add("t", {}, content_, count);
    }
    return ledger::ok();
  }

 private:
  Result<void> add_practice(std::string_view value) {
    const auto practice = decode_practice(value);
    if (!practice) return practice.error();
    if (!practice.value().registered) return ledger::ok();
    encode_practice_content(practice.value().registered->event, content_);
    sum_.add("p", practice.value().practice.id.view(), content_);
    return ledger::ok();
  }

  PracticeIds practices_;
  std::string content_;
  SetHash sum_;
};

class Comparison {
 public:
  Comparison(const StateReader& first, const StateReader& second, std::size_t listed_max,
             const ReportProgress& report)
      : first_(first),
        second_(second),
        listed_max_(listed_max),
        report_(report),
        total_(first.applied().totals.registrations + first.applied().totals.accounts),
        first_checksum_(first),
        second_checksum_(second) {}

  StateComparison run() {
    report_("compare", "rows", 0, total_);
    for (const StateFamily family : compared_families) walk(family);
    found_.first_checksum = first_checksum_.sum();
    found_.second_checksum = second_checksum_.sum();
    return std::move(found_);
  }

 private:
  void walk(StateFamily family) {
    StateCursor first(first_, family);
    StateCursor second(second_, family);
    while (first.is_at_row() || second.is_at_row()) {
      const int order = !second.is_at_row()  ? -1
                        : !first.is_at_row() ? 1
                                             : first.key().compare(second.key());
      if (order < 0) note_missing(family, first, true);
      if (order > 0) note_missing(family, second, false);
      if (order == 0 && first.value() != second.value()) note_changed(family, first, second);
      // A row that does not decode has been noted: no checksum fits it.
      if (order <= 0) {
        static_cast<void>(first_checksum_.add(family, first.key(), first.value()));
        first.next();
        count_row();
      }
      if (order >= 0) {
        static_cast<void>(second_checksum_.add(family, second.key(), second.value()));
        second.next();
      }
    }
    if (!first.status() || !second.status()) fail_to_read(family);
  }

  void count_row() {
    if (++rows_ % rows_per_report == 0) report_("compare", "rows", rows_, std::max(rows_, total_));
  }

  void note_missing(StateFamily family, const StateCursor& row, bool is_first) {
    if (found_.differences.size() >= listed_max_) {
      ++found_.difference_count;
      return;
    }
    StateDifference difference =
        name_row(family, row.key(), row.value(), first_checksum_.practices());
    difference.field = "row";
    (is_first ? difference.first : difference.second) = "present";
    note(std::move(difference));
  }

  void note_changed(StateFamily family, const StateCursor& first, const StateCursor& second) {
    const StateDifference row =
        name_row(family, second.key(), second.value(), second_checksum_.practices());
    const auto before = fields_of(family, first.key(), first.value());
    const auto after = fields_of(family, second.key(), second.value());
    std::uint64_t noted = 0;
    const auto note_field = [&](const std::string& field, std::optional<std::string> was,
                                std::optional<std::string> is) {
      StateDifference difference = row;
      difference.field = field;
      difference.first = std::move(was);
      difference.second = std::move(is);
      note(std::move(difference));
      ++noted;
    };
    if (!before || !after) {
      note_field("row", before ? "readable" : "damaged", after ? "readable" : "damaged");
      return;
    }
    for (const auto& [field, text] : before.value()) {
      const auto other = after.value().find(field);
      if (other == after.value().end()) {
        note_field(field, text, std::nullopt);
      } else if (other->second != text) {
        note_field(field, text, other->second);
      }
    }
    for (const auto& [field, text] : after.value()) {
      if (!before.value().contains(field)) note_field(field, std::nullopt, text);
    }
    if (noted == 0) note_field("bytes", "other bytes", "other bytes");
  }

  void note(StateDifference difference) {
    ++found_.difference_count;
    if (found_.differences.size() < listed_max_) {
      found_.differences.push_back(std::move(difference));
    }
  }

  const StateReader& first_;
  const StateReader& second_;
  const std::size_t listed_max_;
  const ReportProgress& report_;
  const std::uint64_t total_;
  RowChecksum first_checksum_;
  RowChecksum second_checksum_;
  std::uint64_t rows_ = 0;
  StateComparison found_;
};

}  // namespace

SetHash recompute_checksum(const StateReader& state, const ReportProgress& report) {
  RowChecksum checksum(state);
  const StateTotals& totals = state.applied().totals;
  std::uint64_t rows = 0;
  const std::uint64_t total = totals.registrations + totals.accounts;
  report("check", "rows", rows, total);
  for (const StateFamily family :
       {StateFamily::registrations, StateFamily::accounts, StateFamily::facts,
        StateFamily::practices, StateFamily::timeliness}) {
    const auto added =
        state.for_each(family, {}, [&](std::string_view key, std::string_view value) {
          if (++rows % rows_per_report == 0) {
            report("check", "rows", rows, std::max(rows, total));
          }
          return checksum.add(family, key, value);
        });
    if (!added) fail_to_read(family);
  }
  return checksum.sum();
}

StateComparison compare_states(const StateReader& first, const StateReader& second,
                               std::size_t listed_max, const ReportProgress& report) {
  return Comparison(first, second, listed_max, report).run();
}

}  // namespace storage
