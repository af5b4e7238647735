#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ledger/ports/entry_log.h"
#include "ledger/ports/store.h"
#include "ledger/records/entry.h"
#include "ledger/records/ledger_settings.h"
#include "ledger/records/rule_pack.h"
#include "ledger/rules/post.h"

namespace ledger {

enum class Disposition : std::uint8_t { accepted, duplicate, rejected };

/// What becomes of one item or event.
struct Outcome {
  Disposition disposition = Disposition::rejected;
  Code rejection = Code::none;  ///< why rejected
  Verdict verdict;  ///< of an accepted item; of the original of a duplicate; of an event
                    ///< the position alone
};

/// The rules applied to one item or event after another. For each the ledger looks up what is
/// known, checks in the order of `Code`, posts, and stores what changed. It is deterministic: the
/// same items and events at the same positions over the same state give the same outcomes. So it
/// serves submission, replay and simulation alike. An error of the store leaves the state of this
/// item undefined: the caller abandons the group.
class Ledger {
 public:
  /// `log` has every entry that has been posted on this store.
  Ledger(Store& store, const RulePack& rules, const EntryLog& log, LedgerSettings settings = {})
      : store_(store), rules_(rules), log_(log), settings_(settings) {}

  /// Tells the store of items that process() gets next, so that the store can read ahead: at most
  /// lookups_max of them. The second form is for entries that replay() gets next.
  void expect(std::span<const Item* const> items);
  void expect(std::span<const Entry> entries);

  /// Processes a well-formed item or event. `position` is the place it takes if it is accepted;
  /// then `entry` is what the journal shall keep.
  Result<Outcome> process(const Item& item, Position position, ItemEntry& entry);
  Result<Outcome> process(const PersonEvent& event, Position position, PersonEntry& entry);
  Result<Outcome> process(const PracticeEvent& event, Position position, PracticeEntry& entry);

  /// Applies what is neither an item nor an event of a registry: a statement, a key, a head of the
  /// access log, a checkpoint, an act.
  Result<void> apply_note(const Entry& entry) { return replay(entry); }

  /// Applies an entry of the journal again. What an item or event does is posted again: it has been
  /// accepted, so only the posting is repeated. `corrupt_record` when what the journal says is not
  /// what the rules give, or when a checkpoint is not of this state.
  Result<void> replay(const Entry& entry);

 private:
  Result<void> replay_kind(ItemEntry entry);
  Result<void> replay_kind(const PersonEntry& entry);
  Result<void> replay_kind(PracticeEntry entry);
  Result<void> replay_kind(const StatementEntry& entry) { return store_.keep_statement(entry); }
  Result<void> replay_kind(const KeyEntry& entry) { return store_.keep_key(entry); }
  Result<void> replay_kind(const ActEntry& entry) { return store_.keep_act(entry); }
  Result<void> replay_kind(const AccessLogEntry& /*entry*/) { return ok(); }
  Result<void> replay_kind(const CheckpointEntry& entry);
  Result<Outcome> replay_copayment(ItemEntry& entry, const Registration* known);
  Result<Outcome> repeat(const Item& item, const Registration& registration);
  Result<Outcome> register_copayment(const Item& item, Position position, ItemEntry& entry);
  /// Posts a co-payment of `entry.person`, which is known or has just been added; 0 = of nobody.
  Result<Outcome> accept_copayment(const Item& item, Position position, ItemEntry& entry);
  Result<Registration> post_new(const Item& item, Position position, ItemEntry& entry);
  Result<Outcome> confirm_payment(const Item& item, const Registration* known, Position position,
                                  ItemEntry& entry);
  Result<Outcome> credit(const Item& item, const Registration* known, Position position,
                         ItemEntry& entry);
  /// Posts a payment or a credit note of a known registration.
  Result<Outcome> follow_up(const Item& item, const Registration& known, Position position,
                            ItemEntry& entry);
  Result<void> post_follow_up(const Item& item, Position position, Registration& registration,
                              ItemEntry& entry);
  Code check_copayment(const Item& item, Date service, Date received) const;
  Result<Code> check_practice(const Item& item, Date service);
  Result<bool> has_card(PersonId person, int year);
  /// The person that this one is by now.
  Result<PersonId> person_now(PersonId person);
  /// Finds the practice's number, or gives it one; false when there is no room for another.
  template <class AnyEntry>
  Result<bool> introduce_practice(const PracticeId& id, AnyEntry& entry);
  Result<std::optional<Outcome>> known_outcome(const Guid& event_id, std::uint64_t content_hash);
  Result<void> apply_event(PersonEntry& entry);
  Result<void> apply_event(PracticeEntry& entry);
  Result<PostContext> load(const AccountKey& key, Position position, Instant received);

  Store& store_;
  const RulePack& rules_;
  const EntryLog& log_;
  const LedgerSettings settings_;
  Account account_;  // scratch, reused from item to item
  std::vector<Event> events_;
};

}  // namespace ledger
