#include "storage/state/accounts_table.h"

#include <rocksdb/slice.h>

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
  sum_before_ = out.counted_sum;
  return ledger::ok();
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
  totals_.counted_ore += (account.counted_sum - sum_before_).ore();
  encode_account(account, encoded_);
  totals_.checksum.add("a", key_bytes, Row::checksum_content(encoded_));
  rows_.put(key, encoded_);
  return ledger::ok();
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

void AccountsTable::write(SortedFiles& files) const {
  files.write(StateFamily::accounts, rows_.frozen_rows(), [](const auto& row) {
    return std::pair(account_key(row.first), std::string_view(*row.second));
  });
}

}  // namespace storage
