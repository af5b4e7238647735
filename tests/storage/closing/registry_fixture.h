#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "tests/storage/closing/reconciliation_fixture.h"

// A ledger that registries of persons and practices have told of, to reconcile.

namespace storage::test {

using Submitted = std::variant<ledger::Item, ledger::PersonEvent, ledger::PracticeEvent>;

/// A stream of items with events of registries in between: birth dates around sixteen years before
/// the services, merges, changes of numbers, opt-outs, opt-ins, deaths, pensions and practices. The
/// same seed gives the same stream.
class RegistryWorkload {
 public:
  explicit RegistryWorkload(std::uint64_t seed) : items_(seed, persons), prng_(seed) {}

  Submitted next() {
    ++steps_;
    if (!prng_.chance(1, 5)) return items_.next();
    return prng_.chance(1, 10) ? Submitted(practice_event()) : Submitted(person_event());
  }

  std::vector<Submitted> take(std::size_t count) {
    std::vector<Submitted> taken;
    for (std::size_t i = 0; i < count; ++i) taken.push_back(next());
    return taken;
  }

 private:
  static constexpr std::uint32_t persons = 50;
  using Type = ledger::PersonEventType;

  ledger::EncryptedNumber any_number() {
    return ledger::test::person_number(static_cast<std::uint32_t>(1 + prng_.below(persons)));
  }
  ledger::Guid event_id() { return ledger::test::guid_of(3'000'000'000U + steps_); }
  ledger::Instant received() {
    return ledger::test::instant("2024-12-20T08:00:00+01:00") +
           std::chrono::minutes{prng_.below(60 * 24 * 60)};
  }
  ledger::Date day() {
    static constexpr const char* days[] = {"2008-11-30", "2008-12-10", "2008-12-24", "2009-01-20",
                                           "1980-02-29"};
    return ledger::test::date(days[prng_.below(5)]);
  }

  ledger::PersonEvent person_event() {
    static constexpr Type types[] = {Type::birth_date, Type::birth_date, Type::birth_date,
                                     Type::birth_date, Type::opted_out,  Type::opted_in,
                                     Type::opted_in,   Type::opted_in,   Type::number_changed,
                                     Type::merged,     Type::died,       Type::minimum_pension};
    ledger::PersonEvent event;
    event.type = types[prng_.below(12)];
    event.event_id = event_id();
    event.received = received();
    event.person = any_number();
    if (event.type == Type::birth_date) event.date = day();
    if (event.type == Type::died && prng_.chance(2, 3)) event.date = day();
    if (event.type == Type::minimum_pension && prng_.chance(2, 3)) {
      const ledger::Date first = day();
      event.periods = {{first, first + std::chrono::days{3000}}};
      event.periods.push_back({event.periods[0].to.value() + std::chrono::days{2}, {}});
    }
    // Mostly to a number that nobody has had.
    const bool is_new = event.type == Type::number_changed && prng_.chance(2, 3);
    if (event.has_other()) {
      event.other = is_new ? ledger::test::person_number(1000 + steps_) : any_number();
    }
    if (event.other == event.person) event.other = ledger::test::person_number(1000 + steps_);
    return event;
  }

  ledger::PracticeEvent practice_event() {
    ledger::PracticeEvent event;
    event.event_id = event_id();
    event.received = received();
    event.practice = ledger::test::practice_id(std::to_string(1000 + prng_.below(14)));
    event.name = "Practice " + std::to_string(steps_);
    if (prng_.chance(1, 2)) event.type = "LE";
    event.organisation_numbers = {"974760673"};
    if (prng_.chance(1, 2)) event.hpr_numbers = {"1234567", "7"};
    if (prng_.chance(1, 2)) event.practitioners = {any_number()};
    event.agreements = {{day(), {}}};
    return event;
  }

  Workload items_;
  ledger::test::Prng prng_;
  std::uint32_t steps_ = 0;
};

/// Of items and events of registries.
class RegistryClosingTest : public ClosedLedgerTest {
 protected:
  void load(const std::vector<Submitted>& submitted) {
    LedgerFiles files(options_in(data(), 700));
    ingest::GroupWriter writer(files.state(), files.journal(), files.rules(), files.are_rules_new(),
                               [](const auto&...) { return ledger::ok(); });
    for (std::size_t next = 0; next < submitted.size();) {
      std::vector<ingest::PendingGroup> groups(1);
      auto& submission =
          *groups[0].submissions.emplace_back(std::make_unique<ingest::Submission>());
      for (std::size_t i = 0; i < 60 && next < submitted.size(); ++i) {
        submission.items.push_back(parsed(submitted[next++]));
      }
      ASSERT_TRUE(writer.build(groups[0], now_));
      ASSERT_TRUE(writer.commit(groups));
      files.state().note_durable(groups[0].group.next_position());
    }
  }

  static ingest::ParsedItem parsed(const Submitted& submitted) {
    ingest::ParsedItem item;
    item.has_guid = true;
    if (const auto* const of = std::get_if<ledger::Item>(&submitted)) {
      item.item = *of;
    } else if (const auto* const person = std::get_if<ledger::PersonEvent>(&submitted)) {
      item.event = std::make_shared<const ingest::ParsedEvent>(*person);
    } else {
      item.event =
          std::make_shared<const ingest::ParsedEvent>(std::get<ledger::PracticeEvent>(submitted));
    }
    return item;
  }

  /// The differences of a dry run, for people.
  std::string differences() {
    make(true);
    return read_file(made_.folder / "differences.ndjson");
  }

  /// What the state knows of the persons.
  std::vector<std::pair<std::string, ledger::Person>> facts() const {
    std::vector<std::pair<std::string, ledger::Person>> persons;
    for (const auto& [key, row] : rows_of(state(), StateFamily::facts)) {
      persons.emplace_back(key, decode_person(row).value());
    }
    return persons;
  }

  void store(const std::string& key, const ledger::Person& person) const {
    std::string row;
    encode_person(person, row);
    OpenState(state()).put(StateFamily::facts, key, row);
  }
  using ClosedLedgerTest::store;
};

}  // namespace storage::test
