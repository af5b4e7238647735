#pragma once

#include <algorithm>
#include <string>

#include "storage/access_log/access_block.h"
#include "tests/support/builders.h"

namespace storage::test {

/// A number as the cipher gives it: any bytes.
inline ledger::EncryptedNumber access_number(std::uint32_t person) {
  const Digest digest = sha256(std::to_string(person));
  ledger::EncryptedNumber number;
  std::copy_n(digest.begin(), number.bytes.size(), number.bytes.begin());
  return number;
}

/// A query that differs from those of other numbers in every field.
inline AccessRecord access_sample(std::uint32_t person, std::int64_t number) {
  AccessRecord record;
  record.what = static_cast<AccessWhat>(1 + number % static_cast<std::int64_t>(access_what_count));
  record.number = ledger::test::person_number(person);
  record.time = {1'760'000'000 + number, number % 2 == 0 ? 0 : 5'000'000};
  record.asker.client = "client " + std::to_string(number);
  if (number % 4 == 1) record.asker.client_name = "Syntetisk journalsystem";
  if (number % 4 == 1) record.asker.token_id = "44C3B8C5EACE80EA1B64A59C49249AA9";
  if (number % 2 == 1) record.asker.network_address = "192.0.2." + std::to_string(number % 256);
  if (number % 3 == 1) record.asker.name = "Legekontoret på Øya";
  if (number % 3 == 1) record.asker.organisation_number = "974760673";
  if (number % 3 == 1) record.asker.main_unit = "339065284";
  if (number % 3 == 2) record.asker.supplier = "380941813";
  if (number % 4 == 2) record.asker.hpr_number = "9144897";
  if (number % 4 == 3) record.asker.practitioner = access_number(9'000);
  record.correlation_id = ledger::test::guid_of(static_cast<std::uint32_t>(number));
  if (number % 2 == 0) {
    record.service_type = ledger::ServiceType::doctor;
    record.service_date = ledger::first_day + std::chrono::days{number};
  } else {
    record.year = 2010 + static_cast<int>(number % 100);
  }
  if (number % 5 != 0) record.answer = number % 5 == 1;
  return record;
}

}  // namespace storage::test
