#include "ledger/rules/person_merge.h"

#include <algorithm>
#include <iterator>

#include "ledger/rules/judgement.h"
#include "ledger/rules/person_events.h"

namespace ledger {
namespace {

bool is_earlier(const HeldRegistration& a, const HeldRegistration& b) {
  return a.position() < b.position();
}

bool was_issued_before(const ExemptionCard& a, const ExemptionCard& b) {
  if (a.issued_at != b.issued_at) return a.issued_at < b.issued_at;
  return a.issued_by < b.issued_by;
}

std::vector<DaySum> joined(const std::vector<DaySum>& a, const std::vector<DaySum>& b) {
  std::vector<DaySum> days;
  std::merge(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(days),
             [](const DaySum& x, const DaySum& y) { return x.day < y.day; });
  std::size_t last = 0;
  for (std::size_t i = 1; i < days.size(); ++i) {
    if (days[i].day == days[last].day) {
      days[last].amount += days[i].amount;
    } else {
      days[++last] = days[i];
    }
  }
  if (!days.empty()) days.resize(last + 1);
  return days;
}

/// In the order in which they were written: those of this entry are `newest`.
std::vector<RefundLine> joined(std::vector<RefundLine> a, std::vector<RefundLine> b, Position entry,
                               const std::vector<RefundLine>& newest) {
  for (std::vector<RefundLine>* lines : {&a, &b}) {
    std::erase_if(*lines, [entry](const RefundLine& line) { return line.cause == entry; });
  }
  std::vector<RefundLine> lines;
  std::merge(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(lines),
             [](const RefundLine& x, const RefundLine& y) { return x.cause < y.cause; });
  lines.insert(lines.end(), newest.begin(), newest.end());
  return lines;
}

Money excess_of(Money sum, Money ceiling) { return std::max(Money(), sum - ceiling); }

/// Refunds `gain` to the newest registrations that count, each up to what it has not got yet.
void refund_newest(Posting& posting, Money gain,
                   const std::vector<HeldRegistration>& registrations) {
  for (std::size_t i = registrations.size(); i-- > 0 && !gain.is_zero();) {
    const HeldRegistration& held = registrations[i];
    if (!held.registration.is_counted) continue;
    const Money left = held.registration.amount - posting.refunded(held.position());
    const Money amount = std::min(left, gain);
    posting.refund(countable(held), amount);
    gain -= amount;
  }
}

/// The crossing registration of a joined sum: the one at which it reached the ceiling, taken in the
/// order of their positions.
void cross_at_joined_sum(Posting& posting, Money ceiling,
                         const std::vector<HeldRegistration>& registrations) {
  Money sum;
  for (const HeldRegistration& held : registrations) {
    if (!held.registration.is_counted) continue;
    sum += held.registration.amount;
    if (sum >= ceiling) return posting.cross_at(countable(held));
  }
}

}  // namespace

Result<void> PersonMerge::run(std::vector<Event>& events) {
  const auto kept = store_.load_person(entry_.person);
  if (!kept) return kept.error();
  const auto other = store_.load_person(entry_.other);
  if (!other) return other.error();
  entry_.previous = kept.value().newest_event;
  entry_.other_previous = other.value().newest_event;
  settle_facts(kept.value(), other.value());
  // Readers see each step. Who asks meanwhile is never shown what an opt-out hides, and finds the
  // account of the other one until its number leads to the one who stays.
  joined_.untold.clear();
  if (const auto put = put_person(entry_.person, joined_); !put) return put;
  for (const auto& [year, ceiling] : rules_.ceilings()) {
    if (const auto done = join_year(year); !done) return done;
  }
  if (const auto joined = join_numbers(); !joined) return joined;
  for (const JoinedYear& joined : entry_.years) {
    if (const auto removed = remove_account({entry_.other, joined.year}); !removed) return removed;
  }
  return tell(kept.value(), other.value(), events);
}

Result<void> PersonMerge::put_person(PersonId id, const Person& person) {
  if (const auto loaded = store_.load_person(id); !loaded) return loaded.error();
  return store_.put_person(id, person);
}

Result<void> PersonMerge::remove_account(const AccountKey& key) {
  Account account;
  if (const auto loaded = store_.load_account(key, account); !loaded) return loaded;
  return account.newest.value() == 0 ? ok() : store_.remove_account(key);
}

Result<void> PersonMerge::tell(const Person& kept, const Person& other,
                               std::vector<Event>& events) {
  UntoldMerge merge{entry_.position, entry_.person, entry_.other, std::move(replaced_cards_)};
  if (is_hidden()) {
    std::merge(kept.untold.begin(), kept.untold.end(), other.untold.begin(), other.untold.end(),
               std::back_inserter(joined_.untold),
               [](const UntoldMerge& a, const UntoldMerge& b) { return a.position < b.position; });
    joined_.untold.push_back(std::move(merge));
    if (const auto put = put_person(entry_.person, joined_); !put) return put;
  } else {
    events.push_back(told_merge(merge, entry_.position));
    std::move(told_.begin(), told_.end(), std::back_inserter(events));
  }
  Person gone;
  gone.newest_event = entry_.position;
  gone.merged_into = entry_.person;
  return put_person(entry_.other, gone);
}

/// What is known of the one who stays wins; the other's fills what nothing was said about.
void PersonMerge::settle_facts(const Person& kept, const Person& other) {
  kept_birth_date_ = kept.birth_date;
  other_birth_date_ = other.birth_date;
  joined_ = kept;
  joined_.newest_event = entry_.position;
  joined_.is_opted_out = kept.is_opted_out || other.is_opted_out;
  if (!joined_.birth_date) joined_.birth_date = other.birth_date;
  if (!joined_.has_death) {
    joined_.has_death = other.has_death;
    joined_.death = other.death;
  }
  if (!joined_.pension) joined_.pension = other.pension;
}

Result<void> PersonMerge::join_year(int year) {
  Side kept;
  Side other;
  const auto found = store_.load_account({entry_.other, year}, other.account);
  if (!found) return found;
  const PostContext context = context_of(entry_, rules_, year, joined_.birth_date);
  if (const auto loaded = store_.load_account(context.account, kept.account); !loaded) {
    return loaded;
  }
  if (kept.account.newest.value() == 0 && other.account.newest.value() == 0) return ok();
  entry_.years.push_back({year, kept.account.newest, other.account.newest});
  if (needs_registrations(year, kept.account, other.account, context.ceiling)) {
    if (const auto read = read_registrations(year, kept, other); !read) return read;
  }
  auto written = stop_both(context, kept, other);
  if (!written) return written.error();

  Account account;
  account.counted_sum = kept.account.counted_sum + other.account.counted_sum;
  account.days = joined(kept.account.days, other.account.days);
  account.refund_lines = joined(kept.account.refund_lines, other.account.refund_lines,
                                entry_.position, written.value());
  account.newest = entry_.position;
  account.changed_by = entry_.position;
  const ToldCard before = join_cards(year, kept.account, other.account, account);
  std::vector<HeldRegistration> registrations;
  std::merge(kept.registrations.begin(), kept.registrations.end(), other.registrations.begin(),
             other.registrations.end(), std::back_inserter(registrations), is_earlier);
  const auto posted = post(context, before, registrations, account);
  if (!posted) return posted;
  return store_.put_account(context.account, account);
}

/// Whether more than sums and cards decides: reading all of both accounts takes long.
bool PersonMerge::needs_registrations(int year, const Account& kept, const Account& other,
                                      Money ceiling) const {
  const auto is_judged_again = [&](const std::optional<Date>& before) {
    return before != joined_.birth_date &&
           (can_be_child(before, year) || can_be_child(joined_.birth_date, year));
  };
  if (!is_hidden() && (is_judged_again(kept_birth_date_) || is_judged_again(other_birth_date_))) {
    return true;
  }
  const Money sum = kept.counted_sum + other.counted_sum;
  const bool has_card = kept.card || other.card;
  const Money gain = excess_of(sum, ceiling) - kept.refunded() - other.refunded();
  return !gain.is_zero() || (!has_card && sum >= ceiling);
}

Result<void> PersonMerge::read_registrations(int year, Side& kept, Side& other) {
  for (Side* side : {&kept, &other}) {
    auto history = read_history(store_, log_, side->account.newest, year);
    if (!history) return history.error();
    side->registrations = std::move(history.value().registrations);
  }
  return ok();
}

/// Those of both that no longer count stop, each in its own account; the lines that this writes, in
/// their order.
Result<std::vector<RefundLine>> PersonMerge::stop_both(const PostContext& context, Side& kept,
                                                       Side& other) {
  std::vector<RefundLine> written;
  if (is_hidden()) return written;
  struct Stopping {
    HeldRegistration* held;
    Side* side;
    Posting* posting;
  };
  std::vector<Stopping> stopping;
  Posting of_kept(context, kept.account);
  Posting of_other(context, other.account);
  for (auto [side, posting] : {std::pair(&kept, &of_kept), std::pair(&other, &of_other)}) {
    for (HeldRegistration& held : side->registrations) {
      if (held.registration.is_counted && !shall_count(held, context.birth_date)) {
        stopping.push_back({&held, side, posting});
      }
    }
  }
  std::sort(stopping.begin(), stopping.end(),
            [](const auto& a, const auto& b) { return is_earlier(*a.held, *b.held); });
  for (const Stopping& next : stopping) {
    const std::vector<RefundLine>& lines = next.side->account.refund_lines;
    const auto before = static_cast<std::ptrdiff_t>(lines.size());
    next.posting->stop(countable(*next.held));
    if (const auto put = put_counted(store_, *next.held, false); !put) return put.error();
    written.insert(written.end(), lines.begin() + before, lines.end());
  }
  return written;
}

/// Of two cards the one that was issued first stays. Gives what was told of the one that stays.
ToldCard PersonMerge::join_cards(int year, const Account& kept, const Account& other,
                                 Account& account) {
  if (!kept.card && !other.card) return {};
  const Account* stays = kept.card ? &kept : &other;
  if (kept.card && other.card) {
    const Account* goes = &other;
    if (was_issued_before(*other.card, *kept.card)) std::swap(stays, goes);
    replaced_cards_.push_back({year, stays->card->id, goes->card->id});
  }
  account.card = stays->card;
  return stays->told.value_or(told_of(stays->card));
}

Result<void> PersonMerge::post(const PostContext& context, const ToldCard& before,
                               std::vector<HeldRegistration>& registrations, Account& account) {
  Posting posting(context, account);
  const Money gain = excess_of(account.counted_sum, context.ceiling) - account.refunded();
  refund_newest(posting, gain, registrations);
  if (!account.card && account.counted_sum >= context.ceiling) {
    cross_at_joined_sum(posting, context.ceiling, registrations);
  }
  if (!is_hidden()) {
    const auto started = start_again(store_, posting, context.birth_date, registrations);
    if (!started) return started.error();
  }
  posting.settle_card();
  if (is_hidden()) {
    account.told = before;
    return ok();
  }
  posting.tell_card(before, Position(), told_);
  for (const RefundLine& line : account.refund_lines) {
    if (line.cause == entry_.position) posting.tell_line(line, told_);
  }
  return ok();
}

Result<void> PersonMerge::join_numbers() {
  auto numbers = store_.numbers_of(entry_.person);
  if (!numbers) return numbers.error();
  const auto of_other = store_.numbers_of(entry_.other);
  if (!of_other) return of_other.error();
  std::vector<EncryptedNumber>& all = numbers.value();
  all.insert(all.end(), of_other.value().begin(), of_other.value().end());
  const EncryptedNumber& in_use = entry_.event.in_use();
  if (in_use != EncryptedNumber()) {
    std::erase(all, in_use);
    all.insert(all.begin(), in_use);
  }
  if (const auto put = store_.put_numbers(entry_.other, {}); !put) return put;
  return store_.put_numbers(entry_.person, std::move(all));
}

}  // namespace ledger
