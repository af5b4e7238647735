#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace ingest {

/// What becomes a line on a later day.
struct PendingLine {
  enum class Kind : std::uint8_t {
    copayment,
    wrong_number,  ///< an attempt, corrected under the same guid
    future_time,   ///< likewise
    no_card,       ///< likewise
    time_barred,
    resend,
    conflict,
    payment,
    credit_note,
  };

  std::uint32_t registration = 0;  ///< decides the guid
  std::uint32_t person = 0;
  std::uint32_t service_second = 0;  ///< since the start of the year, on a wall clock
  std::uint32_t amount_ore : 24 = 0;
  std::uint32_t exemption : 3 = 0;  ///< place in the generator's list of codes; 0 = none
  std::uint32_t is_paid : 1 = 0;
  std::uint32_t : 4;
  std::uint16_t practice = 0;
  Kind kind = Kind::copayment;
};

/// The lines waiting for their day, in blocks that are used again: memory follows the number of
/// lines waiting, not the year.
class PendingQueue {
 public:
  explicit PendingQueue(std::size_t days) : last_block_(days, none) {}

  void push(std::size_t day, const PendingLine& line);
  /// Replaces `out` by the lines of the day, in the order in which they were pushed.
  void take(std::size_t day, std::vector<PendingLine>& out);

 private:
  static constexpr std::uint32_t none = 0xffffffff;
  struct Block {
    std::uint32_t previous = none;
    std::uint32_t size = 0;
    std::array<PendingLine, 400> lines;
  };

  std::uint32_t new_block(std::uint32_t previous);

  std::vector<std::uint32_t> last_block_;  ///< of each day
  std::vector<std::unique_ptr<Block>> blocks_;
  std::vector<std::uint32_t> free_;
};

}  // namespace ingest
