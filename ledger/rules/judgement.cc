#include "ledger/rules/judgement.h"

namespace ledger {

bool can_be_child(const std::optional<Date>& birth_date, int year) {
  return birth_date && sixteenth_birthday(*birth_date) > std::chrono::year{year} / 1 / 1;
}

bool shall_count(const HeldRegistration& held, const std::optional<Date>& birth_date) {
  return reason_not_counted(held.registration, birth_date) == Code::none;
}

Result<void> put_counted(Store& store, HeldRegistration& held, bool is_counted) {
  const Registration before = held.registration;
  held.registration.is_counted = is_counted;
  return store.put_registration(held.key, &before, held.registration);
}

namespace {

/// Has those start that shall count, or those stop that shall not; says whether any did.
Result<bool> follow(Store& store, Posting& posting, const std::optional<Date>& birth_date,
                    std::vector<HeldRegistration>& registrations, bool counts) {
  bool has_any = false;
  for (HeldRegistration& held : registrations) {
    if (held.registration.is_counted == counts || shall_count(held, birth_date) != counts) continue;
    if (counts) {
      posting.start(countable(held));
    } else {
      posting.stop(countable(held));
    }
    if (const auto put = put_counted(store, held, counts); !put) return put.error();
    has_any = true;
  }
  return has_any;
}

}  // namespace

Result<bool> judge_again(Store& store, Posting& posting, const std::optional<Date>& birth_date,
                         std::vector<HeldRegistration>& registrations) {
  const auto stopped = follow(store, posting, birth_date, registrations, false);
  if (!stopped) return stopped;
  const auto started = follow(store, posting, birth_date, registrations, true);
  if (!started) return started;
  return stopped.value() || started.value();
}

Result<bool> start_again(Store& store, Posting& posting, const std::optional<Date>& birth_date,
                         std::vector<HeldRegistration>& registrations) {
  return follow(store, posting, birth_date, registrations, true);
}

}  // namespace ledger
