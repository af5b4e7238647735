#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ledger/ports/store.h"
#include "ledger/records/entry.h"
#include "ledger/records/rule_pack.h"
#include "ledger/rules/post.h"

namespace ledger {

enum class Disposition : std::uint8_t { accepted, duplicate, rejected };

/// What becomes of one item.
struct Outcome {
  Disposition disposition = Disposition::rejected;
  Code rejection = Code::none;  ///< why rejected
  Verdict verdict;              ///< of an accepted item; of the original of a duplicate
};

/// The rules applied to one item after another. For each item the ledger looks up what is known,
/// checks in the order of `Code`, posts, and stores what changed. It is deterministic: the same
/// items at the same positions over the same state give the same outcomes. So it serves submission,
/// replay and simulation alike. An error of the store leaves the state of this item undefined: the
/// caller abandons the group.
class Ledger {
 public:
  Ledger(Store& store, const RulePack& rules) : store_(store), rules_(rules) {}

  /// Tells the store of items that process() gets next, so that the store can read ahead: at most
  /// lookups_max of them. The second form is for entries that replay() gets next.
  void expect(std::span<const Item* const> items);
  void expect(std::span<const Entry> entries);

  /// Processes a well-formed item. `position` is the place it takes if it is accepted; then `entry`
  /// is what the journal shall keep.
  Result<Outcome> process(const Item& item, Position position, ItemEntry& entry);

  /// Applies what is neither an item nor an event of a registry: a statement, a key, a head of the
  /// access log, a checkpoint.
  Result<void> apply_note(const Entry& entry) { return replay(entry); }

  /// Applies an entry of the journal again. What an item does is posted again: it has been
  /// accepted, so only the posting is repeated. `corrupt_record` when the journal's verdict is not
  /// what the rules give, or when a checkpoint is not of this state.
  Result<void> replay(const Entry& entry);

 private:
  Result<void> replay_kind(ItemEntry entry);
  Result<void> replay_kind(const PersonEntry& entry);
  Result<void> replay_kind(const PracticeEntry& entry);
  Result<void> replay_kind(const StatementEntry& entry) { return store_.keep_statement(entry); }
  Result<void> replay_kind(const KeyEntry& entry) { return store_.keep_key(entry); }
  Result<void> replay_kind(const AccessLogEntry& /*entry*/) { return ok(); }
  Result<void> replay_kind(const CheckpointEntry& entry);
  Result<Outcome> replay_copayment(ItemEntry& entry, const Registration* known);
  Result<Outcome> register_copayment(const Item& item, Position position, ItemEntry& entry);
  /// Posts a co-payment of `entry.person`, which is known or has just been added.
  Result<Outcome> accept_copayment(const Item& item, Position position, ItemEntry& entry);
  Result<Outcome> confirm_payment(const Item& item, const Registration* known, Position position,
                                  ItemEntry& entry);
  Result<Outcome> credit(const Item& item, const Registration* known, Position position,
                         ItemEntry& entry);
  /// Posts a payment or a credit note of a known registration.
  using FollowUpPosting = Verdict (*)(const Item&, const PostContext&, Registration&, Account&,
                                      std::vector<Event>&);
  Result<Outcome> follow_up(const Item& item, const Registration& known, Position position,
                            ItemEntry& entry, FollowUpPosting post);
  Code check_copayment(const Item& item, Date service, Date received) const;
  /// Finds the practice's number, or gives it one; false when there is no room for another.
  Result<bool> introduce_practice(const PracticeId& id, ItemEntry& entry);
  /// Stores what a posting changed.
  Result<void> keep(const Item& item, const Registration* before, const Registration& after,
                    const AccountKey& key);
  Result<PostContext> load(const AccountKey& key, Position position);

  Store& store_;
  const RulePack& rules_;
  Account account_;  // scratch, reused from item to item
  std::vector<Event> events_;
};

}  // namespace ledger
