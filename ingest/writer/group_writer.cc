#include "ingest/writer/group_writer.h"

#include <algorithm>
#include <future>
#include <utility>

#include "ingest/writer/rehearsal_store.h"
#include "ingest/writer/result_text.h"
#include "ledger/values/assert.h"

namespace ingest {
namespace {

using ledger::Code;
using ledger::Disposition;
using ledger::Outcome;
using ledger::Position;
using ledger::Result;

Outcome rejected(Code code) { return {Disposition::rejected, code, {}}; }

/// Whether the item has come as far as the question for a card; see AccessNote.
bool asked_for_card(const ParsedItem& parsed, const Outcome& outcome,
                    const ledger::LedgerSettings& settings) {
  if (parsed.refusal != Code::none || parsed.item.exemption != ledger::exemption_by_card) {
    return false;
  }
  // That there is no room for another practice is found out after that question; that it is not in
  // the registry, before.
  return outcome.disposition == Disposition::accepted ||
         outcome.rejection == Code::no_card_registered ||
         (outcome.rejection == Code::unknown_practice && !settings.are_practices_required);
}

std::optional<bool> exempt_told(const Outcome& outcome) {
  if (outcome.disposition == Disposition::accepted) return outcome.verdict.exempt;
  if (outcome.rejection == Code::no_card_registered) return false;
  return std::nullopt;
}

void refuse(Submission& dry_run, boost::system::error_code why) {
  dry_run.error = why;
  dry_run.outcomes.clear();
}

/// In the memory that the submission has ready.
std::string take_results(Submission& submission) {
  std::string text = std::move(submission.results);
  text.clear();
  for (std::size_t i = 0; i < submission.outcomes.size(); ++i) {
    append_result(text, submission.first_index + i, submission.items[i], submission.outcomes[i]);
  }
  return text;
}

/// One for each submission that the journal gets; dry runs are completed here.
std::vector<std::string> result_texts_of(const PendingGroup& pending) {
  std::vector<std::string> texts;
  texts.reserve(pending.submissions.size());
  for (const auto& submission : pending.submissions) {
    std::string text = take_results(*submission);
    if (submission->is_dry_run) {
      submission->results = std::move(text);
    } else {
      texts.push_back(std::move(text));
    }
  }
  return texts;
}

void complete(const PendingGroup& pending, std::vector<std::string> texts, ledger::Seal sealed) {
  const auto seal = std::make_shared<const ledger::Seal>(std::move(sealed));
  std::size_t place = 0;
  for (const auto& submission : pending.submissions) {
    if (submission->is_dry_run) continue;
    submission->results = std::move(texts[place]);
    submission->group = pending.group.position;
    submission->seal = seal;
    submission->place = place++;
  }
}

}  // namespace

GroupWriter::GroupWriter(ledger::Store& store, ledger::Journal& journal,
                         const ledger::RulePack& rules, bool are_rules_new, AccessNote note_access,
                         ledger::LedgerSettings settings)
    : store_(store),
      journal_(journal),
      rules_(rules),
      settings_(settings),
      entries_(journal),
      ledger_(store, rules, entries_, settings),
      are_rules_new_(are_rules_new),
      note_access_(std::move(note_access)),
      next_position_(journal.next_position()),
      newest_commit_(journal.newest_commit()) {}

Result<void> GroupWriter::build(PendingGroup& pending, ledger::Instant now) {
  ledger::CommitGroup& group = pending.group;
  group.position = next_position_;
  newest_commit_ = std::max(newest_commit_, now);
  group.committed_at = newest_commit_;
  group.rule_pack = rules_.hash();
  if (are_rules_new_) group.new_rules = rules_.ceilings();
  items_.clear();
  decided_ = 0;
  expected_ = 0;
  event_count_ = 0;
  for (const auto& submission : pending.submissions) {
    if (submission->is_dry_run) continue;
    for (const ParsedItem& parsed : submission->items) {
      if (parsed.refusal != Code::none) continue;
      if (parsed.event) {
        ++event_count_;
      } else {
        items_.push_back(&parsed.item);
      }
    }
  }
  const bool is_kept = pending.is_kept();
  if (is_kept) add_checkpoint(pending);
  const std::size_t entries_max = items_.size() + event_count_ + pending.notes.size();
  LEDGER_ASSERT(entries_max <= group_items_max);
  group.entries.reserve(entries_max);

  if (is_kept) store_.begin_group(group.position);
  entries_.begin(group);
  tallies_.clear();
  const auto noted = take_notes(pending);
  if (!noted) return noted.error();
  for (const auto& submission : pending.submissions) {
    const Position next{group.position.value() + 1 + group.entries.size()};
    const auto processed =
        submission->is_dry_run ? answer_dry_run(*submission, next) : process(*submission, group);
    if (!processed) return processed.error();
  }
  if (!is_kept) return ledger::ok();
  const auto recorded = record_tallies(group);
  if (!recorded) return recorded.error();
  store_.finish_group(group);
  entries_.end();
  entries_since_checkpoint_ += group.entries.size();
  next_position_ = group.next_position();
  are_rules_new_ = false;
  return ledger::ok();
}

/// Not into a group that is full: the next one will do.
void GroupWriter::add_checkpoint(PendingGroup& pending) {
  if (entries_since_checkpoint_ < entries_per_checkpoint) return;
  if (items_.size() + event_count_ + pending.notes.size() >= group_items_max) return;
  const auto checksum = store_.checksum();
  if (!checksum) return;
  const Position before{pending.group.position.value() - 1};
  pending.notes.insert(pending.notes.begin(), {ledger::CheckpointEntry{{}, before, *checksum}, {}});
  entries_since_checkpoint_ = 0;
}

Result<void> GroupWriter::take_notes(PendingGroup& pending) {
  ledger::CommitGroup& group = pending.group;
  for (PendingGroup::Note& note : pending.notes) {
    const Position position{group.position.value() + 1 + group.entries.size()};
    set_position(note.entry, position);
    const auto applied = ledger_.apply_note(note.entry);
    if (!applied) return applied.error();
    group.entries.push_back(note.entry);
    note.placed.set_value(position);
  }
  return ledger::ok();
}

Result<void> GroupWriter::process(Submission& submission, ledger::CommitGroup& group) {
  submission.outcomes.clear();
  submission.outcomes.reserve(submission.items.size());
  if (submission.is_atomic) {
    const auto passes =
        passes_rehearsal(submission, Position{group.position.value() + 1 + group.entries.size()});
    if (!passes) return passes.error();
    if (!passes.value()) {
      for (std::size_t i = 0; i < submission.items.size(); ++i) {
        tally(submission.items[i], submission.outcomes[i].rejection);
        if (submission.items[i].refusal == Code::none) ++decided_;
      }
      return ledger::ok();
    }
    submission.outcomes.clear();
  }
  for (const ParsedItem& parsed : submission.items) {
    if (parsed.refusal != Code::none) {
      submission.outcomes.push_back(rejected(parsed.refusal));
      tally(parsed, parsed.refusal);
      continue;
    }
    const auto outcome = decide(submission, parsed, group);
    if (!outcome) return outcome.error();
    submission.outcomes.push_back(outcome.value());
    if (outcome.value().disposition == Disposition::accepted) continue;
    group.entries.pop_back();
    tally(parsed, outcome.value().rejection);
  }
  return ledger::ok();
}

Result<Outcome> GroupWriter::decide(const Submission& submission, const ParsedItem& parsed,
                                    ledger::CommitGroup& group) {
  const Position position{group.position.value() + 1 + group.entries.size()};
  ledger::Entry& entry = group.entries.emplace_back();
  if (parsed.event) return decide_event(*parsed.event, position, entry);
  look_ahead();
  const auto outcome = ledger_.process(parsed.item, position, std::get<ledger::ItemEntry>(entry));
  if (!outcome || !asked_for_card(parsed, outcome.value(), settings_)) return outcome;
  // The item has been posted: without the note the whole group must go, so that nobody is told.
  const auto noted = note_access_(submission, parsed, exempt_told(outcome.value()));
  if (!noted) return noted.error();
  return outcome;
}

Result<Outcome> GroupWriter::decide_event(const ParsedEvent& event, Position position,
                                          ledger::Entry& entry) {
  if (const auto* const person = std::get_if<ledger::PersonEvent>(&event)) {
    return ledger_.process(*person, position, entry.emplace<ledger::PersonEntry>());
  }
  return ledger_.process(std::get<ledger::PracticeEvent>(event), position,
                         entry.emplace<ledger::PracticeEntry>());
}

/// The items after each other as if they were committed behind what the group has by now. What is
/// told of a person is logged, or nothing is told.
Result<void> GroupWriter::answer_dry_run(Submission& submission, Position next) {
  const auto passes = passes_rehearsal(submission, next);
  if (!passes) return passes.error();
  if (!passes.value()) return ledger::ok();  // nobody is told anything, and who asked is logged
  for (std::size_t i = 0; i < submission.items.size(); ++i) {
    const ParsedItem& parsed = submission.items[i];
    Outcome& outcome = submission.outcomes[i];
    if (outcome.verdict.position >= next) outcome.verdict.position = {};  // nothing is there
    const bool is_told = outcome.disposition != Disposition::rejected &&
                         parsed.item.type == ledger::ItemType::copayment;
    if (!is_told && !asked_for_card(parsed, outcome, settings_)) continue;
    const auto noted =
        note_access_(submission, parsed, is_told ? outcome.verdict.exempt : exempt_told(outcome));
    if (!noted) {
      refuse(submission, noted.error());
      break;
    }
  }
  return ledger::ok();
}

/// Has the store read ahead when it has not for the next item.
void GroupWriter::look_ahead() {
  if (decided_ >= expected_) {
    const std::size_t count = std::min(ledger::lookups_max, items_.size() - decided_);
    ledger_.expect(std::span(items_).subspan(decided_, count));
    expected_ = decided_ + count;
  }
  ++decided_;
}

/// The outcomes as they would be, the first accepted item at `next`. False, and the others are
/// aborted, when an item of an atomic submission is rejected.
Result<bool> GroupWriter::passes_rehearsal(Submission& submission, Position next) {
  RehearsalStore rehearsal(store_);
  ledger::Ledger ledger(rehearsal, rules_, entries_, settings_);
  ledger::ItemEntry entry;
  std::vector<Outcome>& outcomes = submission.outcomes;
  outcomes.clear();
  std::uint64_t position = next.value();
  for (const ParsedItem& parsed : submission.items) {
    if (parsed.refusal != Code::none) {
      outcomes.push_back(rejected(parsed.refusal));
      continue;
    }
    const auto outcome = ledger.process(parsed.item, Position{position++}, entry);
    if (!outcome) return outcome.error();
    outcomes.push_back(outcome.value());
  }
  if (!submission.is_atomic) return true;
  const bool passes = std::none_of(outcomes.begin(), outcomes.end(), [](const Outcome& outcome) {
    return outcome.disposition == Disposition::rejected;
  });
  if (passes) return true;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const bool has_asked = asked_for_card(submission.items[i], outcomes[i], settings_);
    if (outcomes[i].disposition != Disposition::rejected) {
      outcomes[i] = rejected(Code::atomic_aborted);
    }
    if (!has_asked) continue;
    const auto noted = note_access_(submission, submission.items[i], exempt_told(outcomes[i]));
    if (noted) continue;
    if (!submission.is_dry_run) return noted.error();
    refuse(submission, noted.error());
    break;
  }
  return false;
}

