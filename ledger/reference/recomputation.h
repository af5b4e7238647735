#pragma once

#include <map>
#include <utility>
#include <vector>

#include "ledger/reference/person_history.h"
#include "ledger/reference/reference.h"
#include "ledger/reference/reference_decisions.h"
#include "ledger/reference/registration_history.h"
#include "ledger/reference/step.h"

namespace ledger {

/// Works out one person's year step by step; see reference_account().
class Recomputation {
 public:
  Recomputation(std::vector<Step> steps, int year, Money ceiling, const RulePackHash& rule_pack);

  ReferenceAccount run();

 private:
  /// The registrations that count in an account, in position order.
  using Counted = std::vector<std::size_t>;

  void apply_item(std::size_t step);
  void apply_event(std::size_t step);
  void note_misfit(std::size_t step);
  /// What belongs to nobody, or changes a hidden account's registration only.
  void answer_alone(std::size_t step, std::size_t subject);
  /// The account of this person by what the step has changed; `subject` is what it tells of.
  void judge(PersonId person, std::size_t step, Position subject);
  void merge(std::size_t step);
  /// Applies an event, and notes what it changes in what was decided of the persons it is about.
  void restate(std::size_t step);
  ReferenceFigures figures_of(PersonId person, std::size_t moment);

  /// Valid until the step after the moment is done.
  const Counted& counted_of(PersonId person, std::size_t moment);
  Money sum_of(const Counted& counted) const;
  Money excess_of(const Counted& counted) const;
  Date entitled_from(const Counted& counted) const;

  void stop(ReferenceDecisions& account, Counted& counted, std::size_t i, Position cause);
  void start(PersonId person, Counted& counted, std::size_t i, std::size_t step);
  /// What the joined sum gains beyond the lines of both goes to the newest.
  void refund_gain(ReferenceDecisions& account, const Counted& counted, Position cause);
  void issue(PersonId person, std::size_t crossing, std::size_t step);
  void issue_for_both(PersonId person, const Counted& counted, std::size_t step);
  /// State and date of the card, once the step has done everything else.
  void settle(ReferenceDecisions& account, const Counted& counted) const;
  void tell(PersonId person, const ToldCard& before, Position cause, Position subject);
  void tell_of_card(EventType type, const ExemptionCard& card, const Event& common,
                    Date moved_from);

  void describe();

  const std::vector<Step> steps_;
  const PersonHistory persons_;
  const RegistrationHistories registrations_;
  const int year_;
  const Money ceiling_;
  const RulePackHash rule_pack_;
  std::map<PersonId, ReferenceDecisions> accounts_;
  /// What counted_of() has found for the moments around the present step.
  std::map<std::pair<std::size_t, PersonId>, Counted> counted_;
  ReferenceAccount result_;
};

}  // namespace ledger
