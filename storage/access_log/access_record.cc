#include "storage/access_log/access_record.h"

#include <array>

namespace storage {

namespace {

struct Told {
  std::string_view name;
  std::string_view role;
};

/// In the order of AccessWhat.
constexpr std::array<Told, access_what_count> told{{{"card-status", "practice"},
                                                    {"frikortsporring", "practice"},
                                                    {"account", "portal"},
                                                    {"card", "portal"},
                                                    {"dossier", "portal"},
                                                    {"access-log", "portal"},
                                                    {"submission", "practice"},
                                                    {"number", "payout"}}};

const Told& told_of(AccessWhat what) { return told.at(static_cast<std::size_t>(what) - 1); }

}  // namespace

std::string_view name_of(AccessWhat what) { return told_of(what).name; }

std::string_view role_of(AccessWhat what) { return told_of(what).role; }

AccessRecord AccessRecord::of_person(AccessWhat what, const ledger::EncryptedNumber& number) {
  AccessRecord record;
  record.what = what;
  record.number = number;
  return record;
}

AccessRecord AccessRecord::of_year(AccessWhat what, const ledger::EncryptedNumber& number,
                                   int year) {
  AccessRecord record = of_person(what, number);
  record.year = year;
  return record;
}

AccessRecord AccessRecord::of_service(AccessWhat what, const ledger::EncryptedNumber& number,
                                      ledger::ServiceType type, ledger::Date date,
                                      std::optional<bool> answer) {
  AccessRecord record = of_person(what, number);
  record.service_type = type;
  record.service_date = date;
  record.answer = answer;
  return record;
}

}  // namespace storage