/// Timeliness counts what practices send, not what registries do.
void GroupWriter::tally(const ParsedItem& parsed, Code code) {
  if (parsed.event) return;
  const ledger::Month month = ledger::month_of(oslo_date(parsed.item.received));
  ++tallies_[{std::string(parsed.item.practice.view()), month, code}];
}

Result<void> GroupWriter::record_tallies(ledger::CommitGroup& group) {
  for (const auto& [key, count] : tallies_) {
    ledger::Tally tally;
    ledger::PracticeId::parse(std::get<0>(key), tally.practice);
    tally.month = std::get<1>(key);
    tally.code = std::get<2>(key);
    tally.count = count;
    const auto recorded = store_.record_tally(tally);
    if (!recorded) return recorded.error();
    group.tallies.push_back(tally);
  }
  return ledger::ok();
}

void GroupWriter::forget(std::span<const PendingGroup> groups) {
  for (const PendingGroup& pending : groups) entries_.remove(pending.group);
}

void GroupWriter::commit(std::span<PendingGroup> groups, Committed committed) {
  const auto append = std::make_shared<Append>();
  append->groups = groups;
  append->texts.reserve(groups.size());
  append->answered.reserve(groups.size());
  for (const PendingGroup& pending : groups) {
    append->texts.push_back(result_texts_of(pending));
    if (pending.is_kept()) append->answered.push_back({pending.group, append->texts.back()});
  }
  append->committed = std::move(committed);
  if (append->answered.empty()) {
    append->committed(ledger::ok());
    return;
  }
  journal_.append(append->answered, [this, append](Result<std::vector<ledger::Seal>> sealed) {
    complete_all(*append, std::move(sealed));
  });
}

