#include "ledger/reference/reconcile.h"

#include <algorithm>
#include <array>

#include "ledger/values/hex.h"
#include "ledger/values/rfc3339.h"

namespace ledger {
namespace {

constexpr std::array<std::string_view, difference_kind_count> kind_names{
    "verdictDiffers",      "accountMissing",    "accountUnfounded",    "sumDiffers",
    "cardMissing",         "cardUnfounded",     "cardDiffers",         "secondCard",
    "cardEventMissing",    "refundLineMissing", "refundLineTooMany",   "refundSumDiffers",
    "refundEventDiffers",  "eventDiffers",      "registrationMissing", "registrationUnfounded",
    "registrationDiffers", "numberDiffers",     "personDiffers",       "practiceDiffers",
    "timelinessDiffers",   "unpaidMissing",     "unpaidUnfounded",     "unpaidDiffers"};

std::string text_of(Money money) { return std::to_string(money.ore()); }
std::string text_of(Position position) { return std::to_string(position.value()); }
std::string text_of(bool value) { return value ? "true" : "false"; }
std::string text_of(Instant instant) { return to_rfc3339(instant); }
std::string text_of(Date date) { return to_string(date); }
std::string text_of(const Guid& guid) { return to_string(guid); }
std::string text_of(Code code) { return std::string(name_of(code)); }
std::string text_of(CardState state) {
  return state == CardState::active ? "active" : "underReview";
}
template <std::size_t Size>
std::string text_of(const std::array<std::uint8_t, Size>& bytes) {
  return to_hex(bytes);
}
std::string text_of(const std::optional<ToldCard>& told) {
  if (!told) return "everything";
  if (!told->is_issued) return "no card";
  return text_of(told->state) + " " + text_of(told->entitled_from);
}
std::string text_of(const RefundLine& line) {
  return text_of(line.amount) + " for " + text_of(line.registration) + " by " + text_of(line.cause);
}

/// Of an event that is not about a refund.
std::string text_of(const Event& event) {
  std::string text(name_of(event.type));
  text += " of " + std::to_string(event.account.person.value()) + " by " + text_of(event.cause);
  text += " for " + text_of(event.registration) + ": " + text_of(event.card) + " from " +
          text_of(event.entitled_from);
  if (event.moved_from != Date()) text += " instead of " + text_of(event.moved_from);
  return text;
}

/// Compares one person-year; see compare_account().
class Comparison {
 public:
  Comparison(const AccountKey& key, const ReferenceAccount& expected, Money ceiling,
             std::vector<Difference>& differences)
      : key_(key), expected_(expected), ceiling_(ceiling), differences_(differences) {}

  void compare_entries(std::span<const ItemEntry> entries) {
    for (const Position misfit : expected_.misfits) {
      report(DifferenceKind::verdict_differs, misfit, "entry", "not accepted", "accepted");
    }
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const Verdict& given = entries[i].verdict;
      const Verdict& due = expected_.verdicts[i];
      constexpr auto kind = DifferenceKind::verdict_differs;
      compare(kind, given.position, "previous", expected_.previous[i], entries[i].previous);
      if (!due.is_given()) continue;  // a misfit
      compare(kind, given.position, "counted", due.counted, given.counted);
      compare(kind, given.position, "exempt", due.exempt, given.exempt);
      compare(kind, given.position, "code", due.reason, given.reason);
    }
  }

  void compare_stored(const std::optional<Account>& found) {
    const Account& due = expected_.account;
    if (!found) {
      if (expected_.registrations.empty()) return;
      report(DifferenceKind::account_missing, due.newest, "countedOre", text_of(due.counted_sum),
             "");
      return;
    }
    if (expected_.registrations.empty()) {
      report(DifferenceKind::account_unfounded, found->newest, "countedOre", "",
             text_of(found->counted_sum));
      return;
    }
    constexpr auto kind = DifferenceKind::sum_differs;
    compare(kind, due.newest, "countedOre", due.counted_sum, found->counted_sum);
    compare(kind, due.newest, "newest", due.newest, found->newest);
    compare(kind, due.newest, "changedBy", due.changed_by, found->changed_by);
    compare_days(found->days);
    compare_card(found->card);
    compare(DifferenceKind::card_differs, expected_.card_cause, "told", due.told, found->told);
    compare_refund_lines(found->refund_lines);
  }

  /// Each card is announced once, each refund line as it is, and all else likewise.
  void compare_events(std::span<const Event> events) {
    const std::size_t before = differences_.size();
    compare_announcements(events);
    compare_refunds(events);
    if (differences_.size() == before) compare_each(events);
  }

 private:
  void compare_refunds(std::span<const Event> events) {
    const std::vector<RefundLine> due = refunds_in(expected_.events);
    const std::vector<RefundLine> told = refunds_in(events);
    if (told == due) return;
    const auto [line, event] = std::mismatch(due.begin(), due.end(), told.begin(), told.end());
    report(DifferenceKind::refund_event_differs, event != told.end() ? event->cause : line->cause,
           "refund", line != due.end() ? text_of(*line) : "",
           event != told.end() ? text_of(*event) : "");
  }

