#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace storage {

/// Told several times a second how far long work has come: what is being done, what is counted, how
/// many are done, how many there will be (0: not known). It may throw to end the work.
using ReportProgress = std::function<void(std::string_view phase, std::string_view unit,
                                          std::uint64_t done, std::uint64_t total)>;

}  // namespace storage
