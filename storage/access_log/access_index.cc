#include "storage/access_log/access_index.h"

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

#include "storage/bytes/byte_codec.h"
#include "storage/rocksdb/rocksdb_internal.h"

namespace storage {
namespace {

using ledger::Result;

constexpr std::size_t entry_bytes = 24;
constexpr std::size_t key_bytes = 8 + entry_bytes;

std::uint64_t run_of(std::string_view key) { return ByteReader(key).u64(); }

}  // namespace

AccessIndex::Entry AccessIndex::entry_of(const ledger::EncryptedNumber& number,
                                         std::uint64_t sequence) {
  return {boost::endian::load_big_u64(number.bytes.data()),
          boost::endian::load_big_u64(number.bytes.data() + 8), sequence};
}

void AccessIndex::append(std::string& bytes, const Entry& entry) {
  ByteWriter out(bytes);
  out.u64(entry.high);
  out.u64(entry.low);
  out.u64(entry.sequence);
}

AccessIndex::Entry AccessIndex::read(std::string_view bytes) {
  ByteReader in(bytes);
  const std::uint64_t high = in.u64();
  const std::uint64_t low = in.u64();
  return {high, low, in.u64()};
}

std::string AccessIndex::key_of(std::uint64_t run, const Entry& first) {
  std::string key;
  ByteWriter(key).u64(run);
  append(key, first);
  return key;
}

AccessIndex::AccessIndex(const Database& database, std::size_t family, std::size_t run_records_now)
    : database_(database), family_(family), run_records_(run_records_now) {
  const std::unique_ptr<rocksdb::Iterator> row{
      database_.db().NewIterator(rocksdb::ReadOptions(), database_.family(family_))};
  for (row->SeekToFirst(); row->Valid(); row->Seek(key_of(runs_.back() + 1, {}))) {
    runs_.push_back(run_of(view_of(row->key())));
  }
  if (!row->status().ok()) {
    database_.fault(row->status(), FaultKind::unreadable);
    throw std::runtime_error("cannot read the access log: " + row->status().ToString());
  }
}

void AccessIndex::add(const ledger::EncryptedNumber& number, std::uint64_t sequence) {
  const std::lock_guard lock(mutex_);
  recent_.push_back(entry_of(number, sequence));
}

Result<void> AccessIndex::write_run() {
  if (recent_.size() < run_records_) return ledger::ok();
  // Only this thread changes what is recent; readers go on with it meanwhile.
  std::vector<Entry> run = recent_;
  const std::uint64_t last = run.back().sequence;
  std::sort(run.begin(), run.end());
  rocksdb::WriteBatch batch;
  std::string piece;
  for (std::size_t from = 0; from < run.size(); from += piece_entries) {
    piece.clear();
    for (std::size_t i = from; i < std::min(run.size(), from + piece_entries); ++i) {
      append(piece, run[i]);
    }
    batch.Put(database_.family(family_), key_of(last, run[from]), piece);
  }
  // Without a log of writes: what a crash takes is made again from the blocks.
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  const rocksdb::Status status = database_.db().Write(options, &batch);
  if (!status.ok()) return database_.fault(status, FaultKind::unwritable);
  const std::lock_guard lock(mutex_);
  recent_.clear();
  runs_.push_back(last);
  return ledger::ok();
}

Result<void> AccessIndex::find_in_run(std::uint64_t run, const Entry& below, std::size_t limit,
                                      std::vector<std::uint64_t>& found) const {
  const std::unique_ptr<rocksdb::Iterator> row{
      database_.db().NewIterator(rocksdb::ReadOptions(), database_.family(family_))};
  // The piece that begins last below the entry, and those before it as long as they have the
  // number.
  for (row->SeekForPrev(key_of(run, below)); row->Valid(); row->Prev()) {
    if (row->key().size() != key_bytes) return database_.undecodable_row(family_);
    if (run_of(view_of(row->key())) != run) break;
    const std::string_view piece = view_of(row->value());
    if (piece.empty() || piece.size() % entry_bytes != 0) return database_.undecodable_row(family_);
    for (std::size_t at = piece.size(); at != 0; at -= entry_bytes) {
      const Entry entry = read(piece.substr(at - entry_bytes, entry_bytes));
      if (entry >= below) continue;
      if (!entry.is_about_same(below) || found.size() == limit) return ledger::ok();
      found.push_back(entry.sequence);
    }
  }
  if (!row->status().ok()) return database_.fault(row->status(), FaultKind::unreadable);
  return ledger::ok();
}

Result<std::vector<std::uint64_t>> AccessIndex::find(const ledger::EncryptedNumber& number,
                                                     std::uint64_t before,
                                                     std::size_t limit) const {
  const Entry below = entry_of(number, before);
  std::vector<std::uint64_t> found;
  std::vector<std::uint64_t> runs;
  {
    const std::lock_guard lock(mutex_);
    for (auto entry = recent_.rbegin(); entry != recent_.rend() && found.size() < limit; ++entry) {
      if (entry->is_about_same(below) && *entry < below) found.push_back(entry->sequence);
    }
    runs = runs_;
  }
  for (auto run = runs.rbegin(); run != runs.rend() && found.size() < limit; ++run) {
    const auto read = find_in_run(*run, below, limit, found);
    if (!read) return read.error();
  }
  return found;
}

}  // namespace storage
