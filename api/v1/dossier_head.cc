#include "api/v1/dossier_head.h"

#include "ledger/values/hex.h"
#include "ledger/values/position_text.h"

namespace api {
namespace {

std::string text_of(const std::optional<NewestEntry>& newest) {
  return newest ? to_string(newest->position) + ' ' + ledger::to_hex(newest->hash) : "none";
}

}  // namespace

std::string signed_text(const DossierHead& head) {
  std::string text = "frikort dossier head 1\n";
  const auto line = [&text](std::string_view name, const std::string& value) {
    text.append(name).append(" ").append(value).append("\n");
  };
  line("year", std::to_string(head.year));
  line("person", head.person.empty() ? "none" : head.person);
  line("rules", ledger::to_hex(head.rules));
  line("item", text_of(head.item));
  line("event", text_of(head.event));
  line("as-of", to_string(head.as_of));
  line("account", ledger::to_hex(head.account));
  return text;
}

}  // namespace api
