#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "ledger/rules/ledger.h"
#include "storage/state/state_store.h"
#include "tests/storage/temp_folder.h"
#include "tests/storage/workload.h"
#include "tests/support/memory_store.h"
#include "tests/support/print.h"

namespace storage::test {

using ledger::test::MemoryStore;

const ledger::RulePack& rules();

/// Groups of a few items through the ledger on any store, as the ledger's writer makes them.
class Writer : private ledger::EntryLog {
 public:
  explicit Writer(ledger::Store& store, ledger::Position first = ledger::Position{1})
      : store_(store), ledger_(store, rules(), *this), position_(first) {}

  /// Posts the items as one group; durable at once.
  void write(const std::vector<ledger::Item>& items) { make_durable(post(items)); }

  ledger::CommitGroup post(const std::vector<ledger::Item>& items) {
    ledger::CommitGroup group;
    group.position = position_;
    group.rule_pack = rules().hash();
    store_.begin_group(group.position);
    std::map<std::tuple<std::string, ledger::Month, ledger::Code>, std::uint64_t> tallies;
    // Whether or not the store is told what comes must not show, so it is told of a part.
    std::vector<const ledger::Item*> told;
    for (std::size_t i = 0; i < std::min(items.size() / 2, ledger::lookups_max); ++i) {
      told.push_back(&items[i]);
    }
    ledger_.expect(told);
    for (const ledger::Item& item : items) {
      ledger::ItemEntry entry;
      const ledger::Position position{group.position.value() + 1 + group.entries.size()};
      const ledger::Outcome outcome = ledger_.process(item, position, entry).value();
      if (outcome.disposition == ledger::Disposition::accepted) {
        group.entries.push_back(entry);
        entries_[position] = entry;
      } else {
        ++tallies[{std::string(item.practice.view()),
                   ledger::month_of(ledger::oslo_date(item.received)), outcome.rejection}];
      }
    }
    for (const auto& [key, count] : tallies) {
      const ledger::Tally tally{ledger::test::practice_id(std::get<0>(key)), std::get<1>(key),
                                std::get<2>(key), count};
      EXPECT_TRUE(store_.record_tally(tally));
      group.tallies.push_back(tally);
    }
    store_.finish_group(group);
    position_ = group.next_position();
    return group;
  }

  void make_durable(const ledger::CommitGroup& group) {
    store_.note_durable(group.next_position());
  }

  ledger::Position next_position() const { return position_; }

 private:
  ledger::Result<ledger::Entry> entry_at(ledger::Position position) const override {
    const auto found = entries_.find(position);
    if (found == entries_.end()) return ledger::Errc::corrupt_record;
    return found->second;
  }

  ledger::Store& store_;
  std::map<ledger::Position, ledger::Entry> entries_;
  ledger::Ledger ledger_;
  ledger::Position position_;
};

/// Every row and every total are those of a plain map; from the writer's thread.
void expect_same_state(StateStore& state, const MemoryStore& memory);

class StateStoreTest : public testing::Test {
 protected:
  TempFolder temp_;
  MemoryStore memory_;
};

}  // namespace storage::test
