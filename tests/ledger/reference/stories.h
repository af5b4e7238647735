#pragma once

#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ledger/records/account.h"
#include "ledger/records/event.h"
#include "ledger/records/item.h"
#include "ledger/records/registration.h"
#include "ledger/records/registry_event.h"
#include "ledger/records/rule_pack.h"
#include "tests/support/builders.h"

// What happens to persons, told as tables: each step is an item or an event of a registry, and what
// must be answered, kept and told then, worked out by hand. Rules and reference are held to the
// same stories.
//
// The step with number n has the position n, written #n. The ceiling is 100 øre in 2024 and 2025.
// Persons have the numbers 1, 2, ...; their ids are given in the order in which the ledger hears of
// them. The registration with guid 3 that made the card of person 2 gives it the name p2g3.

namespace ledger::test {

/// One step and all that it must lead to. Accounts that it does not name are as they were before.
struct StoryStep {
  std::variant<Item, PersonEvent> what;
  PersonId person;                              ///< whom the entry names; 0 = nobody
  PersonId other;                               ///< who is merged into that one; 0 = nobody
  std::string answer = "accepted";              ///< see answer_text()
  std::map<std::string, std::string> accounts;  ///< by `person/year`; empty: there is none any more
  std::map<std::string, std::string> persons;   ///< by id; see person_text()
  std::vector<std::string> events;              ///< see event_text()

  StoryStep& of(std::uint64_t kept, std::uint64_t merged = 0);
  StoryStep& answers(std::string text);
  StoryStep& leaves(std::string account, std::string text);
  StoryStep& knows(std::string of_person, std::string text);
  StoryStep& tells(std::initializer_list<std::string> texts);
};

/// A co-payment of that number, at ten; received an hour later.
StoryStep pays(std::uint32_t number, std::uint32_t guid, std::int64_t ore, std::string_view day);
StoryStep owes(std::uint32_t number, std::uint32_t guid, std::int64_t ore, std::string_view day);
/// Received on that day at twelve, as the events are.
StoryStep payment_of(std::uint32_t guid, std::string_view day);
StoryStep credit_of(std::uint32_t guid, std::string_view day);
StoryStep born(std::uint32_t number, std::string_view birth_date, std::string_view day);
StoryStep merged(std::uint32_t number, std::uint32_t other, std::string_view day);
StoryStep number_changed(std::uint32_t from, std::uint32_t to, std::string_view day);
StoryStep opted_out(std::uint32_t number, std::string_view day);
StoryStep opted_in(std::uint32_t number, std::string_view day);

struct Story {
  std::string name;
  std::vector<StoryStep> steps;
};

std::vector<Story> merge_stories();
std::vector<Story> number_stories();
std::vector<Story> birth_date_stories();
std::vector<Story> opt_out_stories();
std::vector<Story> all_stories();

const RulePack& story_rules();

/// `counted`, `counted, exempt`, `UNPAID`, `UNDER_16, exempt`.
std::string answer_text(const Verdict& verdict);
/// `60 [#1]`: the sum, the newest entry, and what changed it last where that is another. With a
/// card `; active p1g2 from 2024-01-20, crossed #2, issued #2 2024-01-20T11:00:00Z`. With refund
/// lines `; +10 #2/#2, -10 #2/#5`: amount, registration, cause.
std::string account_text(int year, const Account& account);
std::string key_text(const AccountKey& key);
/// `cardIssued 1/2024 p1g2 from 2024-01-20 for #2`, `entitlementMoved ... was 2024-02-01`,
/// `refundDue 1/2024 +10 for #2`, `personMerged 1 2 2024 p1g2 instead of p2g3`. Of an event that
/// another entry has caused the text says so.
std::string event_text(const Event& event, Position cause);
/// `born 2008-02-29; opted out; numbers *2 1`: the one in use, then the others, ascending.
std::string person_text(const std::optional<Date>& birth_date, bool is_opted_out,
                        const EncryptedNumber& in_use, std::vector<EncryptedNumber> numbers);

/// What a step has led to.
struct StorySeen {
  std::string answer;
  PersonId person;
  PersonId other;
  std::map<std::string, std::string> accounts;  ///< all, hidden ones too
  std::map<std::string, std::string> persons;   ///< all who have not been merged into another
  std::vector<std::string> events;              ///< of this step
};

/// Who is held to the stories.
class StoryWorld {
 public:
  virtual ~StoryWorld() = default;
  virtual StorySeen take(const StoryStep& step, Position position) = 0;
};

/// Fails the test where the world does otherwise than the story.
void expect_story(const Story& story, StoryWorld& world);

}  // namespace ledger::test
