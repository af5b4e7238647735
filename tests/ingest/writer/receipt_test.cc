// Receipts lead from the results to the signed root.

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "ingest/writer/result_text.h"
#include "storage/crypto/crypto.h"
#include "tests/ingest/writer/group_writer_fixture.h"

namespace ingest::test {
namespace {

using ledger::test::a_copayment;

ledger::Digest digest_of(const boost::json::value& hex) {
  const std::string text(hex.as_string());
  ledger::Digest digest{};
  for (std::size_t i = 0; i < digest.size(); ++i) {
    digest[i] = static_cast<std::uint8_t>(std::stoi(text.substr(i * 2, 2), nullptr, 16));
  }
  return digest;
}

std::string receipt_of(const Submission& submission) {
  std::string text;
  append_receipt(text, submission);
  return text;
}

/// As somebody does who has results and receipt and nothing else.
bool leads_to_root(const std::string& results, const std::string& receipt_text) {
  const boost::json::value receipt = boost::json::parse(receipt_text);
  const auto view = [](const ledger::Digest& digest) {
    return std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size());
  };
  ledger::Digest at = storage::sha256(std::string_view("\0", 1), results);
  for (const boost::json::value& step : receipt.at("path").as_array()) {
    const boost::json::object& neighbour = step.as_object();
    if (neighbour.contains("left")) {
      at = storage::sha256("\x01", view(digest_of(neighbour.at("left"))), view(at));
    } else {
      at = storage::sha256("\x01", view(at), view(digest_of(neighbour.at("right"))));
    }
  }
  return at == digest_of(receipt.at("root"));
}

TEST_F(GroupWriterTest, gives_receipts_that_lead_from_the_results_to_the_root) {
  std::uint32_t guid = 1;
  for (std::size_t count = 1; count <= 17; ++count) {
    PendingGroup pending;
    for (std::size_t i = 0; i < count; ++i) {
      pending.submissions.push_back(
          submission_of({a_copayment().guid(guid), a_copayment().guid(guid + 1)}));
      pending.submissions.back()->first_index = 100 * i;
      guid += 2;
    }
    commit(pending);
    for (std::size_t i = 0; i < count; ++i) {
      const Submission& submission = *pending.submissions[i];
      const std::string text = receipt_of(submission);
      EXPECT_TRUE(leads_to_root(submission.results, text)) << i << " of " << count;
      EXPECT_FALSE(leads_to_root(submission.results + " ", text));
      const boost::json::value receipt = boost::json::parse(text);
      EXPECT_EQ(receipt.at("first").to_number<std::size_t>(), 100 * i);
      EXPECT_EQ(receipt.at("last").to_number<std::size_t>(), 100 * i + 1);
      EXPECT_EQ(receipt.at("position").as_string(),
                "0-" + std::to_string(pending.group.position.value()));
    }
    EXPECT_FALSE(count > 1 && leads_to_root(pending.submissions[0]->results,
                                            receipt_of(*pending.submissions[1])));
  }
}

}  // namespace
}  // namespace ingest::test
