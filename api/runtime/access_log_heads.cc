#include "api/runtime/access_log_heads.h"

#include <utility>

#include "ingest/items/clock.h"

namespace api {

AccessLogHeads::AccessLogHeads(const storage::AccessLog& log, Append append,
                               std::chrono::steady_clock::duration between)
    : log_(log),
      append_(std::move(append)),
      // What is there already may have been named or not; with the next question it is again.
      named_(log.head().blocks),
      naming_(between, [this] { name_head(); }) {}

AccessLogHeads::~AccessLogHeads() { stop(); }

/// A head that is not taken is named the next time: only what was taken counts.
void AccessLogHeads::name_head() {
  const storage::AccessHead head = log_.head();
  if (head.blocks == named_) return;
  const auto appended = append_(ledger::AccessLogEntry{
      {}, ingest::now(), static_cast<std::uint32_t>(head.node), head.blocks, head.root});
  if (appended) named_ = head.blocks;
}

void AccessLogHeads::stop() {
  if (naming_.stop()) name_head();
}

}  // namespace api
