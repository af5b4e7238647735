#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ingest/writer/group_writer.h"
#include "tests/ingest/writer/memory_journal.h"
#include "tests/ingest/writer/rules.h"
#include "tests/support/builders.h"
#include "tests/support/memory_store.h"

// A group writer with a journal in memory, and what it answers.

namespace ingest::test {

inline constexpr ledger::Instant committed_at{1'750'000'000, 0};

inline ParsedItem parsed(const ledger::Item& item) {
  ParsedItem parsed;
  parsed.item = item;
  parsed.has_guid = true;
  return parsed;
}

inline ParsedItem refused(ledger::Code code) {
  ParsedItem parsed;
  parsed.refusal = code;
  parsed.item.received = committed_at;
  return parsed;
}

inline std::unique_ptr<Submission> submission_of(std::vector<ParsedItem> items,
                                                 bool is_atomic = false) {
  auto submission = std::make_unique<Submission>();
  submission->items = std::move(items);
  submission->is_atomic = is_atomic;
  return submission;
}

inline std::unique_ptr<Submission> submission_of(const std::vector<ledger::Item>& items,
                                                 bool is_atomic = false) {
  std::vector<ParsedItem> all;
  for (const ledger::Item& item : items) all.push_back(parsed(item));
  return submission_of(std::move(all), is_atomic);
}

template <class... More>
inline PendingGroup group_of(std::unique_ptr<Submission> first, More... more) {
  PendingGroup pending;
  pending.submissions.push_back(std::move(first));
  (pending.submissions.push_back(std::move(more)), ...);
  return pending;
}

/// Each verdict in one word.
inline std::vector<std::string> verdicts_of(const Submission& submission) {
  std::vector<std::string> verdicts;
  for (const ledger::Outcome& outcome : submission.outcomes) {
    verdicts.emplace_back(outcome.disposition == ledger::Disposition::accepted ? "accepted"
                          : outcome.disposition == ledger::Disposition::duplicate
                              ? "duplicate"
                              : name_of(outcome.rejection));
  }
  return verdicts;
}
using Verdicts = std::vector<std::string>;

class GroupWriterTest : public testing::Test {
 protected:
  void commit(PendingGroup& pending) {
    ASSERT_TRUE(writer_.build(pending, committed_at));
    ASSERT_TRUE(writer_.commit({&pending, 1}));
  }
  std::vector<std::string> commit_one(std::unique_ptr<Submission> submission) {
    PendingGroup pending = group_of(std::move(submission));
    commit(pending);
    return verdicts_of(*pending.submissions.front());
  }

  ledger::test::MemoryStore store_;
  MemoryJournal journal_;
  std::vector<std::string> noted_;
  bool is_log_full_ = false;
  GroupWriter writer_{
      store_, journal_, rules(), true,
      [this](const Submission& submission, const ParsedItem& item, std::optional<bool> exempt) {
        noted_.push_back(submission.correlation_id + ' ' +
                         std::to_string(ledger::test::number_of(item.item.guid)) +
                         (!exempt   ? " unanswered"
                          : *exempt ? " yes"
                                    : " no"));
        return is_log_full_ ? ledger::Result<void>(ledger::Errc::overloaded) : ledger::ok();
      }};
};

}  // namespace ingest::test
