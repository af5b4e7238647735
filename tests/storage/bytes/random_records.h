#pragma once

#include <cstdint>
#include <string>

#include "storage/bytes/format.h"
#include "tests/support/prng.h"

// Random records and rows, of the whole domain of each field, its ends included.

namespace storage::test {

/// Small or large, so that every length of a varint comes up.
std::uint64_t number(ledger::test::Prng& prng, unsigned bits_max);
ledger::PersonId person(ledger::test::Prng& prng);
/// Of every kind; more items than others.
ledger::Entry entry(ledger::test::Prng& prng, std::uint64_t position);
/// A statement or a key.
ledger::Entry note(ledger::test::Prng& prng, std::uint64_t position);
ledger::CommitGroup group(ledger::test::Prng& prng, std::size_t entries);
std::string record_of(ledger::test::Prng& prng, const ledger::CommitGroup& group);
ledger::Registration registration(ledger::test::Prng& prng);
ledger::Account account(ledger::test::Prng& prng);
ledger::TimelinessMonth month(ledger::test::Prng& prng);
ledger::Refusals refusals(ledger::test::Prng& prng);
ledger::Practice practice_row(ledger::test::Prng& prng);
ledger::Event event(ledger::test::Prng& prng);
ledger::UnpaidKey unpaid_place(ledger::test::Prng& prng);
ledger::UnpaidRegistration unpaid(ledger::test::Prng& prng, ledger::Position position);
AppliedState applied(ledger::test::Prng& prng);

}  // namespace storage::test
