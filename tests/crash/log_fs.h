#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace crash {

/// The file system of the machine, with something to be done before each append to a log of writes
/// and before each sync of one; an append fails as `on_append` says.
class LogFs final : public rocksdb::FileSystemWrapper {
 public:
  LogFs() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "LogFs"; }
  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* debug) override {
    const rocksdb::IOStatus status = target()->NewWritableFile(path, options, result, debug);
    if (status.ok() && path.ends_with(".log")) {
      *result = std::make_unique<Log>(*this, std::move(*result));
    }
    return status;
  }

  // To be set while no file is open, or by what they call.
  std::function<rocksdb::IOStatus()> on_append = [] { return rocksdb::IOStatus::OK(); };
  std::function<void()> on_sync = [] {};

 private:
  class Log final : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    Log(LogFs& fs, std::unique_ptr<rocksdb::FSWritableFile> file)
        : FSWritableFileOwnerWrapper(std::move(file)), fs_(fs) {}
    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override {
      const rocksdb::IOStatus status = fs_.on_append();
      return status.ok() ? FSWritableFileOwnerWrapper::Append(data, options, debug) : status;
    }
    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             const rocksdb::DataVerificationInfo& verification,
                             rocksdb::IODebugContext* debug) override {
      const rocksdb::IOStatus status = fs_.on_append();
      if (!status.ok()) return status;
      return FSWritableFileOwnerWrapper::Append(data, options, verification, debug);
    }
    rocksdb::IOStatus Sync(const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* debug) override {
      fs_.on_sync();
      return FSWritableFileOwnerWrapper::Sync(options, debug);
    }

   private:
    LogFs& fs_;
  };
};

}  // namespace crash
