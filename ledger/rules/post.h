#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ledger/records/account.h"
#include "ledger/records/event.h"
#include "ledger/records/item.h"
#include "ledger/records/registration.h"

namespace ledger {

/// Everything about an entry that is not the account it changes.
struct PostContext {
  AccountKey account;
  Position position;  ///< of the entry
  Instant received;   ///< of the entry
  Money ceiling;      ///< of the account's year
  RulePackHash rule_pack{};
  std::optional<Date> birth_date;  ///< of the person, when it is known
};

/// What of a registration decides how it counts.
struct Countable {
  Position position;
  Guid guid;
  Date service_date{};
  Money amount;
};

/// One entry's change of one account. Registrations stop and start to count, each with its refund
/// lines; then the card is settled once.
class Posting {
 public:
  Posting(const PostContext& context, Account& account);

  /// The registration starts to count: the sum grows, and the excess over the ceiling is refunded.
  void start(const Countable& registration);
  /// The registration stops counting: the sum shrinks, and what was refunded beyond the remaining
  /// excess is netted: this registration's lines first, then those of the newest lines.
  void stop(const Countable& registration);
  /// Refunds a registration that counts already.
  void refund(const Countable& registration, Money amount);
  /// What this registration has been refunded so far.
  Money refunded(Position registration);
  /// That registration is the crossing one if there is no card yet when the card is settled.
  void cross_at(const Countable& registration);

  /// Brings the card into line with the sum: it is issued, comes under review, becomes active
  /// again, or gets another date of entitlement.
  void settle_card();

  /// Tells what has become of the card since `before`, and the lines that this posting has written.
  /// `spoken_of` is the registration that the item speaks of; 0 of an event of a registry.
  void tell(const ToldCard& before, Position spoken_of, std::vector<Event>& events) const;
  /// The parts of tell().
  void tell_card(const ToldCard& before, Position spoken_of, std::vector<Event>& events) const;
  void tell_line(const RefundLine& line, std::vector<Event>& events) const;

 private:
  void net(const Countable& registration, Money shrinkage);
  Money net_registration(Position registration, const Guid& guid, Money wanted);
  void add_line(Position registration, const Guid& guid, Money amount);
  void issue_card(Date entitled_from);

  const PostContext& context_;
  Account& account_;
  std::size_t lines_before_;
  /// Netting walks back through the lines. Those from here on have nothing left to net, until a
  /// registration is refunded again: an event that stops thousands of them walks once.
  std::size_t netted_from_;
  /// By registration, once it has been asked for.
  std::optional<std::unordered_map<std::uint64_t, Money>> refunded_;
  std::optional<std::pair<Position, Guid>> crossing_;
};

/// Posts a co-payment that has passed all checks: `registration` is made from it, and the account
/// takes it in. Pure: the same arguments give the same account, registration, verdict and events.
Verdict post_copayment(const Item& item, const PostContext& context, Registration& registration,
                       Account& account, std::vector<Event>& events);

/// Posts a payment confirmation of a registration that is not credited. Without effect when it is
/// paid already.
Verdict post_payment(const PostContext& context, const Guid& guid, Registration& registration,
                     Account& account, std::vector<Event>& events);

/// Posts a credit note of a registration that is not credited.
Verdict post_credit_note(const PostContext& context, const Guid& guid, Registration& registration,
                         Account& account, std::vector<Event>& events);

/// What an item is answered that nobody's account knows: as it says itself.
Verdict verdict_alone(Position position, const Registration& registration);

}  // namespace ledger
