#include "storage/state/accounts_table.h"

#include <rocksdb/slice.h>

#include <optional>
#include <utility>

#include "ledger/values/assert.h"
#include "storage/rocksdb/rocksdb_internal.h"
#include "storage/state/sorted_files.h"
#include "storage/state/state_files.h"

namespace storage {

using ledger::AccountKey;
using ledger::Result;

AccountsTable::AccountsTable(const TableContext& context)
    : files_(context.files),
      totals_(context.totals),
      rows_(context.options.cached_persons_max, context.options.hand_over_items / 2) {}

Result<void> AccountsTable::read_row(const AccountKey& key, std::string& row) const {
  row.clear();
  if (rows_.visit(key, [&](const std::string& bytes) { row = bytes; })) return ledger::ok();
  rocksdb::PinnableSlice value;
  const auto found = files_.get(StateFamily::accounts, account_key(key), value);
  if (!found) return found.error();
  if (found.value()) row.assign(value.data(), value.size());
  return ledger::ok();
}

Result<void> AccountsTable::load(const AccountKey& key, ledger::Account& out) {
  loaded_key_ = key;
  loaded_row_ = {};
  if (const std::string* const row = rows_.find(key); row != nullptr) {
    loaded_row_ = *row;
  } else {
    const auto read = read_row(key, row_of_files_);
    if (!read) return read.error();
    loaded_row_ = row_of_files_;
  }
  out.clear();
  if (!loaded_row_.empty()) {
    const auto decoded = decode_account(loaded_row_, out);
    if (!decoded) return files_.undecodable(StateFamily::accounts);
  }
  share_before_ = share_of(out);
  return ledger::ok();
}

AccountsTable::Share AccountsTable::share_of(const ledger::Account& account) {
  Share share;
  share.cards = account.card ? 1 : 0;
  const bool is_active = account.card && account.card->state == ledger::CardState::active;
  share.cards_under_review = account.card && !is_active ? 1 : 0;
  share.counted_ore = account.counted_sum.ore();
  share.refunded_ore = account.refunded().ore();
  return share;
}

void AccountsTable::change_totals(const Share& after) {
  totals_.cards += after.cards - share_before_.cards;
  totals_.cards_under_review += after.cards_under_review - share_before_.cards_under_review;
  totals_.counted_ore += after.counted_ore - share_before_.counted_ore;
  totals_.refunded_ore += after.refunded_ore - share_before_.refunded_ore;
}

Result<void> AccountsTable::put(const AccountKey& key, const ledger::Account& account) {
  LEDGER_ASSERT(key == loaded_key_);
  if (const auto storable = files_.require_storable("account", account); !storable) {
    return storable;
  }
  const std::string key_bytes = account_key(key);
  if (loaded_row_.empty()) {
    ++totals_.accounts;
  } else {
    totals_.checksum.remove("a", key_bytes, Row::checksum_content(loaded_row_));
  }
  change_totals(share_of(account));
  encode_account(account, encoded_);
  totals_.checksum.add("a", key_bytes, Row::checksum_content(encoded_));
  rows_.put(key, encoded_);
  return ledger::ok();
}

void AccountsTable::remove(const AccountKey& key) {
  LEDGER_ASSERT(key == loaded_key_ && !loaded_row_.empty());
  --totals_.accounts;
  totals_.checksum.remove("a", account_key(key), Row::checksum_content(loaded_row_));
  change_totals({});
  rows_.put(key, std::string());
  loaded_row_ = {};
  share_before_ = {};
}

Result<ledger::Account> AccountsTable::find(const AccountKey& key) const {
  std::string row;
  const auto read = read_row(key, row);
  if (!read) return read.error();
  ledger::Account account;
  if (row.empty()) return account;
  const auto decoded = decode_account(row, account);
  if (!decoded) return files_.undecodable(StateFamily::accounts);
  return account;
}

Result<ledger::AccountBrief> AccountsTable::find_brief(const AccountKey& key) const {
  // Under the row's lock and without a copy: of a long row, too, only the beginning is read.
  Result<ledger::AccountBrief> brief = ledger::AccountBrief();
  const auto decode = [&](std::string_view row) {
    if (!row.empty()) brief = decode_account_brief(row);
  };
  if (!rows_.visit(key, decode)) {
    rocksdb::PinnableSlice value;
    const auto found = files_.get(StateFamily::accounts, account_key(key), value);
    if (!found) return found.error();
    if (found.value()) decode(view_of(value));
  }
  if (!brief) return files_.undecodable(StateFamily::accounts);
  return brief;
}

void AccountsTable::write(SortedFiles& files) const {
  files.write(StateFamily::accounts, rows_.frozen_rows(), [](const auto& row) {
    const std::string& bytes = *row.second;
    return std::pair(account_key(row.first), bytes.empty()
                                                 ? std::optional<std::string_view>()
                                                 : std::optional<std::string_view>(bytes));
  });
}

}  // namespace storage
