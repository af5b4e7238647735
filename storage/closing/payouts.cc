#include "storage/closing/payouts.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <stdexcept>

namespace storage {
namespace {

/// The lines of a payout can be many: they stand last, and are not read.
Payout parse_payout(std::string_view row) {
  const std::size_t lines = row.find(R"(,"lines":)");
  boost::json::error_code error;
  const boost::json::value head =
      boost::json::parse(std::string(row.substr(0, lines)) + "}", error);
  const auto number = [&](std::string_view name) {
    const boost::json::value* const found =
        error || !head.is_object() ? nullptr : head.get_object().if_contains(name);
    if (lines == std::string_view::npos || found == nullptr || !found->is_int64()) {
      throw std::runtime_error(
          "payouts.ndjson of a statement is damaged; remedy: restore the statement from a backup");
    }
    return found->get_int64();
  };
  return {ledger::PersonId{static_cast<std::uint64_t>(number("personRef"))},
          ledger::Money::from_ore(number("dueOre")), ledger::Money::from_ore(number("namedOre"))};
}

/// The numbers of a person, or of the one who this person has become since.
ledger::Result<std::vector<ledger::EncryptedNumber>> numbers_of(ledger::PersonId person,
                                                                const StateStore& state) {
  while (state.person_brief(person).is_merged) {
    const auto merged = state.person(person);
    if (!merged) return merged.error();
    // To a lower one each time, so it ends.
    if (merged.value().merged_into >= person) return ledger::Errc::corrupt_record;
    person = merged.value().merged_into;
  }
  return state.numbers(person);
}

}  // namespace

ledger::Money refunds_told(std::span<const ledger::Event> told, ledger::Position last) {
  ledger::Money refunded;
  for (const ledger::Event& event : told) {
    if (event.cause <= last) refunded += event.amount;  // that of a card has none
  }
  return refunded;
}

ledger::Result<std::string> refund_rows(std::string_view payouts, const StateStore& state,
                                        const NumberCipher& numbers, const NoteNumber& note) {
  std::string rows;
  rows.reserve(payouts.size() + payouts.size() / 4);
  while (!payouts.empty()) {
    const std::string_view row = payouts.substr(0, payouts.find('\n') + 1);
    const Payout payout = parse_payout(row);
    payouts.remove_prefix(row.size());
    if (payout.to_pay() == ledger::Money()) continue;
    const auto all = numbers_of(payout.person, state);
    if (!all) {
      throw std::runtime_error("the number of a person cannot be read: " + all.error().message());
    }
    if (all.value().empty()) {
      rows += R"({"personId":null,)";  // it has been erased
    } else {
      const ledger::EncryptedNumber& in_use = all.value().front();
      if (const auto noted = note(in_use); !noted) return noted.error();
      rows += fmt::format(R"({{"personId":"{}",)", numbers.decrypt(in_use));
    }
    rows += row.substr(1);
  }
  return rows;
}

}  // namespace storage