void GroupWriter::complete_all(Append& append, Result<std::vector<ledger::Seal>> sealed) {
  for (const ledger::AnsweredGroup& group : append.answered) entries_.remove(group.group);
  if (!sealed) {
    append.committed(sealed.error());
    return;
  }
  try {
    auto seal = sealed.value().begin();
    for (std::size_t i = 0; i < append.groups.size(); ++i) {
      PendingGroup& pending = append.groups[i];
      if (pending.is_kept()) complete(pending, std::move(append.texts[i]), std::move(*seal++));
    }
  } catch (const std::bad_alloc&) {
    // They are durable, but nobody can be told.
    append.committed(ledger::Errc::store_unavailable);
    return;
  }
  append.committed(ledger::ok());
}

Result<void> GroupWriter::commit(std::span<PendingGroup> groups) {
  std::promise<Result<void>> told;
  commit(groups, [&told](Result<void> committed) { told.set_value(committed); });
  return told.get_future().get();
}

Result<Position> append_note(ledger::Store& store, ledger::Journal& journal,
                             const ledger::RulePack& rules, bool are_rules_new, ledger::Entry note,
                             ledger::Instant now) {
  GroupWriter writer(store, journal, rules, are_rules_new, {});
  std::vector<PendingGroup> groups(1);
  PendingGroup& pending = groups.front();
  pending.notes.push_back({std::move(note), {}});
  std::future<Position> placed = pending.notes.front().placed.get_future();
  const auto built = writer.build(pending, now);
  if (!built) return built.error();
  const auto committed = writer.commit(groups);
  if (!committed) {
    store.abandon();
    return committed.error();
  }
  store.note_durable(journal.next_position());
  return placed.get();
}

}  // namespace ingest
