#include "tests/sim/checksum.h"

namespace sim {

using ledger::test::MemoryStore;

storage::SetHash checksum_of(const MemoryStore& store) {
  storage::SetHash checksum;
  std::string row;
  for (const auto& [key, registration] : store.registrations()) {
    storage::encode_registration(registration, row);
    checksum.add("r", storage::view_of(storage::registration_key(key)),
                 storage::Row::checksum_content(row));
  }
  for (const auto& [key, account] : store.accounts()) {
    storage::encode_account(account, row);
    checksum.add("a", storage::account_key(key), storage::Row::checksum_content(row));
  }
  std::map<ledger::PracticeNumber, ledger::PracticeId> practices;
  for (const auto& [digits, number] : store.practices()) {
    ledger::PracticeId::parse(digits, practices[number]);
  }
  std::string content;
  for (const auto& [person, facts] : store.facts()) {
    storage::encode_person(facts, row);
    checksum.add("f", storage::person_key(person), storage::Row::checksum_content(row));
  }
  for (const auto& [number, registered] : store.registered_practices()) {
    storage::encode_practice_content(registered.event, content);
    checksum.add("p", practices.at(number).view(), content);
  }
  for (const auto& [key, month] : store.timeliness()) {
    if (key.practice == ledger::nation) continue;
    for (std::uint32_t lag = 0; lag < month.by_lag.size(); ++lag) {
      storage::encode_lag_content(practices.at(key.practice), key.basis, key.month, lag, content);
      for (std::uint32_t i = 0; i < month.by_lag[lag]; ++i) checksum.add("t", {}, content);
    }
  }
  return checksum;
}

}  // namespace sim
