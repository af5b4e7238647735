// Answers that show state leave when the journal holds it.

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <thread>

#include "api/v1/routes.h"
#include "tests/storage/temp_folder.h"
#include "tests/support/builders.h"

namespace api::test {
namespace {

using SubmissionPtr = std::unique_ptr<ingest::Submission>;

class ReflectsTest : public testing::Test {
 protected:
  ReflectsTest() {
    add_payout_routes(router_, keeper_);
    add_access_log_routes(router_, keeper_, ledger::NumberSeries::production_and_tests);
    add_reconciliation_routes(router_, keeper_, jobs_);
    submit();
  }

  storage::LedgerOptions options() const {
    storage::LedgerOptions options;
    options.folder = temp_.path();
    return options;
  }
  /// One co-payment, so that there is something to reflect.
  void submit() {
    auto submission = std::make_unique<ingest::Submission>();
    ingest::ParsedItem& parsed = submission->items.emplace_back();
    parsed.item = ledger::test::a_copayment().guid(1).of_person(1);
    parsed.has_guid = true;
    ASSERT_TRUE(keeper_.submit(submission));
    answered_.get_future().wait();
  }
  Response ask(std::string_view method, std::string_view path, const std::string& body,
               const std::string& file = "") {
    Request request;
    request.body = body;
    request.caller.roles = Roles::all();
    request.caller.name = "somebody";
    if (!file.empty()) request.query = {{"name", file}};
    const Router::Match match = router_.find(method, path);
    request.path_parameter = match.path_parameter;
    return match.route->handler(request);
  }
  void make_statement() {
    ASSERT_EQ(ask("POST", "/v1/reconciliations", R"({"year":2025})").status, 202U);
    while (ask("GET", "/v1/reconciliations/2025-1", "").body.find(R"("state":"running")") !=
           std::string::npos) {
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
  }
  static void expect_to_reflect_the_copayment(const Response& response) {
    EXPECT_EQ(response.status, 200U) << response.body;
    EXPECT_GE(response.reflects, ledger::Position{1}) << "the group of the co-payment";
  }

  const storage::test::TempFolder temp_;
  std::promise<void> answered_;
  Router router_;
  Jobs jobs_;
  LedgerKeeper keeper_{
      options(),
      LedgerKeeper::Listeners{[this](const std::vector<SubmissionPtr>& submissions) {
                                if (!submissions.empty()) answered_.set_value();
                              },
                              [] {}},
      ingest::Ingestor::Options(), jobs_};
};

TEST_F(ReflectsTest, numbers_of_who_is_paid) {
  expect_to_reflect_the_copayment(ask("POST", "/v1/persons/numbers", R"({"personRefs":[7]})"));
}

TEST_F(ReflectsTest, access_log_of_a_person) {
  expect_to_reflect_the_copayment(
      ask("POST", "/v1/persons/access-log", R"({"personId":"05859047760"})"));
}

TEST_F(ReflectsTest, refund_file_of_a_statement) {
  make_statement();
  expect_to_reflect_the_copayment(
      ask("GET", "/v1/reconciliations/2025-1/file", "", "refund_file.ndjson"));
}

}  // namespace
}  // namespace api::test
