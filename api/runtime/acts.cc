#include "api/runtime/acts.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "ingest/items/clock.h"
#include "ingest/writer/group_writer.h"

namespace api {
namespace {

/// As much as an act may hold, in whole characters of UTF-8.
std::string shortened(std::string_view text) {
  std::size_t size = std::min(text.size(), ledger::act_text_bytes_max);
  const auto is_inside = [&](std::size_t at) {
    return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;
  };
  while (size > 0 && is_inside(size)) --size;
  return std::string(text.substr(0, size));
}

}  // namespace

ledger::ActEntry act_now(std::string_view by, std::string_view act, std::string_view of) {
  return {{}, ingest::now(), shortened(by), shortened(act), shortened(of)};
}

std::string local_user() {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  const uid_t user = ::getuid();
  const int error = ::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found);
  if (error == 0 && found != nullptr) return std::string("user ") + found->pw_name;
  return "user " + std::to_string(user);
}

ledger::Result<ledger::Position> append_note(storage::LedgerFiles& files, ledger::Entry note) {
  return ingest::append_note(files.state(), files.journal(), files.rules(), files.are_rules_new(),
                             std::move(note), ingest::now());
}

void note_act(storage::LedgerFiles& files, std::string_view act, std::string_view of) {
  const auto noted = append_note(files, act_now(local_user(), act, of));
  if (!noted) throw std::runtime_error("the journal takes nothing: " + noted.error().message());
}

}  // namespace api
