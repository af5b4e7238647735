#include "storage/closing/index_comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "ledger/values/assert.h"
#include "ledger/values/position_text.h"
#include "ledger/values/rfc3339.h"
#include "storage/bytes/format.h"

namespace storage {
namespace {

using ledger::DifferenceKind;
using ledger::PersonId;
using ledger::Position;
using ledger::Result;

void report_missing(const PutAsideRegistration& due, int year, const UseDifference& use) {
  const auto registration = decode_registration(due.view());
  LEDGER_ASSERT(registration.has_value());
  use({DifferenceKind::registration_missing,
       {registration.value().person, year},
       {},
       registration.value().reported.position,
       "registration",
       to_string(registration.value().reported.position),
       ""});
}

void report_unfounded(std::string_view row, int year, const UseDifference& use) {
  const auto registration = decode_registration(row);
  if (registration && ledger::year_of(registration.value().service_date) != year) return;
  const Position position = registration ? registration.value().reported.position : Position{};
  use({DifferenceKind::registration_unfounded,
       {registration ? registration.value().person : PersonId{}, year},
       {},
       position,
       "registration",
       "",
       registration ? to_string(position) : std::string("a damaged row")});
}

template <class Compare>
void compare_verdict(const Compare& compare, const std::string& of, const ledger::Verdict& expected,
                     const ledger::Verdict& found) {
  compare((of + ".position").c_str(), expected.position.value(), found.position.value());
  compare((of + ".code").c_str(), name_of(expected.reason), name_of(found.reason));
  compare((of + ".counted").c_str(), expected.counted, found.counted);
  compare((of + ".exempt").c_str(), expected.exempt, found.exempt);
}

void report_differing(const PutAsideRegistration& due, std::string_view row, int year,
                      const UseDifference& use) {
  const ledger::Registration expected = decode_registration(due.view()).value();
  const auto decoded = decode_registration(row);
  const Position position = expected.reported.position;
  const auto differs = [&](const char* field, std::string expect, std::string found) {
    use({DifferenceKind::registration_differs,
         {expected.person, year},
         {},
         position,
         field,
         std::move(expect),
         std::move(found)});
  };
  if (!decoded) {
    differs("registration", "a readable row", "a damaged row");
    return;
  }
  const ledger::Registration& found = decoded.value();
  const auto compare = [&](const char* field, const auto& expect, const auto& is) {
    if (expect != is) differs(field, fmt::format("{}", expect), fmt::format("{}", is));
  };
  compare("personRef", expected.person.value(), found.person.value());
  compare("position", position.value(), found.reported.position.value());
  compare("content", expected.content_hash, found.content_hash);
  compare("amountOre", expected.amount.ore(), found.amount.ore());
  compare("serviceDate", ledger::to_string(expected.service_date),
          ledger::to_string(found.service_date));
  compare("paid", expected.is_paid, found.is_paid);
  compare("credited", expected.is_credited, found.is_credited);
  compare("counted", expected.is_counted, found.is_counted);
  compare_verdict(compare, "reported", expected.reported, found.reported);
  compare_verdict(compare, "payment", expected.payment, found.payment);
  compare_verdict(compare, "creditNote", expected.credit_note, found.credit_note);
}

}  // namespace

void compare_registrations(const StateReader& state, const ReconciliationParts& parts,
                           std::size_t part, int year, const UseDifference& use,
                           const ReportProgress& report) {
  constexpr const char* phase = "comparing the index of registrations";
  report(phase, "parts", part, parts.count);
  std::vector<PutAsideRegistration> due = parts.registrations.read(part);
  std::sort(due.begin(), due.end(), [](const auto& a, const auto& b) { return a.key() < b.key(); });
  constexpr std::uint64_t count = ReconciliationParts::fingerprints;
  const auto key_at = [](std::uint64_t high) {
    return std::string(view_of(registration_key({high << 32, 0})));
  };
  const std::string first = key_at(parts.first_of(part, count));
  const std::string end =
      parts.is_last(part) ? std::string() : key_at(parts.first_of(part + 1, count));
  auto next = due.begin();
  std::uint64_t seen = 0;
  require_read(state.for_each(
                   StateFamily::registrations, first,
                   [&](std::string_view key, std::string_view value) -> Result<void> {
                     const ledger::Fingerprint fingerprint = decode_registration_key(key);
                     const auto found = std::pair(fingerprint.high, fingerprint.low);
                     for (; next != due.end() && next->key() < found; ++next)
                       report_missing(*next, year, use);
                     if (next != due.end() && next->key() == found) {
                       if (next->view() != value) report_differing(*next, value, year, use);
                       ++next;
                     } else {
                       report_unfounded(value, year, use);
                     }
                     if (++seen % 1024 == 0) {
                       report(phase, "parts", part, parts.count);
                     }
                     return ledger::ok();
                   },
                   end),
               "the registrations of the state");
  for (; next != due.end(); ++next) report_missing(*next, year, use);
}

}  // namespace storage
