#pragma once

#include <gtest/gtest.h>

#include "tests/api/identity/attempt.h"

namespace api::test {

struct Row {
  std::string_view name;
  Kind kind;
  std::function<void(Attempt&)> change;
};

inline void expect_refused(const std::vector<Row>& rows, const std::function<Attempt()>& make) {
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    Attempt attempt = make();
    row.change(attempt);
    const auto judged = attempt.send();
    const auto* const refusal = std::get_if<Refusal>(&judged);
    ASSERT_NE(refusal, nullptr) << "was let in";
    EXPECT_EQ(static_cast<int>(refusal->kind), static_cast<int>(row.kind)) << refusal->reason;
    EXPECT_TRUE(std::holds_alternative<Recognised>(make().send())) << "the right one";
  }
}

}  // namespace api::test