  /// Finds what the two others do not look at.
  void compare_each(std::span<const Event> events) {
    const std::vector<Event>& due = expected_.events;
    const auto [expected, found] =
        std::mismatch(due.begin(), due.end(), events.begin(), events.end());
    if (expected == due.end() && found == events.end()) return;
    report(DifferenceKind::event_differs, expected != due.end() ? expected->cause : found->cause,
           "event", expected != due.end() ? text_of(*expected) : "",
           found != events.end() ? text_of(*found) : "");
  }

  void report(DifferenceKind kind, Position position, std::string field, std::string expected,
              std::string found) {
    differences_.push_back(
        {kind, key_, {}, position, std::move(field), std::move(expected), std::move(found)});
  }

  template <class Value>
  void compare(DifferenceKind kind, Position position, const char* field, const Value& expected,
               const Value& found) {
    if (expected != found) report(kind, position, field, text_of(expected), text_of(found));
  }

  static std::vector<Position> announcements_in(std::span<const Event> events) {
    std::vector<Position> causes;
    for (const Event& event : events) {
      if (event.type == EventType::card_issued) causes.push_back(event.cause);
    }
    return causes;
  }

  /// What was told of refunds, as the lines that would say the same.
  static std::vector<RefundLine> refunds_in(std::span<const Event> events) {
    std::vector<RefundLine> lines;
    for (const Event& event : events) {
      if (event.type != EventType::refund_due && event.type != EventType::refund_netted) continue;
      lines.push_back({event.registration, {}, event.cause, event.amount});
    }
    return lines;
  }

  void compare_announcements(std::span<const Event> events) {
    std::vector<Position> due = announcements_in(expected_.events);
    for (const Position cause : announcements_in(events)) {
      const auto match = std::find(due.begin(), due.end(), cause);
      if (match != due.end()) {
        due.erase(match);
      } else {
        report(DifferenceKind::second_card, cause, "cardIssued", "", text_of(cause));
      }
    }
    for (const Position cause : due) {
      report(DifferenceKind::card_event_missing, cause, "cardIssued", text_of(cause), "");
    }
  }

  void compare_days(const std::vector<DaySum>& found) {
    const std::vector<DaySum>& due = expected_.account.days;
    if (found == due) return;
    const auto [left, right] = std::mismatch(due.begin(), due.end(), found.begin(), found.end());
    const auto describe = [](const auto& day, const auto& end) {
      return day == end ? std::string() : text_of(day->day) + " " + text_of(day->amount);
    };
    report(DifferenceKind::sum_differs, expected_.account.newest, "day", describe(left, due.end()),
           describe(right, found.end()));
  }

  void compare_card(const std::optional<ExemptionCard>& found) {
    const std::optional<ExemptionCard>& due = expected_.account.card;
    const Position cause = expected_.card_cause;
    if (!due && !found) return;
    if (!found) {
      report(DifferenceKind::card_missing, cause, "card", text_of(due->issued_at), "");
      return;
    }
    if (!due) {
      report(DifferenceKind::card_unfounded, {}, "card", "", text_of(found->issued_at));
      return;
    }
    constexpr auto kind = DifferenceKind::card_differs;
    compare(kind, cause, "state", due->state, found->state);
    compare(kind, cause, "issuedAt", due->issued_at, found->issued_at);
    compare(kind, cause, "entitledFrom", due->entitled_from, found->entitled_from);
    compare(kind, cause, "crossingGuid", due->crossing_guid, found->crossing_guid);
    compare(kind, cause, "rulePack", due->rule_pack, found->rule_pack);
    compare(kind, cause, "cardId", due->id, found->id);
    compare(kind, cause, "issuedBy", due->issued_by, found->issued_by);
    compare(kind, cause, "crossing", due->crossing, found->crossing);
  }

  void compare_refund_lines(const std::vector<RefundLine>& found) {
    // Lines of one cause are few, and two of them are never equal: a set difference does.
    std::vector<RefundLine> left = expected_.account.refund_lines;
    for (const RefundLine& line : found) {
      const auto match = std::find(left.begin(), left.end(), line);
      if (match != left.end()) {
        left.erase(match);
      } else {
        report(DifferenceKind::refund_line_too_many, line.cause, "refundLine", "", text_of(line));
      }
    }
    for (const RefundLine& line : left) {
      report(DifferenceKind::refund_line_missing, line.cause, "refundLine", text_of(line), "");
    }
    Money sum;
    for (const RefundLine& line : found) sum += line.amount;
    const Money excess = std::max(Money(), expected_.account.counted_sum - ceiling_);
    compare(DifferenceKind::refund_sum_differs, expected_.account.newest, "refundedOre", excess,
            sum);
  }

  const AccountKey key_;
  const ReferenceAccount& expected_;
  const Money ceiling_;
  std::vector<Difference>& differences_;
};

}  // namespace

std::string_view name_of(DifferenceKind kind) { return kind_names[static_cast<std::size_t>(kind)]; }

void compare_account(const AccountKey& key, std::span<const ItemEntry> entries,
                     const ReferenceAccount& expected, const std::optional<Account>& found,
                     std::span<const Event> events, Money ceiling,
                     std::vector<Difference>& differences) {
  Comparison comparison(key, expected, ceiling, differences);
  comparison.compare_entries(entries);
  if (key.person == PersonId()) return;
  comparison.compare_stored(found);
  comparison.compare_events(events);
}

}  // namespace ledger
