#include "api/runtime/registered_practices.h"

#include <algorithm>
#include <utility>

#include "ledger/values/national_id.h"

namespace api {
namespace {

using storage::PracticeIdentity;

/// As the registry has it; nothing for a number that is none.
std::optional<PracticeIdentity> identity_of(const LedgerKeeper& keeper, Register in,
                                            std::string_view number) {
  if (in == Register::organisations) {
    return PracticeIdentity{PracticeIdentity::Kind::organisation, std::string(number)};
  }
  if (in == Register::practitioners) {
    return PracticeIdentity{PracticeIdentity::Kind::practitioner, std::string(number)};
  }
  const auto parsed = ledger::NationalId::parse(number, ledger::NumberSeries::production_and_tests);
  if (!parsed) return std::nullopt;
  return PracticeIdentity::of(keeper.keys().numbers.encrypt(*parsed));
}

void add_registered(const LedgerKeeper& keeper, Register in, std::string_view number,
                    std::vector<std::string>& found) {
  const auto identity = identity_of(keeper, in, number);
  const auto open = keeper.lease();
  if (!identity || !open) return;
  for (const ledger::PracticeId& id : open->files().state().practices_with(*identity)) {
    const std::string text(id.view());
    if (std::find(found.begin(), found.end(), text) == found.end()) found.push_back(text);
  }
}

/// What the registry says of a practice; null when it has said nothing.
auto registered_practice(const storage::StateStore& state, std::string_view id) {
  ledger::PracticeId practice;
  const bool is_id = ledger::PracticeId::parse(id, practice);
  const auto number = is_id ? state.practice_number(practice) : std::nullopt;
  return number ? state.registered_practice(*number) : nullptr;
}

bool is_registered(const LedgerKeeper& keeper, std::string_view id) {
  const auto open = keeper.lease();
  return open && registered_practice(open->files().state(), id) != nullptr;
}

PracticeFacts registered_facts(const LedgerKeeper& keeper, std::string_view id) {
  const auto open = keeper.lease();
  const auto registered = open ? registered_practice(open->files().state(), id) : nullptr;
  if (!registered) return {};
  const auto& numbers = registered->event.organisation_numbers;
  return {registered->event.name, numbers.empty() ? std::string() : numbers.front()};
}

}  // namespace

bool has_agreement(OpenLedger& open, const Caller& caller, ledger::Date day) {
  if (caller.own_practices == nullptr) return true;
  const storage::StateStore& state = open.files().state();
  return std::any_of(
      caller.own_practices->begin(), caller.own_practices->end(), [&](const std::string& id) {
        const auto registered = registered_practice(state, id);
        return registered != nullptr && ledger::covers(registered->event.agreements, day);
      });
}

void use_registry(AuthSettings& settings, const LedgerKeeper& keeper) {
  settings.find_practices = [&keeper, configured = std::move(settings.find_practices)](
                                Register in, std::string_view number) {
    std::vector<std::string> found = configured ? configured(in, number) : decltype(found){};
    // Of a practice that it knows the registry alone says whose it is.
    std::erase_if(found, [&keeper](const std::string& id) { return is_registered(keeper, id); });
    add_registered(keeper, in, number, found);
    return found;
  };
  settings.describe_practice =
      [&keeper, configured = std::move(settings.describe_practice)](std::string_view id) {
        PracticeFacts facts = registered_facts(keeper, id);
        return facts.name.empty() && configured ? configured(id) : facts;
      };
}

}  // namespace api
