#include "storage/state/state_reader.h"

#include <stdexcept>

#include "storage/state/state_families_internal.h"

namespace storage {

struct StateReader::Impl {
  explicit Impl(const std::filesystem::path& folder)
      : database(folder.string(), state_db_options(), state_families(), OpenMode::read_only) {}
  Database database;
};

StateReader::StateReader(const std::filesystem::path& folder)
    : impl_(std::make_unique<Impl>(folder)) {
  const auto row = get(StateFamily::meta, applied_key);
  if (!row) throw std::runtime_error("the state in " + folder.string() + " is damaged");
  if (!row.value()) return;  // nothing has been applied yet
  auto applied = decode_applied(*row.value());
  if (!applied) throw std::runtime_error("the state in " + folder.string() + " is damaged");
  applied_ = std::move(applied.value());
}

StateReader::~StateReader() = default;

ledger::Result<void> StateReader::for_each(StateFamily family, std::string_view first,
                                           const UseRow& use, std::string_view end) const {
  return impl_->database.for_each(index_of(family), first, use, end);
}

ledger::Result<std::optional<std::string>> StateReader::get(StateFamily family,
                                                            std::string_view key) const {
  const Database& database = impl_->database;
  std::string value;
  const rocksdb::Status status = database.db().Get(
      rocksdb::ReadOptions(), database.family(index_of(family)), slice_of(key), &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) return errc_of(status);
  return std::optional<std::string>(std::move(value));
}

struct StateCursor::Impl {
  std::unique_ptr<rocksdb::Iterator> row;
};

StateCursor::StateCursor(const StateReader& state, StateFamily family)
    : impl_(std::make_unique<Impl>()) {
  const Database& database = state.impl_->database;
  impl_->row.reset(database.db().NewIterator(scan_options(), database.family(index_of(family))));
  impl_->row->SeekToFirst();
}

StateCursor::~StateCursor() = default;

bool StateCursor::is_at_row() const { return impl_->row->Valid(); }
std::string_view StateCursor::key() const { return view_of(impl_->row->key()); }
std::string_view StateCursor::value() const { return view_of(impl_->row->value()); }
void StateCursor::next() { impl_->row->Next(); }

ledger::Result<void> StateCursor::status() const {
  if (!impl_->row->status().ok()) return errc_of(impl_->row->status());
  return ledger::ok();
}

}  // namespace storage
