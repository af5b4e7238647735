#include "storage/state/sorted_files.h"

#include <rocksdb/sst_file_writer.h>

#include <cstdint>
#include <stdexcept>
#include <vector>

#include "storage/rocksdb/rocksdb_internal.h"
#include "storage/state/state_files.h"

namespace storage {

struct SortedFiles::Impl {
  [[noreturn]] void fail(const rocksdb::Status& failed) const {
    files.database().fault(failed, FaultKind::unwritable);
    throw std::runtime_error("cannot hand over the state: " + failed.ToString());
  }

  const StateFiles& files;
  std::uint64_t made = 0;
  // Of the file being written.
  std::optional<rocksdb::SstFileWriter> writer = {};
  std::string path = {};
  rocksdb::Status status = {};
  // Of those written.
  std::vector<rocksdb::IngestExternalFileArg> arguments = {};
};

SortedFiles::SortedFiles(const StateFiles& files) : impl_(new Impl{files}) {}
SortedFiles::~SortedFiles() = default;

void SortedFiles::open(StateFamily family) {
  const Database& database = impl_->files.database();
  const rocksdb::Options options(rocksdb::DBOptions(database.db().GetDBOptions()),
                                 database.db().GetOptions(database.family(index_of(family))));
  // What is handed over is read soon: it stays in the system's cache of files.
  constexpr bool invalidate_page_cache = false;
  impl_->writer.emplace(rocksdb::EnvOptions(), options, nullptr, invalidate_page_cache);
  const std::string name = std::to_string(++impl_->made) + ".sst";
  impl_->path = (impl_->files.hand_over_folder() / name).string();
  impl_->status = impl_->writer->Open(impl_->path);
}

void SortedFiles::add(std::string_view key, RowView row) {
  if (!impl_->status.ok()) return;
  impl_->status = row ? impl_->writer->Put(slice_of(key), slice_of(*row))
                      : impl_->writer->Delete(slice_of(key));
}

void SortedFiles::finish(StateFamily family) {
  if (impl_->status.ok()) impl_->status = impl_->writer->Finish();
  if (!impl_->status.ok()) impl_->fail(impl_->status);
  impl_->writer.reset();
  rocksdb::IngestExternalFileArg argument;
  argument.column_family = impl_->files.database().family(index_of(family));
  argument.external_files = {impl_->path};
  argument.options.move_files = true;
  argument.options.snapshot_consistency = true;
  argument.options.write_global_seqno = false;
  impl_->arguments.push_back(std::move(argument));
}

void SortedFiles::ingest() {
  const rocksdb::Status status = impl_->files.database().db().IngestExternalFiles(impl_->arguments);
  if (!status.ok()) impl_->fail(status);
  impl_->arguments.clear();
}

}  // namespace storage
