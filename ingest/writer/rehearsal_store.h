#pragma once

#include <cstring>
#include <map>
#include <string>

#include "ledger/ports/store.h"

namespace ingest {

/// A store on which items can be tried without effect. Reads go through to the real store; changes
/// stay here. Persons and practices get provisional numbers, and no verdict depends on them. An
/// atomic submission is rehearsed here first, and then done if nothing is refused.
class RehearsalStore final : public ledger::Store {
 public:
  explicit RehearsalStore(ledger::Store& real) : real_(real) {}

  ledger::Result<std::optional<ledger::Registration>> find_registration(
      const ledger::Fingerprint& key) override {
    if (const auto found = registrations_.find(key); found != registrations_.end()) {
      return std::optional<ledger::Registration>(found->second);
    }
    return real_.find_registration(key);
  }
  ledger::Result<void> put_registration(const ledger::Fingerprint& key, const ledger::Registration*,
                                        const ledger::Registration& after) override {
    registrations_[key] = after;
    return ledger::ok();
  }
  ledger::Result<std::optional<ledger::PersonId>> find_person(
      const ledger::EncryptedNumber& number) override {
    if (const auto found = persons_.find(number); found != persons_.end()) {
      return std::optional<ledger::PersonId>(found->second);
    }
    return real_.find_person(number);
  }
  ledger::Result<ledger::PersonId> add_person(const ledger::EncryptedNumber& number) override {
    const ledger::PersonId provisional{provisional_persons + persons_.size()};
    return persons_[number] = provisional;
  }
  ledger::PersonBrief brief(ledger::PersonId person) override { return real_.brief(person); }
  ledger::Result<ledger::Person> load_person(ledger::PersonId person) override {
    return real_.load_person(person);
  }
  const ledger::RegisteredPractice* registered(ledger::PracticeNumber practice) override {
    return practice.value() < provisional_practices ? real_.registered(practice) : nullptr;
  }
  ledger::Result<std::optional<ledger::PracticeNumber>> find_practice(
      const ledger::PracticeId& id) override {
    if (const auto found = practices_.find(std::string(id.view())); found != practices_.end()) {
      return std::optional<ledger::PracticeNumber>(found->second);
    }
    return real_.find_practice(id);
  }
  ledger::Result<ledger::PracticeNumber> add_practice(const ledger::PracticeId& id) override {
    const ledger::PracticeNumber provisional{provisional_practices +
                                             static_cast<std::uint32_t>(practices_.size())};
    return practices_[std::string(id.view())] = provisional;
  }
  ledger::Result<ledger::PracticeId> practice_id(ledger::PracticeNumber number) override {
    return real_.practice_id(number);
  }
  ledger::Result<void> load_account(const ledger::AccountKey& key, ledger::Account& out) override {
    if (const auto found = accounts_.find(key); found != accounts_.end()) {
      out = found->second;
      return ledger::ok();
    }
    return real_.load_account(key, out);
  }
  ledger::Result<void> put_account(const ledger::AccountKey& key,
                                   const ledger::Account& account) override {
    accounts_[key] = account;
    return ledger::ok();
  }
  ledger::Result<void> add_unpaid(const ledger::UnpaidKey&,
                                  const ledger::UnpaidRegistration&) override {
    return ledger::ok();
  }
  ledger::Result<void> remove_unpaid(const ledger::UnpaidKey&) override { return ledger::ok(); }
  ledger::Result<void> record_lag(ledger::PracticeNumber, ledger::Date, ledger::Date) override {
    return ledger::ok();
  }
  ledger::Result<void> record_tally(const ledger::Tally&) override { return ledger::ok(); }
  ledger::Result<void> record_events(std::span<const ledger::Event>) override {
    return ledger::ok();
  }
  ledger::Result<void> keep_statement(const ledger::StatementEntry&) override {
    return ledger::ok();
  }
  ledger::Result<void> keep_key(const ledger::KeyEntry&) override { return ledger::ok(); }
  ledger::Result<void> keep_act(const ledger::ActEntry&) override { return ledger::ok(); }
  // Events of registries are never rehearsed.
  ledger::Result<void> put_person(ledger::PersonId, const ledger::Person&) override {
    return ledger::ok();
  }
  ledger::Result<std::vector<ledger::EncryptedNumber>> numbers_of(ledger::PersonId id) override {
    return real_.numbers_of(id);
  }
  ledger::Result<void> put_numbers(ledger::PersonId,
                                   std::vector<ledger::EncryptedNumber>) override {
    return ledger::ok();
  }
  ledger::Result<std::optional<ledger::KnownEvent>> find_registry_event(
      const ledger::Guid& id) override {
    return real_.find_registry_event(id);
  }
  ledger::Result<void> put_registry_event(const ledger::Guid&, const ledger::KnownEvent&) override {
    return ledger::ok();
  }
  ledger::Result<void> put_registered(ledger::PracticeNumber, ledger::RegisteredPractice) override {
    return ledger::ok();
  }
  ledger::Result<void> remove_account(const ledger::AccountKey&) override { return ledger::ok(); }
  void begin_group(ledger::Position) override {}
  void finish_group(const ledger::CommitGroup&) override {}
  void note_durable(ledger::Position) override {}
  void abandon() override {}

 private:
  // Far above what the real store gives.
  static constexpr std::uint64_t provisional_persons = std::uint64_t{1} << 60;
  static constexpr std::uint32_t provisional_practices = std::uint32_t{1} << 31;

  ledger::Store& real_;
  std::map<ledger::Fingerprint, ledger::Registration> registrations_;
  std::map<ledger::EncryptedNumber, ledger::PersonId> persons_;
  std::map<std::string, ledger::PracticeNumber> practices_;
  std::map<ledger::AccountKey, ledger::Account> accounts_;
};

}  // namespace ingest
