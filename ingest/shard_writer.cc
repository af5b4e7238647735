#include "ingest/shard_writer.h"

#include <algorithm>
#include <utility>

#include "ingest/rehearsal_store.h"
#include "ingest/result_text.h"
#include "ledger/assert.h"

namespace ingest {
namespace {

using ledger::Code;
using ledger::Disposition;
using ledger::Outcome;
using ledger::Position;
using ledger::Result;

Outcome rejected(Code code) { return {Disposition::rejected, code, {}}; }

/// Whether the item has come as far as the question for a card; see AccessNote.
bool asked_for_card(const ParsedItem& parsed, const Outcome& outcome) {
  if (parsed.refusal != Code::none || parsed.item.exemption != ledger::exemption_by_card) {
    return false;
  }
  // That there is no room for another practice is found out after that question.
  return outcome.disposition == Disposition::accepted ||
         outcome.rejection == Code::no_card_registered ||
         outcome.rejection == Code::unknown_practice;
}

std::optional<bool> exempt_told(const Outcome& outcome) {
  if (outcome.disposition == Disposition::accepted) return outcome.verdict.exempt;
  if (outcome.rejection == Code::no_card_registered) return false;
  return std::nullopt;
}

/// One for each submission, in the memory that it has ready.
std::vector<std::string> result_texts_of(const PendingGroup& pending) {
  std::vector<std::string> texts;
  texts.reserve(pending.submissions.size());
  for (const auto& submission : pending.submissions) {
    std::string& text = texts.emplace_back(std::move(submission->results));
    text.clear();
    for (std::size_t i = 0; i < submission->items.size(); ++i) {
      append_result(text, submission->first_index + i, submission->items[i],
                    submission->outcomes[i]);
    }
  }
  return texts;
}

void complete(const PendingGroup& pending, std::vector<std::string> texts, ledger::Seal sealed) {
  const auto seal = std::make_shared<const ledger::Seal>(std::move(sealed));
  for (std::size_t i = 0; i < texts.size(); ++i) {
    Submission& submission = *pending.submissions[i];
    submission.results = std::move(texts[i]);
    submission.group = pending.group.position;
    submission.seal = seal;
    submission.place = i;
  }
}

}  // namespace

ShardWriter::ShardWriter(ledger::Store& store, ledger::Journal& journal,
                         const ledger::RulePack& rules, bool are_rules_new, AccessNote note_access)
    : store_(store),
      journal_(journal),
      rules_(rules),
      ledger_(store, rules),
      are_rules_new_(are_rules_new),
      note_access_(std::move(note_access)),
      next_position_(journal.next_position()) {}

Result<void> ShardWriter::build(PendingGroup& pending, ledger::Instant now) {
  ledger::CommitGroup& group = pending.group;
  group.position = next_position_;
  group.committed_at = now;
  group.rule_pack = rules_.hash();
  if (are_rules_new_) group.new_rules = rules_.ceilings();
  items_.clear();
  decided_ = 0;
  expected_ = 0;
  for (const auto& submission : pending.submissions) {
    for (const ParsedItem& parsed : submission->items) {
      if (parsed.refusal == Code::none) items_.push_back(&parsed.item);
    }
  }
  LEDGER_ASSERT(items_.size() <= group_items_max);
  group.entries.reserve(items_.size());

  store_.begin_group(group.position);
  tallies_.clear();
  for (const auto& submission : pending.submissions) {
    const auto processed = process(*submission, group);
    if (!processed) return processed.error();
  }
  const auto recorded = record_tallies(group);
  if (!recorded) return recorded.error();
  store_.finish_group(group);
  next_position_ = group.next_position();
  are_rules_new_ = false;
  return ledger::ok();
}

Result<void> ShardWriter::process(Submission& submission, ledger::CommitGroup& group) {
  submission.outcomes.clear();
  submission.outcomes.reserve(submission.items.size());
  if (submission.is_atomic) {
    const auto passes = passes_rehearsal(submission, submission.outcomes);
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
    look_ahead();
    const Position position{group.position.value() + 1 + group.entries.size()};
    ledger::Entry& entry = group.entries.emplace_back();
    const auto outcome = ledger_.process(parsed.item, position, entry);
    if (!outcome) return outcome.error();
    submission.outcomes.push_back(outcome.value());
    if (asked_for_card(parsed, outcome.value())) {
      note_access_(submission, parsed, exempt_told(outcome.value()));
    }
    if (outcome.value().disposition == Disposition::accepted) continue;
    group.entries.pop_back();
    tally(parsed, outcome.value().rejection);
  }
  return ledger::ok();
}

/// Has the store read ahead when it has not for the next item.
void ShardWriter::look_ahead() {
  if (decided_ >= expected_) {
    const std::size_t count = std::min(ledger::lookups_max, items_.size() - decided_);
    ledger_.expect(std::span(items_).subspan(decided_, count));
    expected_ = decided_ + count;
  }
  ++decided_;
}

Result<bool> ShardWriter::passes_rehearsal(const Submission& submission,
                                           std::vector<Outcome>& outcomes) {
  RehearsalStore rehearsal(store_);
  ledger::Ledger ledger(rehearsal, rules_);
  ledger::Entry entry;
  std::uint64_t position = next_position_.value();
  for (const ParsedItem& parsed : submission.items) {
    if (parsed.refusal != Code::none) {
      outcomes.push_back(rejected(parsed.refusal));
      continue;
    }
    const auto outcome = ledger.process(parsed.item, Position{++position}, entry);
    if (!outcome) return outcome.error();
    outcomes.push_back(outcome.value());
  }
  const bool passes = std::none_of(outcomes.begin(), outcomes.end(), [](const Outcome& outcome) {
    return outcome.disposition == Disposition::rejected;
  });
  if (passes) return true;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const bool has_asked = asked_for_card(submission.items[i], outcomes[i]);
    if (outcomes[i].disposition != Disposition::rejected) {
      outcomes[i] = rejected(Code::atomic_aborted);
    }
    if (has_asked) note_access_(submission, submission.items[i], exempt_told(outcomes[i]));
  }
  return false;
}

void ShardWriter::tally(const ParsedItem& parsed, Code code) {
  const ledger::Month month = ledger::month_of(oslo_date(parsed.item.received));
  ++tallies_[{std::string(parsed.item.practice.view()), month, code}];
}

Result<void> ShardWriter::record_tallies(ledger::CommitGroup& group) {
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

Result<void> ShardWriter::commit(std::span<PendingGroup> groups) {
  std::vector<std::vector<std::string>> texts;
  std::vector<ledger::AnsweredGroup> answered;
  texts.reserve(groups.size());
  answered.reserve(groups.size());
  for (const PendingGroup& pending : groups) {
    answered.push_back({pending.group, texts.emplace_back(result_texts_of(pending))});
  }
  auto sealed = journal_.append(answered);
  if (!sealed) return sealed.error();
  for (std::size_t i = 0; i < groups.size(); ++i) {
    complete(groups[i], std::move(texts[i]), std::move(sealed.value()[i]));
  }
  return ledger::ok();
}

}  // namespace ingest
