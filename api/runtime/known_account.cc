#include "api/runtime/known_account.h"

#include <utility>

#include "api/runtime/earlier_owner.h"
#include "ingest/items/clock.h"
#include "ledger/reference/reference_person.h"
#include "storage/ledger_files/history.h"

namespace api {
namespace {

using ledger::Entry;
using ledger::Position;
using ledger::Result;

Result<std::vector<Entry>> entries_of(OpenLedger& open, const ShownAccount& shown, int year) {
  return storage::history_of(open.files().journal(),
                             {shown.account.newest, shown.brief.newest_event, year});
}

/// Up to where the journal is durable.
Result<AsOf> durable_head(OpenLedger& open) {
  const auto& journal = open.files().journal();
  const Position head{journal.next_position().value() - 1};
  if (head.value() == 0) return AsOf{head, ingest::now()};
  const auto time = journal.committed_at(head);
  if (!time) return time.error();
  return AsOf{head, time.value()};
}

/// The rules of a card are those of the entry that issued it.
Result<void> set_rule_pack(OpenLedger& open, ledger::Account& account) {
  if (!account.card) return ledger::ok();
  const auto rule_pack = open.files().journal().rule_pack_at(account.card->issued_by);
  if (!rule_pack) return rule_pack.error();
  account.card->rule_pack = rule_pack.value();
  return ledger::ok();
}

}  // namespace

Result<KnownAccount> newest_account(OpenLedger& open, const ledger::EncryptedNumber& number,
                                    int year) {
  for (;;) {
    // Before the account, so that nothing up to here is missing from it.
    const auto head = durable_head(open);
    if (!head) return head.error();
    auto shown = shown_account(open.files().state(), number, year);
    if (!shown) return shown.error();
    if (shown.value().reflects <= head.value().position) {
      auto entries = entries_of(open, shown.value(), year);
      if (!entries) return entries.error();
      return KnownAccount{std::move(shown.value()), std::move(entries.value()), head.value()};
    }
    const auto waited = open.wait_durable(shown.value().reflects);
    if (waited) return waited;
  }
}

Result<KnownAccount> account_as_of(OpenLedger& open, const ledger::EncryptedNumber& number,
                                   int year, const AsOf& as_of) {
  auto newest = newest_account(open, number, year);
  if (!newest) return newest.error();
  KnownAccount& known = newest.value();
  const bool is_hidden = known.shown.person.value() == 0;
  const bool has_changed = known.shown.reflects > as_of.position;
  known.as_of = as_of;
  if (is_hidden || !has_changed) return newest;

  KnownAccount earlier{{}, {}, as_of};
  const auto owner = earlier_owner(open.files(), known, number);
  if (!owner) return owner.error();
  std::vector<Entry> entries = entries_of_owner(known, owner.value());
  if (entries.empty()) return earlier;
  const ledger::Money ceiling = *open.files().rules().ceiling_of(year);
  ledger::ReferencePerson person =
      ledger::reference_person(entries, {{year, {ceiling, std::string()}}}, {});
  if (person.is_opted_out) return earlier;
  earlier.entries = std::move(entries);
  earlier.shown.person = owner.value();
  earlier.shown.brief.newest_event = person.newest_event;
  earlier.shown.brief.birth_date = person.birth_date;
  const auto account = person.accounts.find(year);
  if (account != person.accounts.end()) {
    earlier.shown.account = std::move(account->second.account);
    const auto set = set_rule_pack(open, earlier.shown.account);
    if (!set) return set.error();
  }
  return earlier;
}

Result<std::string> practice_name_as_of(OpenLedger& open, ledger::PracticeNumber practice,
                                        Position position) {
  const auto newest = open.files().state().registered_practice(practice);
  if (!newest) return std::string();
  if (newest->position <= position) return newest->event.name;
  for (Position at = newest->position; at.value() != 0;) {
    const auto entry = open.files().journal().entry_at(at);
    if (!entry) return entry.error();
    const auto* const event = std::get_if<ledger::PracticeEntry>(&entry.value());
    if (event == nullptr || event->previous >= at) return ledger::Errc::corrupt_record;
    if (at <= position) return event->event.name;
    at = event->previous;
  }
  return std::string();
}

}  // namespace api
