#include "tests/ledger/reference/stories.h"

namespace ledger::test {
namespace {

/// Positions: 60, 90, 110: the third crosses. 35 above the ceiling: 25 to the newest, 10 before it.
Story crossing_by_merge() {
  return {"a merge crosses the ceiling by itself",
          {pays(1, 1, 60, "2024-01-10").of(1).answers("counted").leaves("1/2024", "60 [#1]"),
           pays(2, 2, 30, "2024-01-20").of(2).answers("counted").leaves("2/2024", "30 [#2]"),
           pays(1, 3, 20, "2024-02-01").of(1).answers("counted").leaves("1/2024", "80 [#3]"),
           pays(2, 4, 25, "2024-02-10").of(2).answers("counted").leaves("2/2024", "55 [#4]"),
           merged(1, 2, "2024-03-01")
               .of(1, 2)
               .leaves("2/2024", "")
               .leaves("1/2024",
                       "135 [#5]; active p1g3 from 2024-02-01, crossed #3, issued #5 "
                       "2024-03-01T12:00:00Z; +25 #4/#5, +10 #3/#5")
               .tells({"personMerged 1 2", "cardIssued 1/2024 p1g3 from 2024-02-01 for #3",
                       "refundDue 1/2024 +25 for #4", "refundDue 1/2024 +10 for #3"}),
           pays(2, 5, 15, "2024-03-05")
               .of(1)
               .answers("counted, exempt")
               .leaves("1/2024",
                       "150 [#6]; active p1g3 from 2024-02-01, crossed #3, issued #5 "
                       "2024-03-01T12:00:00Z; +25 #4/#5, +10 #3/#5, +15 #6/#6")
               .tells({"refundDue 1/2024 +15 for #6"})}};
}

/// By position the second crosses, on 20 February; by service the ceiling was reached on the 10th.
Story crossing_out_of_order() {
  return {"position says which registration crosses, service says from when",
          {pays(1, 1, 60, "2024-02-10").of(1).answers("counted").leaves("1/2024", "60 [#1]"),
           pays(2, 2, 40, "2024-02-20").of(2).answers("counted").leaves("2/2024", "40 [#2]"),
           pays(1, 3, 30, "2024-01-10").of(1).answers("counted").leaves("1/2024", "90 [#3]"),
           pays(2, 4, 20, "2024-01-20").of(2).answers("counted").leaves("2/2024", "60 [#4]"),
           merged(2, 1, "2024-03-01")
               .of(1, 2)
               .leaves("2/2024", "")
               .leaves("1/2024",
                       "150 [#5]; active p1g2 from 2024-02-10, crossed #2, issued #5 "
                       "2024-03-01T12:00:00Z; +20 #4/#5, +30 #3/#5")
               .knows("1", "numbers *2 1")
               .tells({"personMerged 1 2", "cardIssued 1/2024 p1g2 from 2024-02-10 for #2",
                       "refundDue 1/2024 +20 for #4", "refundDue 1/2024 +30 for #3"})}};
}

/// 250 joined, 50 refunded: the newest has all of its 30, so 30 more for #3 and 70 for #2.
Story two_cards() {
  return {
      "of two cards of a year the one issued first stays",
      {pays(1, 1, 100, "2024-02-01")
           .of(1)
           .answers("counted, exempt")
           .leaves("1/2024",
                   "100 [#1]; active p1g1 from 2024-02-01, crossed #1, issued #1 "
                   "2024-02-01T11:00:00Z")
           .tells({"cardIssued 1/2024 p1g1 from 2024-02-01 for #1"}),
       pays(2, 2, 70, "2024-01-05").of(2).answers("counted").leaves("2/2024", "70 [#2]"),
       pays(2, 3, 50, "2024-01-15")
           .of(2)
           .answers("counted, exempt")
           .leaves("2/2024",
                   "120 [#3]; active p2g3 from 2024-01-15, crossed #3, issued #3 "
                   "2024-01-15T11:00:00Z; +20 #3/#3")
           .tells({"cardIssued 2/2024 p2g3 from 2024-01-15 for #3", "refundDue 2/2024 +20 for #3"}),
       pays(1, 4, 30, "2024-02-10")
           .of(1)
           .answers("counted, exempt")
           .leaves("1/2024",
                   "130 [#4]; active p1g1 from 2024-02-01, crossed #1, issued #1 "
                   "2024-02-01T11:00:00Z; +30 #4/#4")
           .tells({"refundDue 1/2024 +30 for #4"}),
       merged(2, 1, "2024-03-01")
           .of(1, 2)
           .leaves("2/2024", "")
           .leaves("1/2024",
                   "250 [#5]; active p2g3 from 2024-01-15, crossed #3, issued #3 "
                   "2024-01-15T11:00:00Z; +20 #3/#3, +30 #4/#4, +30 #3/#5, +70 #2/#5")
           .tells({"personMerged 1 2 2024 p2g3 instead of p1g1", "refundDue 1/2024 +30 for #3",
                   "refundDue 1/2024 +70 for #2"}),
       credit_of(2, "2024-03-10")
           .of(1)
           .answers("CREDITED, exempt")
           .leaves("1/2024",
                   "180 [#6]; active p2g3 from 2024-02-01, crossed #3, issued #3 "
                   "2024-01-15T11:00:00Z; +20 #3/#3, +30 #4/#4, +30 #3/#5, +70 #2/#5, -70 #2/#6")
           .tells({"entitlementMoved 1/2024 p2g3 from 2024-02-01 was 2024-01-15 for #2",
                   "refundNetted 1/2024 -70 for #2"})}};
}

/// Both cards are of 20 January, 11 o'clock.
Story two_cards_of_one_time() {
  return {"of two cards of one time the one that the earlier entry issued stays",
          {pays(1, 1, 40, "2024-01-10").of(1).answers("counted").leaves("1/2024", "40 [#1]"),
           pays(2, 2, 100, "2024-01-20")
               .of(2)
               .answers("counted, exempt")
               .leaves("2/2024",
                       "100 [#2]; active p2g2 from 2024-01-20, crossed #2, issued #2 "
                       "2024-01-20T11:00:00Z")
               .tells({"cardIssued 2/2024 p2g2 from 2024-01-20 for #2"}),
           pays(1, 3, 60, "2024-01-20")
               .of(1)
               .answers("counted, exempt")
               .leaves("1/2024",
                       "100 [#3]; active p1g3 from 2024-01-20, crossed #3, issued #3 "
                       "2024-01-20T11:00:00Z")
               .tells({"cardIssued 1/2024 p1g3 from 2024-01-20 for #3"}),
           merged(1, 2, "2024-02-01")
               .of(1, 2)
               .leaves("2/2024", "")
               .leaves("1/2024",
                       "200 [#4]; active p2g2 from 2024-01-20, crossed #2, issued #2 "
                       "2024-01-20T11:00:00Z; +60 #3/#4, +40 #2/#4")
               .tells({"personMerged 1 2 2024 p2g2 instead of p1g3", "refundDue 1/2024 +60 for #3",
                       "refundDue 1/2024 +40 for #2"})}};
}

/// In 2024 the card of the one who stays is older, in 2025 the other's.
Story two_cards_in_two_years() {
  return {
      "a change of number to another person's joins every year",
      {pays(1, 1, 100, "2024-12-01")
           .of(1)
           .answers("counted, exempt")
           .leaves("1/2024",
                   "100 [#1]; active p1g1 from 2024-12-01, crossed #1, issued #1 "
                   "2024-12-01T11:00:00Z")
           .tells({"cardIssued 1/2024 p1g1 from 2024-12-01 for #1"}),
       pays(2, 2, 110, "2024-12-05")
           .of(2)
           .answers("counted, exempt")
           .leaves("2/2024",
                   "110 [#2]; active p2g2 from 2024-12-05, crossed #2, issued #2 "
                   "2024-12-05T11:00:00Z; +10 #2/#2")
           .tells({"cardIssued 2/2024 p2g2 from 2024-12-05 for #2", "refundDue 2/2024 +10 for #2"}),
       pays(1, 3, 120, "2025-01-20")
           .of(1)
           .answers("counted, exempt")
           .leaves("1/2025",
                   "120 [#3]; active p1g3 from 2025-01-20, crossed #3, issued #3 "
                   "2025-01-20T11:00:00Z; +20 #3/#3")
           .tells({"cardIssued 1/2025 p1g3 from 2025-01-20 for #3", "refundDue 1/2025 +20 for #3"}),
       pays(2, 4, 100, "2025-01-10")
           .of(2)
           .answers("counted, exempt")
           .leaves("2/2025",
                   "100 [#4]; active p2g4 from 2025-01-10, crossed #4, issued #4 "
                   "2025-01-10T11:00:00Z")
           .tells({"cardIssued 2/2025 p2g4 from 2025-01-10 for #4"}),
       number_changed(1, 2, "2025-02-01")
           .of(1, 2)
           .leaves("2/2024", "")
           .leaves("2/2025", "")
           .leaves("1/2024",
                   "210 [#5]; active p1g1 from 2024-12-01, crossed #1, issued #1 "
                   "2024-12-01T11:00:00Z; +10 #2/#2, +100 #2/#5")
           .leaves("1/2025",
                   "220 [#5]; active p2g4 from 2025-01-10, crossed #4, issued #4 "
                   "2025-01-10T11:00:00Z; +20 #3/#3, +100 #4/#5")
           .knows("1", "numbers *2 1")
           .tells({"personMerged 1 2 2024 p1g1 instead of p2g2 2025 p2g4 instead of p1g3",
                   "refundDue 1/2024 +100 for #2", "refundDue 1/2025 +100 for #4"})}};
}

/// The other's credit note takes back its own 80 first, then the newest 10, the ones of the merge.
Story credit_after_merge() {
  return {
      "a credit note of the other's registration after the merge",
      {pays(1, 1, 90, "2024-01-10").of(1).answers("counted").leaves("1/2024", "90 [#1]"),
       pays(2, 2, 90, "2024-01-20").of(2).answers("counted").leaves("2/2024", "90 [#2]"),
       pays(1, 3, 20, "2024-02-01")
           .of(1)
           .answers("counted, exempt")
           .leaves("1/2024",
                   "110 [#3]; active p1g3 from 2024-02-01, crossed #3, issued #3 "
                   "2024-02-01T11:00:00Z; +10 #3/#3")
           .tells({"cardIssued 1/2024 p1g3 from 2024-02-01 for #3", "refundDue 1/2024 +10 for #3"}),
       merged(1, 2, "2024-02-15")
           .of(1, 2)
           .leaves("2/2024", "")
           .leaves("1/2024",
                   "200 [#4]; active p1g3 from 2024-01-20, crossed #3, issued #3 "
                   "2024-02-01T11:00:00Z; +10 #3/#3, +10 #3/#4, +80 #2/#4")
           .tells({"personMerged 1 2",
                   "entitlementMoved 1/2024 p1g3 from 2024-01-20 was 2024-02-01",
                   "refundDue 1/2024 +10 for #3", "refundDue 1/2024 +80 for #2"}),
       credit_of(2, "2024-02-20")
           .of(1)
           .answers("CREDITED, exempt")
           .leaves("1/2024",
                   "110 [#5]; active p1g3 from 2024-02-01, crossed #3, issued #3 "
                   "2024-02-01T11:00:00Z; +10 #3/#3, +10 #3/#4, +80 #2/#4, -80 #2/#5, -10 #3/#5")
           .tells({"entitlementMoved 1/2024 p1g3 from 2024-02-01 was 2024-01-20 for #2",
                   "refundNetted 1/2024 -80 for #2", "refundNetted 1/2024 -10 for #3"}),
       credit_of(1, "2024-02-21")
           .of(1)
           .answers("CREDITED, exempt")
           .leaves("1/2024",
                   "20 [#6]; under review p1g3 from 2024-02-01, crossed #3, issued #3 "
                   "2024-02-01T11:00:00Z; +10 #3/#3, +10 #3/#4, +80 #2/#4, -80 #2/#5, -10 #3/#5, "
                   "-10 #3/#6")
           .tells({"cardUnderReview 1/2024 p1g3 from 2024-02-01 for #1",
                   "refundNetted 1/2024 -10 for #3"})}};
}

/// The other's card was under review at 60; 60 + 50 reach the ceiling again, on 1 March.
Story reinstated_by_merge() {
  return {"a merge brings the other's card back",
          {pays(1, 1, 50, "2024-03-01").of(1).answers("counted").leaves("1/2024", "50 [#1]"),
           pays(2, 2, 60, "2024-01-10").of(2).answers("counted").leaves("2/2024", "60 [#2]"),
           pays(2, 3, 40, "2024-01-20")
               .of(2)
               .answers("counted, exempt")
               .leaves("2/2024",
                       "100 [#3]; active p2g3 from 2024-01-20, crossed #3, issued #3 "
                       "2024-01-20T11:00:00Z")
               .tells({"cardIssued 2/2024 p2g3 from 2024-01-20 for #3"}),
           credit_of(3, "2024-01-21")
               .of(2)
               .answers("CREDITED, exempt")
               .leaves("2/2024",
                       "60 [#4]; under review p2g3 from 2024-01-20, crossed #3, issued #3 "
                       "2024-01-20T11:00:00Z")
               .tells({"cardUnderReview 2/2024 p2g3 from 2024-01-20 for #3"}),
           merged(1, 2, "2024-03-02")
               .of(1, 2)
               .leaves("2/2024", "")
               .leaves("1/2024",
                       "110 [#5]; active p2g3 from 2024-03-01, crossed #3, issued #3 "
                       "2024-01-20T11:00:00Z; +10 #2/#5")
               .tells({"personMerged 1 2", "cardReinstated 1/2024 p2g3 from 2024-03-01",
                       "entitlementMoved 1/2024 p2g3 from 2024-03-01 was 2024-01-20",
                       "refundDue 1/2024 +10 for #2"})}};
}

/// 4 into 3, 3 into 2, 2 into 1: the fourth number leads to the first person.
Story chain() {
  return {"a chain of three merges",
          {pays(1, 1, 10, "2024-01-10").of(1).answers("counted").leaves("1/2024", "10 [#1]"),
           pays(2, 2, 20, "2024-01-11").of(2).answers("counted").leaves("2/2024", "20 [#2]"),
           pays(3, 3, 30, "2024-01-12").of(3).answers("counted").leaves("3/2024", "30 [#3]"),
           pays(4, 4, 45, "2024-01-13").of(4).answers("counted").leaves("4/2024", "45 [#4]"),
           merged(3, 4, "2024-02-01")
               .of(3, 4)
               .leaves("4/2024", "")
               .leaves("3/2024", "75 [#5]")
               .tells({"personMerged 3 4"}),
           merged(2, 3, "2024-02-02")
               .of(2, 3)
               .leaves("3/2024", "")
               .leaves("2/2024", "95 [#6]")
               .tells({"personMerged 2 3"}),
           merged(1, 4, "2024-02-03")
               .of(1, 2)
               .leaves("2/2024", "")
               .leaves("1/2024",
                       "105 [#7]; active p1g4 from 2024-01-13, crossed #4, issued #7 "
                       "2024-02-03T12:00:00Z; +5 #4/#7")
               .knows("1", "numbers *1 2 3 4")
               .tells({"personMerged 1 2", "cardIssued 1/2024 p1g4 from 2024-01-13 for #4",
                       "refundDue 1/2024 +5 for #4"}),
           merged(4, 2, "2024-02-04").of(1).knows("1", "numbers *4 1 2 3"),
           pays(3, 5, 5, "2024-02-05")
               .of(1)
               .answers("counted, exempt")
               .leaves("1/2024",
                       "110 [#9]; active p1g4 from 2024-01-13, crossed #4, issued #7 "
                       "2024-02-03T12:00:00Z; +5 #4/#7, +5 #9/#9")
               .tells({"refundDue 1/2024 +5 for #9"})}};
}

}  // namespace

std::vector<Story> merge_stories() {
  return {crossing_by_merge(),
          crossing_out_of_order(),
          two_cards(),
          two_cards_of_one_time(),
          two_cards_in_two_years(),
          credit_after_merge(),
          reinstated_by_merge(),
          chain()};
}

}  // namespace ledger::test
