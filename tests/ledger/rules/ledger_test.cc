#include "ledger/rules/ledger.h"

#include <gtest/gtest.h>

#include "ledger/records/fingerprint.h"
#include "tests/support/builders.h"
#include "tests/support/memory_store.h"
#include "tests/support/print.h"
#include "tests/support/test_ledger.h"

namespace ledger::test {
namespace {

constexpr const char* march_first = "2025-03-01T10:00:00+01:00";

void expect_rejected(const Outcome& outcome, Code code) {
  EXPECT_EQ(outcome.disposition, Disposition::rejected) << testing::PrintToString(outcome);
  EXPECT_EQ(outcome.rejection, code);
  EXPECT_FALSE(outcome.verdict.is_given());
}

void expect_accepted(const Outcome& outcome) {
  EXPECT_EQ(outcome.disposition, Disposition::accepted) << testing::PrintToString(outcome);
  EXPECT_EQ(outcome.rejection, Code::none);
  EXPECT_TRUE(outcome.verdict.is_given());
}

void expect_duplicate(const Outcome& outcome, const Verdict& original) {
  EXPECT_EQ(outcome.disposition, Disposition::duplicate) << testing::PrintToString(outcome);
  EXPECT_EQ(outcome.verdict, original);
}

/// A ledger in which person 1 has a card for 2025, by guid 1000.
TestLedger ledger_with_card() {
  TestLedger ledger(published_rules());
  const Outcome outcome = ledger.submit(a_copayment().guid(1000).of_ore(327'800));
  EXPECT_TRUE(outcome.verdict.exempt);
  return ledger;
}

TEST(Ledger, accepts_a_copayment_and_gives_it_its_position) {
  TestLedger ledger(published_rules());
  const Outcome outcome = ledger.submit(a_copayment());
  expect_accepted(outcome);
  EXPECT_EQ(outcome.verdict, (Verdict{Position{1}, Code::none, true, false}));
}

TEST(Ledger, chains_the_entries_of_an_account_and_introduces_persons_and_practices_once) {
  TestLedger ledger(published_rules());
  expect_accepted(ledger.submit(a_copayment().guid(1).paid(false)));
  expect_accepted(ledger.submit(a_copayment().guid(2).of_person(2).by("2002")));
  expect_accepted(ledger.submit(a_copayment().guid(3).on("2024-12-31T10:00:00+01:00")));
  expect_accepted(ledger.submit(a_payment().guid(1)));
  expect_accepted(ledger.submit(a_credit_note().guid(1)));
  struct Row {
    std::uint64_t previous;
    bool is_new_person;
    bool is_new_practice;
    std::uint64_t person;
  };
  const std::vector<Row> rows{{0, true, true, 1},
                              {0, true, true, 2},
                              {0, false, false, 1},
                              {1, false, false, 1},
                              {4, false, false, 1}};
  ASSERT_EQ(ledger.store().entries().size(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const ItemEntry& entry = ledger.store().entries()[i];
    EXPECT_EQ(entry.verdict.position.value(), i + 1);
    EXPECT_EQ(entry.previous.value(), rows[i].previous) << i;
    EXPECT_EQ(entry.is_new_person, rows[i].is_new_person) << i;
    EXPECT_EQ(entry.is_new_practice, rows[i].is_new_practice) << i;
    EXPECT_EQ(entry.person.value(), rows[i].person) << i;
  }
  EXPECT_EQ(ledger.account_of(1, 2025).newest, Position{5});
  EXPECT_EQ(ledger.account_of(1, 2024).newest, Position{3});
}

TEST(Ledger, puts_a_service_into_the_year_of_its_oslo_date) {
  TestLedger ledger(published_rules());
  expect_accepted(ledger.submit(a_copayment().guid(1).of_ore(1).on("2024-12-31T22:59:59Z")));
  expect_accepted(ledger.submit(a_copayment().guid(2).of_ore(2).on("2024-12-31T23:00:00Z")));
  EXPECT_EQ(ledger.account_of(1, 2024).counted_sum, Money::from_ore(1));
  EXPECT_EQ(ledger.account_of(1, 2025).counted_sum, Money::from_ore(2));
}

// Duplicates and conflicts.

TEST(Resend, repeats_the_verdict_of_the_original) {
  TestLedger ledger(published_rules());
  const Item unpaid = a_copayment().of_ore(327'800).paid(false);
  const Outcome reported = ledger.submit(unpaid);
  const Outcome paid = ledger.submit(a_payment());
  EXPECT_TRUE(paid.verdict.exempt);
  // Paid and with a card by now, but the answer is that of then.
  expect_duplicate(ledger.submit(unpaid), {Position{1}, Code::unpaid, false, false});
  const Outcome credited = ledger.submit(a_credit_note());
  expect_duplicate(ledger.submit(unpaid), reported.verdict);
  expect_duplicate(ledger.submit(a_payment()), paid.verdict);
  expect_duplicate(ledger.submit(a_credit_note()), credited.verdict);
  EXPECT_EQ(ledger.store().entries().size(), 3U);
}

TEST(Resend, is_a_duplicate_whatever_the_time_of_receipt) {
  TestLedger ledger(published_rules());
  const Outcome original = ledger.submit(a_copayment().on(march_first));
  // Long after the last day to report, and before the service: only the first receipt is judged.
  expect_duplicate(ledger.submit(a_copayment().on(march_first).received_at("2029-01-01T00:00:00Z")),
                   original.verdict);
  expect_duplicate(ledger.submit(a_copayment().on(march_first).received_at("2020-01-01T00:00:00Z")),
                   original.verdict);
  const Outcome credited = ledger.submit(a_credit_note());
  expect_duplicate(ledger.submit(a_credit_note().received_at("2040-01-01T00:00:00Z")),
                   credited.verdict);
}

TEST(Resend, compares_the_service_time_as_an_instant) {
  TestLedger ledger(published_rules());
  const Outcome original = ledger.submit(a_copayment().on("2025-03-01T10:00:00+01:00"));
  expect_duplicate(ledger.submit(a_copayment().on("2025-03-01T09:00:00.000Z")), original.verdict);
  expect_rejected(ledger.submit(a_copayment().on("2025-03-01T09:00:00.000000001Z")),
                  Code::content_conflict);
}

TEST(Resend, with_other_content_is_a_conflict) {
  TestLedger ledger(published_rules());
  expect_accepted(ledger.submit(a_copayment().guid(50).of_person(2)));
  const Outcome original = ledger.submit(a_copayment().of_ore(0));
  expect_accepted(original);
  for (const Item& other :
       {a_copayment().of_ore(1).build(), a_copayment().of_ore(0).paid(false).build(),
        a_copayment().of_ore(0).on("2025-03-02T10:00:00+01:00").build(),
        a_copayment().of_ore(0).service(ServiceType::pharmacy).build(),
        a_copayment().of_ore(0).exempt_for('A').build(),
        a_copayment().of_ore(0).of_person(2).build(),
        a_copayment().of_ore(0).of_person(99).build()}) {
    expect_rejected(ledger.submit(other), Code::content_conflict);
  }
  expect_duplicate(ledger.submit(a_copayment().of_ore(0)), original.verdict);
  EXPECT_EQ(ledger.store().persons().size(), 2U);
}

TEST(Resend, conflict_comes_before_every_other_rejection) {
  TestLedger ledger(published_rules());
  expect_accepted(ledger.submit(a_copayment()));
  for (const Item& other : {
           a_copayment().on("2020-03-01T10:00:00+01:00").build(),  // no rules
           a_copayment().on("2026-03-01T10:00:00+01:00").received_at(march_first).build(),
           a_copayment().of_ore(1).received_at("2026-03-01T10:00:00+01:00").build(),  // time bar
           a_copayment().of_ore(0).exempt_for('F').build(),
       }) {
    expect_rejected(ledger.submit(other), Code::content_conflict);
  }
}

TEST(Key, is_practice_and_guid_and_item_type) {
  TestLedger ledger(published_rules());
  expect_accepted(ledger.submit(a_copayment().guid(7).by("1001").paid(false)));
  expect_accepted(ledger.submit(a_copayment().guid(7).by("01001").of_ore(5)));
  expect_accepted(ledger.submit(a_payment().guid(7).by("1001")));
  expect_accepted(ledger.submit(a_credit_note().guid(7).by("1001")));
  expect_rejected(ledger.submit(a_payment().guid(7).by("2002")), Code::unknown_original);
}

// Rejections, in the order of the checks. Each item also breaks rules that come later.

TEST(Rejection, no_rules_for_year_comes_first) {
  TestLedger ledger(published_rules());
  for (const Item& item : {
           a_copayment().on("2027-01-01T00:00:00+01:00").build(),
           a_copayment().on("2020-12-31T23:59:59+01:00").build(),
           // The year in Oslo decides: it is still 2020 in UTC, and known in Oslo.
           a_copayment().on("2026-12-31T23:30:00Z").build(),
           a_copayment().on("2027-06-01T00:00:00Z").received_at(march_first).build(),
           a_copayment().on("2020-01-01T00:00:00Z").received_at(march_first).build(),
           a_copayment().of_ore(0).exempt_for('F').on("2027-06-01T00:00:00Z").build(),
       }) {
    expect_rejected(ledger.submit(item), Code::no_rules_for_year);
  }
  expect_accepted(ledger.submit(a_copayment().on("2020-12-31T23:00:00Z")));
}

TEST(Rejection, future_service_time_begins_after_five_minutes) {
  TestLedger ledger(published_rules());
  const auto at = [](const char* time) {
    return a_copayment().of_ore(0).on(time).received_at("2025-03-01T10:00:00.5+01:00");
  };
  expect_rejected(ledger.submit(at("2025-03-01T10:05:00.500000001+01:00").guid(1)),
                  Code::future_service_time);
  expect_rejected(ledger.submit(at("2026-03-01T10:00:00+01:00").guid(2)),
                  Code::future_service_time);
  expect_rejected(ledger.submit(at("2025-03-01T11:00:00+01:00").guid(3).exempt_for('F')),
                  Code::future_service_time);
  expect_accepted(ledger.submit(at("2025-03-01T10:05:00.5+01:00").guid(4)));
}

TEST(Rejection, time_bar_begins_after_the_last_day_in_oslo) {
  TestLedger ledger(published_rules());
  struct Row {
    const char* service;
    const char* last;
    const char* too_late;
  };
  std::uint32_t guid = 0;
  for (const Row& row : {
           Row{"2025-04-01T10:00:00+02:00", "2025-10-31T22:59:59.999Z", "2025-10-31T23:00:00Z"},
           Row{"2025-04-30T23:59:59+02:00", "2025-10-31T22:59:59.999Z", "2025-10-31T23:00:00Z"},
           Row{"2025-05-01T00:00:00+02:00", "2025-11-30T22:59:59Z", "2025-11-30T23:00:00Z"},
           Row{"2023-08-31T10:00:00+02:00", "2024-02-29T22:59:59Z", "2024-02-29T23:00:00Z"},
           Row{"2025-01-15T10:00:00+01:00", "2025-07-31T21:59:59Z", "2025-07-31T22:00:00Z"},
       }) {
    const auto item = [&](const char* received) {
      return a_copayment().guid(++guid).of_ore(0).on(row.service).received_at(received);
    };
    expect_rejected(ledger.submit(item(row.too_late)), Code::time_barred);
    expect_rejected(ledger.submit(item(row.too_late).exempt_for('F')), Code::time_barred);
    expect_accepted(ledger.submit(item(row.last)));
  }
}

TEST(Rejection, no_card_registered_needs_a_card_of_that_year) {
  TestLedger ledger = ledger_with_card();
  const auto exempt = [](std::uint32_t guid) {
    return a_copayment().guid(guid).of_ore(0).exempt_for('F').on("2025-03-02T10:00:00+01:00");
  };
  const Outcome outcome = ledger.submit(exempt(1));
  expect_accepted(outcome);
  EXPECT_EQ(outcome.verdict.reason, Code::zero_amount);
  EXPECT_TRUE(outcome.verdict.exempt);
  // Before the card was earned, but of its year.
  expect_accepted(ledger.submit(exempt(2).on("2025-01-01T00:00:00+01:00")));
  expect_rejected(ledger.submit(exempt(3).on("2024-12-31T23:59:59+01:00")),
                  Code::no_card_registered);
  expect_rejected(ledger.submit(exempt(4).of_person(2)), Code::no_card_registered);
  expect_accepted(ledger.submit(a_copayment().guid(5).of_person(3)));
  expect_rejected(ledger.submit(exempt(6).of_person(3)), Code::no_card_registered);
  // Other reasons need no card.
  expect_accepted(ledger.submit(exempt(7).of_person(2).exempt_for('B')));
  // Under review it still exempts.
  expect_accepted(ledger.submit(a_credit_note().guid(1000)));
  EXPECT_EQ(ledger.account_of(1, 2025).card->state, CardState::under_review);
  expect_accepted(ledger.submit(exempt(8)));
}

TEST(Rejection, unknown_original_is_one_not_accepted_before) {
  TestLedger ledger(published_rules());
  expect_rejected(ledger.submit(a_payment()), Code::unknown_original);
  expect_rejected(ledger.submit(a_credit_note()), Code::unknown_original);
  expect_rejected(ledger.submit(a_copayment().on("2020-01-01T00:00:00Z")), Code::no_rules_for_year);
  expect_rejected(ledger.submit(a_payment()), Code::unknown_original);
}

TEST(Rejection, original_credited_is_for_new_payments_only) {
  TestLedger ledger(published_rules());
  expect_accepted(ledger.submit(a_copayment().guid(1).paid(false)));
  expect_accepted(ledger.submit(a_credit_note().guid(1)));
  expect_rejected(ledger.submit(a_payment().guid(1)), Code::original_credited);

  expect_accepted(ledger.submit(a_copayment().guid(2).paid(false)));
  const Outcome paid = ledger.submit(a_payment().guid(2));
  expect_accepted(ledger.submit(a_credit_note().guid(2)));
  expect_duplicate(ledger.submit(a_payment().guid(2)), paid.verdict);
}

TEST(Rejection, too_old_to_credit_begins_three_years_after_the_service) {
  TestLedger ledger(published_rules());
  struct Row {
    const char* service;
    const char* last;
    const char* too_late;
  };
  std::uint32_t guid = 0;
  for (const Row& row : {
           Row{"2024-02-29T10:00:00+01:00", "2027-02-28T22:59:59Z", "2027-02-28T23:00:00Z"},
           Row{"2025-07-01T00:00:00+02:00", "2028-07-01T21:59:59Z", "2028-07-01T22:00:00Z"},
           Row{"2024-12-31T23:30:00Z", "2028-01-01T22:59:59Z", "2028-01-01T23:00:00Z"},
       }) {
    ++guid;
    expect_accepted(ledger.submit(a_copayment().guid(guid).on(row.service)));
    expect_rejected(ledger.submit(a_credit_note().guid(guid).received_at(row.too_late)),
                    Code::too_old_to_credit);
    expect_accepted(ledger.submit(a_credit_note().guid(guid).received_at(row.last)));
  }
}

TEST(Payment, is_never_time_barred) {
  TestLedger ledger(published_rules());
  expect_accepted(ledger.submit(a_copayment().paid(false)));
  const Outcome paid = ledger.submit(a_payment().received_at("2035-01-01T00:00:00Z"));
  expect_accepted(paid);
  EXPECT_TRUE(paid.verdict.counted);
}

TEST(Rejection, binds_nothing_and_may_be_corrected) {
  TestLedger ledger(published_rules());
  expect_rejected(ledger.submit(a_copayment().received_at("2026-01-01T00:00:00Z")),
                  Code::time_barred);
  expect_rejected(ledger.submit(a_copayment().of_ore(0).exempt_for('F')), Code::no_card_registered);
  EXPECT_TRUE(ledger.store().registrations().empty());
  EXPECT_TRUE(ledger.store().accounts().empty());
  EXPECT_TRUE(ledger.store().persons().empty());
  EXPECT_TRUE(ledger.store().practices().empty());
  EXPECT_TRUE(ledger.store().timeliness().empty());
  EXPECT_TRUE(ledger.store().events().empty());
  expect_accepted(ledger.submit(a_copayment().of_ore(777).of_person(2)));
}

TEST(Timeliness, counts_every_accepted_copayment_and_nothing_else) {
  TestLedger ledger(published_rules());
  const char* received = "2025-04-02T10:00:00+02:00";
  expect_accepted(ledger.submit(a_copayment().guid(1).on(march_first).received_at(received)));
  expect_accepted(
      ledger.submit(a_copayment().guid(2).of_ore(0).on(received).received_at(received)));
  expect_accepted(
      ledger.submit(a_copayment().guid(3).paid(false).on(received).received_at(received)));
  expect_accepted(ledger.submit(a_payment().guid(3).received_at("2025-05-01T10:00:00+02:00")));
  expect_accepted(ledger.submit(a_credit_note().guid(2).received_at("2025-05-01T10:00:00+02:00")));
  expect_rejected(ledger.submit(a_payment().guid(9)), Code::unknown_original);
  ledger.submit(a_copayment().guid(1).on(march_first).received_at(received));

  const auto count = [&](PracticeNumber practice, Basis basis, const char* day) {
    const auto found = ledger.store().timeliness().find({practice, basis, month_of(date(day))});
    return found == ledger.store().timeliness().end() ? 0 : figures_of(found->second).count;
  };
  for (const PracticeNumber practice : {nation, PracticeNumber{1}}) {
    EXPECT_EQ(count(practice, Basis::received, "2025-03-01"), 0U);
    EXPECT_EQ(count(practice, Basis::received, "2025-04-01"), 3U);
    EXPECT_EQ(count(practice, Basis::received, "2025-05-01"), 0U);
    EXPECT_EQ(count(practice, Basis::service, "2025-03-01"), 1U);
    EXPECT_EQ(count(practice, Basis::service, "2025-04-01"), 2U);
  }
}

// The store.

/// Fails at the call with this number, and at all after it.
class FailingStore : public MemoryStore {
 public:
  explicit FailingStore(int fails_at) : fails_at_(fails_at) {}
  bool has_failed() const { return calls_ >= fails_at_; }

  Result<std::optional<Registration>> find_registration(const Fingerprint& key) override {
    if (fails()) return Errc::store_unavailable;
    return MemoryStore::find_registration(key);
  }
  Result<void> put_registration(const Fingerprint& key, const Registration* before,
                                const Registration& after) override {
    if (fails()) return Errc::store_unavailable;
    return MemoryStore::put_registration(key, before, after);
  }
  Result<std::optional<PersonId>> find_person(const EncryptedNumber& number) override {
    if (fails()) return Errc::store_unavailable;
    return MemoryStore::find_person(number);
  }
  Result<PersonId> add_person(const EncryptedNumber& number) override {
    if (fails()) return Errc::store_unavailable;
    return MemoryStore::add_person(number);
  }
  Result<std::optional<PracticeNumber>> find_practice(const PracticeId& id) override {
    if (fails()) return Errc::store_unavailable;
    return MemoryStore::find_practice(id);
  }
  Result<PracticeNumber> add_practice(const PracticeId& id) override {
    if (fails()) return Errc::store_unavailable;
    return MemoryStore::add_practice(id);
  }
  Result<void> load_account(const AccountKey& key, Account& out) override {
    if (fails()) return Errc::store_unavailable;
    return MemoryStore::load_account(key, out);
  }
  Result<void> put_account(const AccountKey& key, const Account& account) override {
    if (fails()) return Errc::store_unavailable;
    return MemoryStore::put_account(key, account);
  }
  Result<void> record_lag(PracticeNumber practice, Date service, Date received) override {
    if (fails()) return Errc::store_unavailable;
    return MemoryStore::record_lag(practice, service, received);
  }
  Result<void> record_events(std::span<const Event> events) override {
    if (fails()) return Errc::store_unavailable;
    return MemoryStore::record_events(events);
  }

 private:
  bool fails() { return ++calls_ >= fails_at_; }
  int fails_at_;
  int calls_ = 0;
};

TEST(Ledger, passes_on_every_error_of_the_store) {
  const RulePack rules = small_rules(Money::from_ore(100));
  const std::vector<Item> items{
      a_copayment().guid(1).of_ore(100),
      a_copayment().guid(2).of_ore(0).exempt_for('F'),
      a_copayment().guid(3).of_ore(60).paid(false),
      a_copayment().guid(3).of_ore(60).paid(false),
      a_payment().guid(3),
      a_credit_note().guid(1),
  };
  for (int fails_at = 1;; ++fails_at) {
    FailingStore store(fails_at);
    Ledger ledger(store, rules, store);
    std::uint64_t position = 0;
    bool is_error_seen = false;
    for (const Item& item : items) {
      ItemEntry entry;
      const auto outcome = ledger.process(item, Position{++position}, entry);
      if (store.has_failed()) {
        ASSERT_FALSE(outcome.has_value()) << "call " << fails_at;
        EXPECT_EQ(outcome.error(), make_error_code(Errc::store_unavailable));
        is_error_seen = true;
        break;
      }
      ASSERT_TRUE(outcome.has_value()) << "call " << fails_at;
    }
    if (!is_error_seen) {
      EXPECT_GT(fails_at, 30);  // all items went through: every call has failed once before
      break;
    }
  }
}

TEST(Unpaid, is_listed_until_it_is_paid_or_credited) {
  TestLedger ledger{published_rules()};
  const auto listed = [&] {
    std::vector<std::uint32_t> guids;
    for (const auto& [key, unpaid] : ledger.store().unpaid()) {
      guids.push_back(number_of(unpaid.guid));
    }
    return guids;
  };
  using Guids = std::vector<std::uint32_t>;
  ledger.submit(a_copayment().guid(1).paid(false).on("2025-03-02T10:00:00+01:00"));
  ledger.submit(a_copayment().guid(2).paid(false).on("2025-03-01T10:00:00+01:00"));
  ledger.submit(a_copayment().guid(3).on("2025-03-01T10:00:00+01:00"));
  ledger.submit(a_copayment().guid(4).paid(false).of_ore(0).on("2025-03-01T10:00:00+01:00"));
  EXPECT_EQ(listed(), (Guids{2, 4, 1})) << "by service day, then as they came";
  ledger.submit(a_payment().guid(2));
  ledger.submit(a_payment().guid(3));
  ledger.submit(a_credit_note().guid(3));
  EXPECT_EQ(listed(), (Guids{4, 1}));
  ledger.submit(a_credit_note().guid(1));
  ledger.submit(a_payment().guid(4));
  ledger.submit(a_credit_note().guid(4));
  EXPECT_EQ(listed(), Guids{});
}

TEST(CardId, is_the_name_based_uuid_that_others_compute) {
  // uuid.uuid5(uuid.UUID("5f1c7a52-0d3e-4b5e-9a51-6f0d8c2b7e03"), "frikort/1/2026") in Python.
  const Guid crossing = *parse_guid("5f1c7a52-0d3e-4b5e-9a51-6f0d8c2b7e03");
  const CardId id = card_id_of({PersonId{1}, 2026}, crossing);
  EXPECT_EQ(to_string(Guid{id}), "c32ce861-ada1-5175-8933-58251ef9d116");
  EXPECT_NE(card_id_of({PersonId{2}, 2026}, crossing), id);
  EXPECT_NE(card_id_of({PersonId{1}, 2025}, crossing), id);
  EXPECT_NE(card_id_of({PersonId{1}, 2026}, guid_of(1)), id);
}

}  // namespace
}  // namespace ledger::test
