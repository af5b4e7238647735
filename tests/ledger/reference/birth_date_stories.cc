#include "tests/ledger/reference/stories.h"

namespace ledger::test {
namespace {

/// 16 on 1 February the first does not count: 70. Corrected to the day of the first service it
/// does.
Story review_and_back() {
  return {
      "a birth date after the card, and its correction",
      {pays(1, 1, 60, "2024-01-10").of(1).answers("counted").leaves("1/2024", "60 [#1]"),
       pays(1, 2, 50, "2024-03-10")
           .of(1)
           .answers("counted, exempt")
           .leaves("1/2024",
                   "110 [#2]; active p1g2 from 2024-03-10, crossed #2, issued #2 "
                   "2024-03-10T11:00:00Z; +10 #2/#2")
           .tells({"cardIssued 1/2024 p1g2 from 2024-03-10 for #2", "refundDue 1/2024 +10 for #2"}),
       pays(1, 3, 20, "2024-04-10")
           .of(1)
           .answers("counted, exempt")
           .leaves("1/2024",
                   "130 [#3]; active p1g2 from 2024-03-10, crossed #2, issued #2 "
                   "2024-03-10T11:00:00Z; +10 #2/#2, +20 #3/#3")
           .tells({"refundDue 1/2024 +20 for #3"}),
       born(1, "2008-02-01", "2024-05-01")
           .of(1)
           .leaves("1/2024",
                   "70 [#3 #4]; under review p1g2 from 2024-03-10, crossed #2, issued #2 "
                   "2024-03-10T11:00:00Z; +10 #2/#2, +20 #3/#3, -20 #3/#4, -10 #2/#4")
           .knows("1", "born 2008-02-01; numbers *1")
           .tells({"cardUnderReview 1/2024 p1g2 from 2024-03-10", "refundNetted 1/2024 -20 for #3",
                   "refundNetted 1/2024 -10 for #2"}),
       pays(1, 4, 5, "2024-01-09")
           .of(1)
           .answers("UNDER_16, exempt")
           .leaves("1/2024",
                   "70 [#5]; under review p1g2 from 2024-03-10, crossed #2, issued #2 "
                   "2024-03-10T11:00:00Z; +10 #2/#2, +20 #3/#3, -20 #3/#4, -10 #2/#4"),
       born(1, "2008-01-10", "2024-05-10")
           .of(1)
           .leaves("1/2024",
                   "130 [#5 #6]; active p1g2 from 2024-03-10, crossed #2, issued #2 "
                   "2024-03-10T11:00:00Z; +10 #2/#2, +20 #3/#3, -20 #3/#4, -10 #2/#4, +30 #1/#6")
           .tells({"cardReinstated 1/2024 p1g2 from 2024-03-10", "refundDue 1/2024 +30 for #1"}),
       born(1, "2008-01-10", "2024-05-11").of(1)}};
}

/// The ceiling is reached by the second of those that start; the third is refunded whole.
Story card_by_birth_date() {
  return {"registrations that start counting make a card",
          {born(1, "2012-01-01", "2024-01-02").of(1).knows("1", "born 2012-01-01; numbers *1"),
           pays(1, 1, 70, "2024-02-10").of(1).answers("UNDER_16").leaves("1/2024", "0 [#2]"),
           pays(1, 2, 40, "2024-02-05").of(1).answers("UNDER_16").leaves("1/2024", "0 [#3]"),
           pays(1, 3, 15, "2024-02-20").of(1).answers("UNDER_16").leaves("1/2024", "0 [#4]"),
           owes(1, 4, 30, "2024-02-21").of(1).answers("UNPAID").leaves("1/2024", "0 [#5]"),
           pays(1, 5, 0, "2024-02-22").of(1).answers("ZERO_AMOUNT").leaves("1/2024", "0 [#6]"),
           born(1, "2002-01-01", "2024-03-01")
               .of(1)
               .leaves("1/2024",
                       "125 [#6 #7]; active p1g2 from 2024-02-10, crossed #3, issued #7 "
                       "2024-03-01T12:00:00Z; +10 #3/#7, +15 #4/#7")
               .tells({"cardIssued 1/2024 p1g2 from 2024-02-10 for #3",
                       "refundDue 1/2024 +10 for #3", "refundDue 1/2024 +15 for #4"}),
           payment_of(4, "2024-03-02")
               .of(1)
               .answers("counted, exempt")
               .leaves("1/2024",
                       "155 [#8]; active p1g2 from 2024-02-10, crossed #3, issued #7 "
                       "2024-03-01T12:00:00Z; +10 #3/#7, +15 #4/#7, +30 #5/#8")
               .tells({"refundDue 1/2024 +30 for #5"})}};
}

/// Nothing is known of the one who stays: 16 on 29 February, the first does not count. Of the 120
/// 40 are left; with the other's 30 it is 70.
Story filled_in_stops() {
  return {
      "a merge whose birth date fills in stops registrations",
      {pays(1, 1, 80, "2024-01-10").of(1).answers("counted").leaves("1/2024", "80 [#1]"),
       pays(1, 2, 40, "2024-06-10")
           .of(1)
           .answers("counted, exempt")
           .leaves("1/2024",
                   "120 [#2]; active p1g2 from 2024-06-10, crossed #2, issued #2 "
                   "2024-06-10T11:00:00Z; +20 #2/#2")
           .tells({"cardIssued 1/2024 p1g2 from 2024-06-10 for #2", "refundDue 1/2024 +20 for #2"}),
       born(2, "2008-02-29", "2024-06-11").of(2).knows("2", "born 2008-02-29; numbers *2"),
       pays(2, 3, 30, "2024-02-29").of(2).answers("counted").leaves("2/2024", "30 [#4]"),
       merged(1, 2, "2024-07-01")
           .of(1, 2)
           .leaves("2/2024", "")
           .leaves("1/2024",
                   "70 [#5]; under review p1g2 from 2024-06-10, crossed #2, issued #2 "
                   "2024-06-10T11:00:00Z; +20 #2/#2, -20 #2/#5")
           .knows("1", "born 2008-02-29; numbers *1 2")
           .tells({"personMerged 1 2", "cardUnderReview 1/2024 p1g2 from 2024-06-10",
                   "refundNetted 1/2024 -20 for #2"}),
       born(2, "2007-12-31", "2024-07-05")
           .of(1)
           .leaves("1/2024",
                   "150 [#5 #6]; active p1g2 from 2024-02-29, crossed #2, issued #2 "
                   "2024-06-10T11:00:00Z; +20 #2/#2, -20 #2/#5, +50 #1/#6")
           .tells({"cardReinstated 1/2024 p1g2 from 2024-02-29",
                   "entitlementMoved 1/2024 p1g2 from 2024-02-29 was 2024-06-10",
                   "refundDue 1/2024 +50 for #1"})}};
}

/// 60 stop in their own account first and take its 30 back, so that the join gains all of the 70.
Story stops_before_it_joins() {
  return {
      "what stops at a merge stops in its own account",
      {pays(1, 1, 60, "2024-01-10").of(1).answers("counted").leaves("1/2024", "60 [#1]"),
       pays(1, 2, 70, "2024-06-10")
           .of(1)
           .answers("counted, exempt")
           .leaves("1/2024",
                   "130 [#2]; active p1g2 from 2024-06-10, crossed #2, issued #2 "
                   "2024-06-10T11:00:00Z; +30 #2/#2")
           .tells({"cardIssued 1/2024 p1g2 from 2024-06-10 for #2", "refundDue 1/2024 +30 for #2"}),
       born(2, "2008-03-01", "2024-06-11").of(2),
       pays(2, 3, 100, "2024-06-12")
           .of(2)
           .answers("counted, exempt")
           .leaves("2/2024",
                   "100 [#4]; active p2g3 from 2024-06-12, crossed #4, issued #4 "
                   "2024-06-12T11:00:00Z")
           .tells({"cardIssued 2/2024 p2g3 from 2024-06-12 for #4"}),
       merged(1, 2, "2024-07-01")
           .of(1, 2)
           .leaves("2/2024", "")
           .leaves("1/2024",
                   "170 [#5]; active p1g2 from 2024-06-12, crossed #2, issued #2 "
                   "2024-06-10T11:00:00Z; +30 #2/#2, -30 #2/#5, +70 #4/#5")
           .tells({"personMerged 1 2 2024 p1g2 instead of p2g3",
                   "entitlementMoved 1/2024 p1g2 from 2024-06-12 was 2024-06-10",
                   "refundNetted 1/2024 -30 for #2", "refundDue 1/2024 +70 for #4"})}};
}

/// The one who stays was born in 2000, whatever was said of the other: 50 + 40 + 30.
Story settled_starts() {
  return {"a merge whose birth date starts registrations of the other",
          {pays(1, 1, 50, "2024-01-10").of(1).answers("counted").leaves("1/2024", "50 [#1]"),
           born(1, "2000-01-01", "2024-01-11").of(1),
           pays(2, 2, 40, "2024-01-12").of(2).answers("counted").leaves("2/2024", "40 [#3]"),
           born(2, "2010-01-01", "2024-01-13").of(2).leaves("2/2024", "0 [#3 #4]"),
           pays(2, 3, 30, "2024-01-20").of(2).answers("UNDER_16").leaves("2/2024", "0 [#5]"),
           merged(2, 1, "2024-02-01")
               .of(1, 2)
               .leaves("2/2024", "")
               .leaves("1/2024",
                       "120 [#6]; active p1g3 from 2024-01-20, crossed #5, issued #6 "
                       "2024-02-01T12:00:00Z; +20 #5/#6")
               .knows("1", "born 2000-01-01; numbers *2 1")
               .tells({"personMerged 1 2", "cardIssued 1/2024 p1g3 from 2024-01-20 for #5",
                       "refundDue 1/2024 +20 for #5"})}};
}

}  // namespace

std::vector<Story> birth_date_stories() {
  return {review_and_back(), card_by_birth_date(), filled_in_stops(), stops_before_it_joins(),
          settled_starts()};
}

std::vector<Story> number_stories() {
  return {{"a number changes back and forth",
           {pays(1, 1, 60, "2024-01-10").of(1).answers("counted").leaves("1/2024", "60 [#1]"),
            number_changed(1, 2, "2024-01-15").of(1).knows("1", "numbers *2 1"),
            pays(2, 2, 50, "2024-01-20")
                .of(1)
                .answers("counted, exempt")
                .leaves("1/2024",
                        "110 [#3]; active p1g2 from 2024-01-20, crossed #3, issued #3 "
                        "2024-01-20T11:00:00Z; +10 #3/#3")
                .tells({"cardIssued 1/2024 p1g2 from 2024-01-20 for #3",
                        "refundDue 1/2024 +10 for #3"}),
            number_changed(2, 1, "2024-01-25").of(1).knows("1", "numbers *1 2"),
            pays(1, 3, 10, "2024-02-01")
                .of(1)
                .answers("counted, exempt")
                .leaves("1/2024",
                        "120 [#5]; active p1g2 from 2024-01-20, crossed #3, issued #3 "
                        "2024-01-20T11:00:00Z; +10 #3/#3, +10 #5/#5")
                .tells({"refundDue 1/2024 +10 for #5"}),
            number_changed(1, 2, "2024-02-05").of(1).knows("1", "numbers *2 1")}},
          {"numbers never seen",
           {merged(1, 2, "2024-01-01").of(1).knows("1", "numbers *1 2"),
            pays(2, 1, 60, "2024-01-10").of(1).answers("counted").leaves("1/2024", "60 [#2]"),
            born(3, "1990-01-01", "2024-01-11").of(2).knows("2", "born 1990-01-01; numbers *3"),
            number_changed(4, 3, "2024-01-12").of(2).knows("2", "born 1990-01-01; numbers *3 4"),
            merged(5, 1, "2024-01-13").of(1).knows("1", "numbers *5 1 2"),
            opted_out(6, "2024-01-14").of(3).knows("3", "opted out; numbers *6"),
            pays(6, 2, 50, "2024-01-15").answers("counted"),
            pays(4, 3, 20, "2024-01-16").of(2).answers("counted").leaves("2/2024", "20 [#8]"),
            merged(3, 2, "2024-01-20")
                .of(1, 2)
                .leaves("2/2024", "")
                .leaves("1/2024", "80 [#9]")
                .knows("1", "born 1990-01-01; numbers *3 1 2 4 5")
                .tells({"personMerged 1 2"}),
            number_changed(7, 8, "2024-01-21").of(4).knows("4", "numbers *8 7")}}};
}

}  // namespace ledger::test
