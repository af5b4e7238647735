#include "storage/closing/practice_comparison.h"

#include <fmt/format.h>

#include "ledger/values/position_text.h"
#include "ledger/values/rfc3339.h"
#include "storage/bytes/format.h"

namespace storage {
namespace {

using ledger::PracticeEntry;
using ledger::PracticeEvent;
using ledger::PracticeNumber;

std::string text_of(const std::vector<std::string>& numbers) {
  return fmt::format("{}", fmt::join(numbers, " "));
}
std::string text_of(const std::vector<ledger::Period>& periods) {
  std::string text;
  for (const ledger::Period& period : periods) {
    text += fmt::format("{}{}/{}", text.empty() ? "" : " ", ledger::to_string(period.from),
                        period.to ? ledger::to_string(*period.to) : "");
  }
  return text;
}
/// Never the numbers themselves.
std::string text_of(const std::vector<ledger::EncryptedNumber>& practitioners) {
  return fmt::format("{} practitioners", practitioners.size());
}

/// Compares one practice field by field.
class Comparison {
 public:
  Comparison(PracticeNumber practice, ledger::Position position, const UseDifference& use)
      : practice_(practice), position_(position), use_(use) {}

  void report(const char* field, std::string expected, std::string found) const {
    use_({ledger::DifferenceKind::practice_differs,
          {},
          practice_,
          position_,
          field,
          std::move(expected),
          std::move(found)});
  }

  void compare(const PracticeEntry& due, const ledger::RegisteredPractice& found) const {
    const PracticeEvent& event = due.event;
    const PracticeEvent& kept = found.event;
    compare_text("registeredBy", ledger::to_string(due.position),
                 ledger::to_string(found.position));
    compare_text("eventId", to_string(event.event_id), to_string(kept.event_id));
    compare_text("receivedTime", ledger::to_rfc3339(event.received),
                 ledger::to_rfc3339(kept.received));
    compare_text("name", event.name, kept.name);
    compare_text("practiceType", event.type, kept.type);
    compare_list("organisationNumbers", event.organisation_numbers, kept.organisation_numbers);
    compare_list("hprNumbers", event.hpr_numbers, kept.hpr_numbers);
    compare_list("agreements", event.agreements, kept.agreements);
    // Those that have been erased since are not what the state was told.
    if (!due.is_erased) compare_list("practitioners", event.practitioners, kept.practitioners);
  }

 private:
  void compare_text(const char* field, const std::string& expected,
                    const std::string& found) const {
    if (expected != found) report(field, expected, found);
  }
  template <class List>
  void compare_list(const char* field, const List& expected, const List& found) const {
    if (expected != found) report(field, text_of(expected), text_of(found));
  }

  const PracticeNumber practice_;
  const ledger::Position position_;
  const UseDifference& use_;
};

}  // namespace

void compare_registered_practices(const StateReader& state,
                                  const std::map<PracticeNumber, PracticeEntry>& newest,
                                  const UseDifference& use) {
  auto due = newest.begin();
  const auto report_missing = [&] {
    Comparison(due->first, due->second.position, use)
        .report("registered", ledger::to_string(due->second.position), "");
    ++due;
  };
  require_read(
      state.for_each(StateFamily::practices, {},
                     [&](std::string_view key, std::string_view row) -> ledger::Result<void> {
                       const PracticeNumber number = decode_practice_key(key);
                       const auto stored = decode_practice(row);
                       if (!stored) return stored.error();
                       const auto& found = stored.value().registered;
                       while (due != newest.end() && due->first < number) report_missing();
                       const bool is_due = due != newest.end() && due->first == number;
                       if (is_due && !found) {
                         report_missing();
                       } else if (is_due) {
                         const PracticeEntry& entry = (due++)->second;
                         Comparison(number, entry.position, use).compare(entry, *found);
                       } else if (found) {
                         Comparison(number, found->position, use)
                             .report("registered", "", ledger::to_string(found->position));
                       }
                       return ledger::ok();
                     }),
      "the practices of the state");
  while (due != newest.end()) report_missing();
}

}  // namespace storage
