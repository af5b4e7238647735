#include "tests/ledger/reference/stories.h"

namespace ledger::test {
namespace {

/// 60 + 70 counted when both were shown last.
Story merge_of_an_opted_out_person() {
  return {"a merge with an opted-out person is told when he opts in",
          {pays(1, 1, 60, "2024-01-10").of(1).answers("counted").leaves("1/2024", "60 [#1]"),
           pays(2, 2, 70, "2024-01-12").of(2).answers("counted").leaves("2/2024", "70 [#2]"),
           opted_out(2, "2024-01-20").of(2).knows("2", "opted out; numbers *2"),
           merged(1, 2, "2024-02-01")
               .of(1, 2)
               .leaves("2/2024", "")
               .leaves("1/2024",
                       "130 [#4]; active p1g2 from 2024-01-12, crossed #2, issued #4 "
                       "2024-02-01T12:00:00Z; +30 #2/#4")
               .knows("1", "opted out; numbers *1 2"),
           pays(1, 3, 50, "2024-02-05").answers("counted"),
           opted_in(2, "2024-03-01")
               .of(1)
               .knows("1", "numbers *1 2")
               .tells({"personMerged 1 2", "cardIssued 1/2024 p1g2 from 2024-01-12 for #2",
                       "refundDue 1/2024 +30 for #2"}),
           pays(2, 4, 10, "2024-03-05")
               .of(1)
               .answers("counted, exempt")
               .leaves("1/2024",
                       "140 [#7]; active p1g2 from 2024-01-12, crossed #2, issued #4 "
                       "2024-02-01T12:00:00Z; +30 #2/#4, +10 #7/#7")
               .tells({"refundDue 1/2024 +10 for #7"})}};
}

/// Joined while hidden: 60 + 120, as if nothing had been paid or credited since. At the opt-in 60
/// stop (the newest lines give back 50 and 10), then 50 start: 170.
Story everything_meanwhile() {
  return {
      "payment, credit and merge while opted out",
      {pays(1, 1, 60, "2024-01-10").of(1).answers("counted").leaves("1/2024", "60 [#1]"),
       owes(1, 2, 50, "2024-01-20").of(1).answers("UNPAID").leaves("1/2024", "60 [#2]"),
       pays(2, 3, 90, "2024-01-25").of(2).answers("counted").leaves("2/2024", "90 [#3]"),
       pays(2, 4, 30, "2024-02-01")
           .of(2)
           .answers("counted, exempt")
           .leaves("2/2024",
                   "120 [#4]; active p2g4 from 2024-02-01, crossed #4, issued #4 "
                   "2024-02-01T11:00:00Z; +20 #4/#4")
           .tells({"cardIssued 2/2024 p2g4 from 2024-02-01 for #4", "refundDue 2/2024 +20 for #4"}),
       opted_out(1, "2024-02-05").of(1), payment_of(2, "2024-02-06").answers("counted"),
       credit_of(1, "2024-02-07").answers("CREDITED"),
       pays(1, 5, 40, "2024-02-08").answers("counted"),
       merged(1, 2, "2024-02-10")
           .of(1, 2)
           .leaves("2/2024", "")
           .leaves("1/2024",
                   "180 [#9]; active p2g4 from 2024-01-25, crossed #4, issued #4 "
                   "2024-02-01T11:00:00Z; +20 #4/#4, +10 #4/#9, +50 #3/#9"),
       opted_in(2, "2024-03-01")
           .of(1)
           .leaves("1/2024",
                   "170 [#9 #10]; active p2g4 from 2024-01-25, crossed #4, issued #4 "
                   "2024-02-01T11:00:00Z; +20 #4/#4, +10 #4/#9, +50 #3/#9, -50 #3/#10, -10 #4/#10, "
                   "+50 #2/#10")
           .tells({"personMerged 1 2",
                   "entitlementMoved 1/2024 p2g4 from 2024-01-25 was 2024-02-01",
                   "refundDue 1/2024 +10 for #4", "refundDue 1/2024 +50 for #3",
                   "refundNetted 1/2024 -50 for #3", "refundNetted 1/2024 -10 for #4",
                   "refundDue 1/2024 +50 for #2"}),
       pays(1, 6, 5, "2024-03-05")
           .of(1)
           .answers("counted, exempt")
           .leaves("1/2024",
                   "175 [#11]; active p2g4 from 2024-01-25, crossed #4, issued #4 "
                   "2024-02-01T11:00:00Z; +20 #4/#4, +10 #4/#9, +50 #3/#9, -50 #3/#10, -10 #4/#10, "
                   "+50 #2/#10, +5 #11/#11")
           .tells({"refundDue 1/2024 +5 for #11"}),
       credit_of(5, "2024-03-06").answers("CREDITED")}};
}

/// The same without a merge: at the opt-in 60 stop and 50 start, one by one.
Story judged_again() {
  return {
      "an opt-in judges the registrations by what they are by then",
      {pays(1, 1, 60, "2024-01-10").of(1).answers("counted").leaves("1/2024", "60 [#1]"),
       owes(1, 2, 50, "2024-01-20").of(1).answers("UNPAID").leaves("1/2024", "60 [#2]"),
       pays(1, 3, 45, "2024-01-30")
           .of(1)
           .answers("counted, exempt")
           .leaves("1/2024",
                   "105 [#3]; active p1g3 from 2024-01-30, crossed #3, issued #3 "
                   "2024-01-30T11:00:00Z; +5 #3/#3")
           .tells({"cardIssued 1/2024 p1g3 from 2024-01-30 for #3", "refundDue 1/2024 +5 for #3"}),
       opted_out(1, "2024-02-05").of(1), credit_of(1, "2024-02-06").answers("CREDITED"),
       payment_of(2, "2024-02-07").answers("counted"),
       opted_in(1, "2024-02-10")
           .of(1)
           .leaves("1/2024",
                   "95 [#3 #7]; under review p1g3 from 2024-01-30, crossed #3, issued #3 "
                   "2024-01-30T11:00:00Z; +5 #3/#3, -5 #3/#7")
           .tells({"cardUnderReview 1/2024 p1g3 from 2024-01-30", "refundNetted 1/2024 -5 for #3"}),
       pays(1, 4, 5, "2024-02-11")
           .of(1)
           .answers("counted, exempt")
           .leaves("1/2024",
                   "100 [#8]; active p1g3 from 2024-02-11, crossed #3, issued #3 "
                   "2024-01-30T11:00:00Z; +5 #3/#3, -5 #3/#7")
           .tells({"cardReinstated 1/2024 p1g3 from 2024-02-11 for #8",
                   "entitlementMoved 1/2024 p1g3 from 2024-02-11 was 2024-01-30 for #8"})}};
}

/// The merge made 115 and a card; the credit note leaves 60.
Story issued_and_under_review() {
  return {"a card made meanwhile and under review at the opt-in",
          {pays(1, 1, 60, "2024-01-10").of(1).answers("counted").leaves("1/2024", "60 [#1]"),
           pays(2, 2, 55, "2024-01-11").of(2).answers("counted").leaves("2/2024", "55 [#2]"),
           opted_out(1, "2024-01-20").of(1),
           merged(1, 2, "2024-02-01")
               .of(1, 2)
               .leaves("2/2024", "")
               .leaves("1/2024",
                       "115 [#4]; active p1g2 from 2024-01-11, crossed #2, issued #4 "
                       "2024-02-01T12:00:00Z; +15 #2/#4"),
           credit_of(2, "2024-02-02").answers("CREDITED"),
           opted_in(1, "2024-03-01")
               .of(1)
               .leaves("1/2024",
                       "60 [#4 #6]; under review p1g2 from 2024-01-11, crossed #2, issued #4 "
                       "2024-02-01T12:00:00Z; +15 #2/#4, -15 #2/#6")
               .tells({"personMerged 1 2", "cardIssued 1/2024 p1g2 from 2024-01-11 for #2",
                       "cardUnderReview 1/2024 p1g2 from 2024-01-11", "refundDue 1/2024 +15 for #2",
                       "refundNetted 1/2024 -15 for #2"})}};
}

Story birth_date_while_opted_out() {
  return {"out and in more than once, and a birth date meanwhile",
          {pays(1, 1, 100, "2024-01-10")
               .of(1)
               .answers("counted, exempt")
               .leaves("1/2024",
                       "100 [#1]; active p1g1 from 2024-01-10, crossed #1, issued #1 "
                       "2024-01-10T11:00:00Z")
               .tells({"cardIssued 1/2024 p1g1 from 2024-01-10 for #1"}),
           opted_in(1, "2024-01-11").of(1), opted_out(1, "2024-01-20").of(1),
           opted_out(1, "2024-01-21").of(1),
           born(1, "2010-01-01", "2024-01-22")
               .of(1)
               .knows("1", "born 2010-01-01; opted out; numbers *1"),
           pays(1, 2, 10, "2024-01-23").answers("counted"),
           opted_in(1, "2024-02-01")
               .of(1)
               .leaves("1/2024",
                       "0 [#1 #7]; under review p1g1 from 2024-01-10, crossed #1, issued #1 "
                       "2024-01-10T11:00:00Z")
               .tells({"cardUnderReview 1/2024 p1g1 from 2024-01-10"}),
           opted_in(1, "2024-02-02").of(1),
           pays(1, 3, 20, "2024-02-03")
               .of(1)
               .answers("UNDER_16, exempt")
               .leaves("1/2024",
                       "0 [#9]; under review p1g1 from 2024-01-10, crossed #1, issued #1 "
                       "2024-01-10T11:00:00Z")}};
}

/// What leads to a merge of a person with a card, p1g1, and two hidden ones with another, p2g3.
std::vector<StoryStep> up_to_two_cards(std::string_view first_day) {
  const std::string day(first_day);
  return {pays(1, 1, 100, day)
              .of(1)
              .answers("counted, exempt")
              .leaves("1/2024", "100 [#1]; active p1g1 from " + day + ", crossed #1, issued #1 " +
                                    day + "T11:00:00Z")
              .tells({"cardIssued 1/2024 p1g1 from " + day + " for #1"}),
          pays(2, 2, 60, "2024-01-10").of(2).answers("counted").leaves("2/2024", "60 [#2]"),
          pays(3, 3, 60, "2024-01-12").of(3).answers("counted").leaves("3/2024", "60 [#3]"),
          opted_out(3, "2024-01-15").of(3),
          merged(2, 3, "2024-02-01")
              .of(2, 3)
              .leaves("3/2024", "")
              .leaves("2/2024",
                      "120 [#5]; active p2g3 from 2024-01-12, crossed #3, issued #5 "
                      "2024-02-01T12:00:00Z; +20 #3/#5")};
}

/// 220: of the gain of 100 the newest gets the 40 that it has not got, the one before it 60.
Story told_card_replaced() {
  Story story{"a card made meanwhile replaces one that was told", up_to_two_cards("2024-03-01")};
  story.steps.push_back(merged(1, 2, "2024-03-05")
                            .of(1, 2)
                            .leaves("2/2024", "")
                            .leaves("1/2024",
                                    "220 [#6]; active p2g3 from 2024-01-12, crossed #3, issued #5 "
                                    "2024-02-01T12:00:00Z; +20 #3/#5, +40 #3/#6, +60 #2/#6"));
  story.steps.push_back(
      opted_in(1, "2024-03-10")
          .of(1)
          .tells({"personMerged 2 3", "personMerged 1 2 2024 p2g3 instead of p1g1",
                  "cardIssued 1/2024 p2g3 from 2024-01-12 for #3", "refundDue 1/2024 +20 for #3",
                  "refundDue 1/2024 +40 for #3", "refundDue 1/2024 +60 for #2"}));
  return story;
}

/// The card made meanwhile has come and gone: nothing but the merge speaks of it.
Story untold_card_replaced() {
  Story story{"a card that was told replaces one made meanwhile", up_to_two_cards("2024-01-05")};
  story.steps.push_back(merged(1, 2, "2024-03-05")
                            .of(1, 2)
                            .leaves("2/2024", "")
                            .leaves("1/2024",
                                    "220 [#6]; active p1g1 from 2024-01-05, crossed #1, issued #1 "
                                    "2024-01-05T11:00:00Z; +20 #3/#5, +40 #3/#6, +60 #2/#6"));
  story.steps.push_back(
      opted_in(3, "2024-03-10")
          .of(1)
          .tells({"personMerged 2 3", "personMerged 1 2 2024 p1g1 instead of p2g3",
                  "refundDue 1/2024 +20 for #3", "refundDue 1/2024 +40 for #3",
                  "refundDue 1/2024 +60 for #2"}));
  return story;
}

/// Hidden, the birth date of the other fills in and stops nothing until the opt-in.
Story hidden_merge_judges_nothing() {
  return {"a merge of hidden accounts judges nothing",
          {pays(1, 1, 70, "2024-01-10").of(1).answers("counted").leaves("1/2024", "70 [#1]"),
           born(2, "2008-02-01", "2024-01-11").of(2),
           pays(2, 2, 40, "2024-02-02").of(2).answers("counted").leaves("2/2024", "40 [#3]"),
           opted_out(1, "2024-02-03").of(1),
           merged(2, 1, "2024-02-04")
               .of(1, 2)
               .leaves("2/2024", "")
               .leaves("1/2024",
                       "110 [#5]; active p1g2 from 2024-02-02, crossed #3, issued #5 "
                       "2024-02-04T12:00:00Z; +10 #3/#5")
               .knows("1", "born 2008-02-01; opted out; numbers *2 1"),
           opted_in(1, "2024-02-05")
               .of(1)
               .leaves("1/2024",
                       "40 [#5 #6]; under review p1g2 from 2024-02-02, crossed #3, issued #5 "
                       "2024-02-04T12:00:00Z; +10 #3/#5, -10 #3/#6")
               .tells({"personMerged 1 2", "cardIssued 1/2024 p1g2 from 2024-02-02 for #3",
                       "cardUnderReview 1/2024 p1g2 from 2024-02-02", "refundDue 1/2024 +10 for #3",
                       "refundNetted 1/2024 -10 for #3"})}};
}

}  // namespace

std::vector<Story> opt_out_stories() {
  return {merge_of_an_opted_out_person(), everything_meanwhile(),       judged_again(),
          issued_and_under_review(),      birth_date_while_opted_out(), told_card_replaced(),
          untold_card_replaced(),         hidden_merge_judges_nothing()};
}

}  // namespace ledger::test
