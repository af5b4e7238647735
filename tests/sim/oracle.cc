#include "tests/sim/oracle.h"

#include "tests/sim/checkers.h"
#include "tests/sim/model.h"
#include "tests/sim/registry_checkers.h"
#include "tests/sim/registry_model.h"

namespace sim {
namespace {

using ledger::PersonId;
using ledger::test::MemoryStore;

class ItemOracle final : public Oracle {
 public:
  void begin_group() override { model_.begin_group(); }
  std::vector<ledger::Outcome> submit(const ingest::Submission& submission,
                                      const ledger::RulePack& rules) override {
    return model_.submit(submission, rules);
  }
  ledger::Position next_position() const override { return model_.next_position(); }
  void check_person(PersonId person, const MemoryStore& store) override {
    sim::check_person(person, model_, store);
  }
  void check_state(const MemoryStore& store) const override { sim::check_state(model_, store); }
  void check_journal(const FaultyJournal& /*journal*/) const override {}

 private:
  Model model_;
};

class RegistryOracle final : public Oracle {
 public:
  explicit RegistryOracle(bool are_practices_required) : model_(are_practices_required) {}

  void begin_group() override { model_.begin_group(); }
  std::vector<ledger::Outcome> submit(const ingest::Submission& submission,
                                      const ledger::RulePack& rules) override {
    return model_.submit(submission, rules);
  }
  ledger::Position next_position() const override { return model_.next_position(); }

  /// The reference takes the square of what it is given: those with many entries are looked at
  /// each time that a part of them is new.
  void check_person(PersonId person, const MemoryStore& store) override {
    const PersonId now = model_.who(person);
    const std::size_t entries = model_.entries_of(now).size();
    std::size_t& checked = checked_entries_[now];
    if (entries < checked + checked / 16) return;
    checked = entries;
    sim::check_person(now, model_, store);
  }
  void check_state(const MemoryStore& store) const override { sim::check_state(model_, store); }
  void check_journal(const FaultyJournal& journal) const override {
    sim::check_journal(model_, journal);
  }

 private:
  RegistryModel model_;
  std::map<PersonId, std::size_t> checked_entries_;
};

}  // namespace

std::unique_ptr<Oracle> make_oracle(const Options& options) {
  if (options.registry_percent == 0) return std::make_unique<ItemOracle>();
  return std::make_unique<RegistryOracle>(options.are_practices_required);
}

}  // namespace sim
