// Damage to what the state knows from registries, and the differences that a reconciliation finds.

#include <gtest/gtest.h>

#include <functional>

#include "tests/storage/closing/registry_fixture.h"

namespace storage::test {
namespace {

namespace json = boost::json;
using ledger::Person;
using ledger::PersonId;

class RegistryDifferencesTest : public RegistryClosingTest {
 protected:
  RegistryDifferencesTest() { load(RegistryWorkload(5).take(1200)); }

  /// Changes the first person that can be changed so; expects one difference, of this field.
  void expect_person(const std::function<bool(Person&)>& change, const std::string& field) {
    for (auto& [key, person] : facts()) {
      const Person before = person;
      if (person.merged_into != PersonId() || !change(person)) continue;
      store(key, person);
      const json::object row = first_difference("personDiffers");
      EXPECT_EQ(made_.differences, 1) << read_file(made_.folder / "differences.ndjson");
      EXPECT_EQ(row.at("field").as_string(), field);
      EXPECT_EQ(row.at("personRef"), decode_person_key(key).value());
      store(key, before);
      return;
    }
    ADD_FAILURE() << "there is no such person: " << field;
  }
};

TEST_F(RegistryDifferencesTest, finds_each_fact_that_is_kept_otherwise) {
  ASSERT_EQ(differences(), "");
  expect_person(
      [](Person& person) {
        if (person.birth_date) *person.birth_date += std::chrono::days{1};
        return person.birth_date.has_value();
      },
      "birthDate");
  expect_person(
      [](Person& person) {
        if (person.death) *person.death += std::chrono::days{1};
        return person.death.has_value();
      },
      "death");
  expect_person(
      [](Person& person) {
        const bool has_two = person.pension && person.pension->size() == 2;
        if (has_two) person.pension->pop_back();
        return has_two;
      },
      "minimumPension");
  expect_person([](Person& person) { return person.is_opted_out = !person.is_opted_out; },
                "optedOut");
  expect_person(
      [](Person& person) {
        person.newest_event = ledger::Position{person.newest_event.value() - 1};
        return true;
      },
      "newestEvent");
}

TEST_F(RegistryDifferencesTest, finds_a_person_of_whom_nothing_is_kept) {
  const auto persons = facts();
  OpenState(state()).remove(StateFamily::facts, persons.back().first);
  first_difference("personDiffers");
  EXPECT_EQ(made_.differences, 1);
}

TEST_F(RegistryDifferencesTest, finds_facts_that_no_registry_has_told) {
  const auto persons = facts();
  for (std::uint64_t id = 1;; ++id) {
    const std::string key = person_key(PersonId{id});
    bool is_known = false;
    for (const auto& [known, person] : persons) is_known = is_known || known == key;
    if (is_known) continue;
    Person person;
    person.newest_event = ledger::Position{2};
    person.is_opted_out = true;
    store(key, person);
    EXPECT_EQ(first_difference("personDiffers").at("personRef"), id);
    return;
  }
}

/// Whoever the state takes the person for, everybody's items are found.
TEST_F(RegistryDifferencesTest, finds_that_somebody_is_taken_for_another) {
  for (auto& [key, person] : facts()) {
    if (person.merged_into == PersonId()) continue;
    const Person merged = person;
    person.merged_into = PersonId();
    store(key, person);
    EXPECT_EQ(first_difference("personDiffers").at("field"), "mergedInto");
    EXPECT_EQ(made_.differences, 1) << read_file(made_.folder / "differences.ndjson");
    store(key, merged);
    break;
  }
  for (auto& [key, person] : facts()) {
    if (person.merged_into != PersonId() || decode_person_key(key) == PersonId{1}) continue;
    person.merged_into = PersonId{1};
    store(key, person);
    EXPECT_EQ(first_difference("personDiffers").at("field"), "mergedInto");
    EXPECT_EQ(made_.differences, 1) << read_file(made_.folder / "differences.ndjson");
    return;
  }
  FAIL() << "nobody was merged";
}

TEST_F(RegistryDifferencesTest, finds_a_registration_that_is_said_to_count) {
  for (const bool is_counted : {true, false}) {
    for (const auto& [key, row] : rows_of(state(), StateFamily::registrations)) {
      ledger::Registration registration = decode_registration(row).value();
      const bool is_of_year = ledger::year_of(registration.service_date) == year;
      if (!is_of_year || registration.is_counted != is_counted || !registration.is_paid) continue;
      registration.is_counted = !is_counted;
      ClosedLedgerTest::store(key, registration);
      EXPECT_EQ(first_difference("registrationDiffers").at("field"), "counted");
      EXPECT_EQ(made_.differences, 1) << read_file(made_.folder / "differences.ndjson");
      registration.is_counted = is_counted;
      ClosedLedgerTest::store(key, registration);
      break;
    }
  }
}

TEST_F(RegistryDifferencesTest, finds_what_a_hidden_account_has_told) {
  for (const auto& [key, row] : rows_of(state(), StateFamily::accounts)) {
    ledger::Account account;
    ASSERT_TRUE(decode_account(row, account));
    const ledger::AccountKey of = decode_account_key(key);
    if (of.year != year || !account.card) continue;
    account.told = account.told ? std::nullopt : std::optional(ledger::ToldCard());
    ClosedLedgerTest::store(of, account);
    EXPECT_EQ(first_difference("cardDiffers").at("field"), "told");
    EXPECT_EQ(made_.differences, 1);
    return;
  }
  FAIL() << "there is no card";
}

TEST_F(RegistryDifferencesTest, finds_what_was_told_otherwise) {
  for (const auto& [key, row] : rows_of(state(), StateFamily::events)) {
    ledger::Event event = decode_event(key, row).value();
    const bool is_of_year = event.account.year == year;
    const bool is_merge = event.type == ledger::EventType::person_merged;
    const bool is_review = event.type == ledger::EventType::card_under_review;
    if (!is_merge && !(is_of_year && is_review)) continue;
    OpenState(state()).remove(StateFamily::events, key);
    first_difference("eventDiffers");
    EXPECT_EQ(made_.differences, 1) << read_file(made_.folder / "differences.ndjson");
    OpenState(state()).put(StateFamily::events, key, row);
  }
}

TEST_F(RegistryDifferencesTest, finds_a_practice_that_its_registry_said_otherwise) {
  for (const auto& [key, row] : rows_of(state(), StateFamily::practices)) {
    const ledger::PracticeNumber number = decode_practice_key(key);
    const StoredPractice stored = decode_practice(row).value();
    if (!stored.registered) continue;
    const auto expect = [&, &key = key](const ledger::RegisteredPractice* found,
                                        const std::string& field) {
      OpenState(state()).put(StateFamily::practices, key,
                             encode_practice(number, stored.practice, found));
      EXPECT_EQ(first_difference("practiceDiffers").at("field").as_string(), field);
      EXPECT_EQ(made_.differences, 1);
    };
    ledger::RegisteredPractice changed = *stored.registered;
    changed.event.name += "s";
    expect(&changed, "name");
    changed = *stored.registered;
    changed.event.agreements.clear();
    expect(&changed, "agreements");
    changed = *stored.registered;
    changed.event.practitioners.push_back(ledger::test::person_number(3));
    expect(&changed, "practitioners");
    expect(nullptr, "registered");
    return;
  }
  FAIL() << "no practice is registered";
}

TEST_F(RegistryDifferencesTest, finds_the_number_in_use_and_numbers_that_lead_astray) {
  for (const auto& [key, row] : rows_of(state(), StateFamily::persons)) {
    auto numbers = decode_numbers(row).value();
    if (numbers.size() < 2) continue;
    const auto expect = [&, &key = key] {
      OpenState(state()).put(StateFamily::persons, key, encode_numbers(numbers));
      EXPECT_EQ(first_difference("numberDiffers").at("personRef"), decode_person_key(key).value());
      EXPECT_EQ(made_.differences, 1) << read_file(made_.folder / "differences.ndjson");
    };
    std::swap(numbers.front(), numbers.back());
    expect();
    std::swap(numbers.front(), numbers.back());
    numbers.pop_back();
    expect();
    OpenState(state()).put(StateFamily::persons, key, row);
    OpenState(state()).remove(StateFamily::numbers, number_key(decode_numbers(row).value().back()));
    first_difference("numberDiffers");
    EXPECT_EQ(made_.differences, 1);
    return;
  }
  FAIL() << "nobody has two numbers";
}

TEST_F(RegistryDifferencesTest, finds_numbers_left_with_who_is_another_now) {
  for (const auto& [key, person] : facts()) {
    if (person.merged_into == PersonId()) continue;
    OpenState(state()).put(StateFamily::persons, key,
                           encode_numbers({ledger::test::person_number(1)}));
    first_difference("numberDiffers");
    EXPECT_EQ(made_.differences, 1);
    return;
  }
  FAIL() << "nobody was merged";
}

}  // namespace
}  // namespace storage::test
