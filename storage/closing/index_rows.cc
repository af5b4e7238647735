#include "storage/closing/index_rows.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

#include "ledger/records/fingerprint.h"
#include "ledger/values/assert.h"
#include "storage/bytes/format.h"

namespace storage {

using ledger::ItemEntry;
using ledger::ItemType;
using ledger::ReferenceAccount;

namespace {

using Registrations =
    std::map<std::pair<ledger::PracticeNumber, ledger::Guid>, ledger::Registration>;

void note(ledger::Registration& registration, const ItemEntry& entry,
          const ledger::Verdict& verdict) {
  const ledger::Item& item = entry.item;
  switch (item.type) {
    case ItemType::copayment:
      registration.person = entry.person;
      registration.content_hash = content_hash_of(item);
      registration.amount = item.amount;
      registration.service_date = oslo_date(item.service_time);
      registration.is_paid = item.is_paid;
      registration.reported = verdict;
      break;
    case ItemType::payment:
      registration.is_paid = true;
      registration.payment = verdict;
      break;
    case ItemType::credit_note:
      registration.is_credited = true;
      registration.credit_note = verdict;
      break;
  }
}

Registrations registrations_of(std::span<const ItemEntry> entries,
                               const ReferenceAccount& account) {
  Registrations registrations;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const ledger::Verdict& verdict = account.verdicts[i];
    if (!verdict.is_given()) continue;  // a misfit
    note(registrations[{entries[i].practice, entries[i].item.guid}], entries[i], verdict);
  }
  for (const ledger::ReferenceRegistration& registration : account.registrations) {
    registrations[{registration.practice, registration.guid}].is_counted =
        registration.is_counted();
  }
  return registrations;
}

PutAsideRegistration record_of(const ledger::Fingerprint& fingerprint, std::string_view row) {
  PutAsideRegistration record{fingerprint.high, fingerprint.low, 0, {}};
  LEDGER_ASSERT(row.size() <= sizeof record.row);
  record.size = static_cast<std::uint8_t>(row.size());
  std::memcpy(record.row, row.data(), row.size());
  return record;
}

}  // namespace

void put_aside_registrations(std::span<const ItemEntry> entries, const ReferenceAccount& account,
                             const Practices& practices, ReconciliationParts& parts) {
  std::string row;
  for (const auto& [key, registration] : registrations_of(entries, account)) {
    const auto& [practice, guid] = key;
    if (!practices.has(practice)) continue;  // reported as practice_differs
    const ledger::Fingerprint fingerprint = fingerprint_of(practices.id(practice), guid);
    encode_registration(registration, row);
    parts.registrations.add(parts.part_of_fingerprint(fingerprint.high),
                            record_of(fingerprint, row));
  }
}

void put_aside_unpaid(std::span<const ItemEntry> entries, const ReferenceAccount& account,
                      ReconciliationParts& parts) {
  for (const ledger::ReferenceRegistration& registration : account.registrations) {
    if (registration.reason != ledger::Code::unpaid) continue;
    const auto entry = std::find_if(entries.begin(), entries.end(), [&](const ItemEntry& reported) {
      return reported.verdict.position == registration.position;
    });
    LEDGER_ASSERT(entry != entries.end());
    const ledger::UnpaidKey key{registration.practice, oslo_date(registration.service_time),
                                registration.position};
    parts.unpaid.add(
        parts.part_of_practice(registration.practice),
        put_aside(key, {registration.position, registration.guid, registration.service_time,
                        entry->item.received, registration.amount}));
  }
}

}  // namespace storage
