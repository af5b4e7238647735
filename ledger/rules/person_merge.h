#pragma once

#include <vector>

#include "ledger/ports/entry_log.h"
#include "ledger/ports/store.h"
#include "ledger/records/entry.h"
#include "ledger/records/rule_pack.h"
#include "ledger/rules/history.h"
#include "ledger/rules/post.h"

namespace ledger {

/// Two known persons turn out to be one: the facts are settled, registrations that by them no
/// longer count stop, the accounts of each year are joined, and those that now count start. Where
/// either is opted out, the accounts are joined as they are, and nobody is told.
class PersonMerge {
 public:
  /// `entry` says who stays and who is merged into that one.
  PersonMerge(Store& store, const RulePack& rules, const EntryLog& log, PersonEntry& entry)
      : store_(store), rules_(rules), log_(log), entry_(entry) {}

  Result<void> run(std::vector<Event>& events);

 private:
  /// The account of one of the two.
  struct Side {
    Account account;
    std::vector<HeldRegistration> registrations;
  };

  bool is_hidden() const { return joined_.is_opted_out; }
  void settle_facts(const Person& kept, const Person& other);
  Result<void> join_year(int year);
  Result<void> read_registrations(int year, Side& kept, Side& other);
  bool needs_registrations(int year, const Account& kept, const Account& other,
                           Money ceiling) const;
  Result<std::vector<RefundLine>> stop_both(const PostContext& context, Side& kept, Side& other);
  ToldCard join_cards(int year, const Account& kept, const Account& other, Account& account);
  Result<void> post(const PostContext& context, const ToldCard& before,
                    std::vector<HeldRegistration>& registrations, Account& account);
  Result<void> join_numbers();
  Result<void> put_person(PersonId id, const Person& person);
  Result<void> remove_account(const AccountKey& key);
  Result<void> tell(const Person& kept, const Person& other, std::vector<Event>& events);

  Store& store_;
  const RulePack& rules_;
  const EntryLog& log_;
  PersonEntry& entry_;
  std::optional<Date> kept_birth_date_;   // as it was known before
  std::optional<Date> other_birth_date_;  // likewise
  Person joined_;
  std::vector<ReplacedCard> replaced_cards_;
  std::vector<Event> told_;  // of the years
};

}  // namespace ledger
