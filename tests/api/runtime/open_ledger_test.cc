#include "api/runtime/open_ledger.h"

#include <gtest/gtest.h>

#include <future>

#include "api/identity/roles.h"
#include "api/runtime/asker.h"
#include "ledger/values/national_id.h"
#include "tests/storage/temp_folder.h"
#include "tests/support/builders.h"

namespace api::test {
namespace {

using storage::AccessRecord;
using storage::AccessWhat;
using SubmissionPtr = std::unique_ptr<ingest::Submission>;

/// A request of a practitioner who has logged in through the program of a supplier. The practice
/// has a name as long as the registry takes it: 200 characters of four bytes.
Request of_practitioner() {
  Caller caller{"client-1", {Role::practice}};
  caller.client =
      std::string(issuer_name_bytes_max, 'i') + ' ' + std::string(token_name_bytes_max, 'c');
  for (std::size_t i = 0; i < ledger::practice_name_characters_max; ++i) {
    caller.organisation += "\xF0\x9D\x92\xB6";
  }
  caller.organisation_number = "309538919";
  caller.details = std::make_shared<const TokenDetails>(
      TokenDetails{.client_name = "Syntetisk journalsystem",
                   .token_id = std::string(token_name_bytes_max, 'j'),
                   .main_unit = "339065284",
                   .supplier = "380941813",
                   .hpr_number = "9144897",
                   .practitioner = "30846619913"});
  Request request;
  request.caller = std::move(caller);
  request.network_address = "2001:db8:1111:2222:3333:4444:5555:6666";
  return request;
}

class OpenLedgerTest : public testing::Test {
 protected:
  OpenLedgerTest() { options_.folder = temp_.path(); }

  std::unique_ptr<OpenLedger> open() {
    return std::make_unique<OpenLedger>(
        options_,
        [this](std::vector<SubmissionPtr> done) {
          // What the ledger says of itself has nobody to be told.
          if (!done.empty()) done_.set_value(std::move(done));
        },
        ingest::Ingestor::Options());
  }
  /// All that has been written; a ledger that is closed has written everything.
  std::vector<AccessRecord> records() {
    const auto ledger = open();
    const auto records = ledger->files().access_log().read_all();
    ledger->stop();
    return records.value();
  }
  void expect_asker(const AccessRecord& record, const ledger::EncryptedNumber& number) {
    const Request request = of_practitioner();
    const Caller& caller = request.caller;
    EXPECT_EQ(record.asker,
              (ledger::Asker{caller.client, "Syntetisk journalsystem", caller.details->token_id,
                             request.network_address, caller.organisation, "309538919", "339065284",
                             "380941813", "9144897", number}));
  }

  const storage::test::TempFolder temp_;
  storage::LedgerOptions options_;
  std::promise<std::vector<SubmissionPtr>> done_;
};

ledger::EncryptedNumber encrypted(OpenLedger& open, std::string_view number) {
  const auto parsed = ledger::NationalId::parse(number, ledger::NumberSeries::production_and_tests);
  return open.files().keys().numbers.encrypt(*parsed);
}

TEST_F(OpenLedgerTest, notes_of_a_query_all_that_the_token_says_of_who_asks) {
  auto ledger = open();
  const auto number = encrypted(*ledger, "30846619913");
  ASSERT_TRUE(ledger->note_access(
      AccessRecord::of_person(AccessWhat::frikortsporring, ledger::test::person_number(1)),
      of_practitioner()));
  ledger->stop();
  ledger.reset();
  const auto noted = records();
  ASSERT_EQ(noted.size(), 1U);
  expect_asker(noted[0], number);
  EXPECT_EQ(noted[0].number, ledger::test::person_number(1));
}

TEST_F(OpenLedgerTest, notes_the_same_of_an_item_that_asks_for_a_card) {
  auto ledger = open();
  const auto number = encrypted(*ledger, "30846619913");
  SubmissionPtr submission = std::make_unique<ingest::Submission>();
  submission->caller.asker = asker_of(of_practitioner(), ledger->files().keys().numbers);
  ingest::ParsedItem& parsed = submission->items.emplace_back();
  parsed.item = ledger::test::a_copayment().of_ore(0).exempt_for('F');
  ASSERT_TRUE(ledger->ingestor()->submit(submission));
  const auto done = done_.get_future().get();
  EXPECT_FALSE(done.front()->error);
  ledger->stop();
  ledger.reset();
  const auto noted = records();
  ASSERT_EQ(noted.size(), 1U);
  expect_asker(noted[0], number);
}

TEST_F(OpenLedgerTest, notes_citizens_who_look_at_what_is_theirs_as_themselves) {
  const auto ledger = open();
  Request request;
  request.caller = {"client-1", {Role::portal}};
  request.caller.only_person = "30846619913";
  request.caller.details = std::make_shared<const TokenDetails>();
  EXPECT_EQ(asker_of(request, ledger->files().keys().numbers).practitioner,
            encrypted(*ledger, "30846619913"));
  ledger->stop();
}

TEST_F(OpenLedgerTest, notes_no_practitioner_where_the_token_names_none) {
  auto ledger = open();
  Request request;
  request.caller = {"anonymous", Roles::all()};
  ASSERT_TRUE(ledger->note_access(
      AccessRecord::of_person(AccessWhat::account, ledger::test::person_number(1)), request));
  ledger->stop();
  ledger.reset();
  const auto noted = records();
  ASSERT_EQ(noted.size(), 1U);
  EXPECT_EQ(noted[0].asker, ledger::Asker{"anonymous"});
}

}  // namespace
}  // namespace api::test
