#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/records/registration.h"
#include "ledger/values/code.h"

namespace storage::test {

/// A record as it was written once: a file in tests/golden, which must decode to the same text for
/// ever.
struct Golden {
  const char* name;
  std::function<std::string()> encode;
  std::function<std::string(std::string_view)> describe;
};

/// The records of the journal, and the notes that the state keeps of it.
std::vector<Golden> journal_goldens();

std::string text_of(ledger::Code code);
std::string text_of(const ledger::Verdict& verdict);

/// Bytes that differ, so that none can stand for another.
template <std::size_t Size>
std::array<std::uint8_t, Size> filled(std::uint8_t first) {
  std::array<std::uint8_t, Size> bytes{};
  for (auto& byte : bytes) byte = first++;
  return bytes;
}

}  // namespace storage::test
