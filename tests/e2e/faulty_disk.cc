// Loaded before the C library (LD_PRELOAD): makes system calls on the files of one folder fail, and
// moves the wall clock, as a control file says at each moment. See faulty_disk.py, which writes it.
//
//   FRIKORT_FAULTS        the control file: a Control, shared memory
//   FRIKORT_FAULTS_UNDER  the folder whose files are concerned

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace {

enum Fault : std::uint32_t {
  disk_full = 1,
  write_error = 2,
  sync_error = 4,
  read_error = 8,
  sync_stall = 16,  ///< a sync ends when the fault does
};

struct Control {
  std::atomic<std::uint32_t> faults;
  std::atomic<std::int32_t> left;  ///< operations that still fail; negative: all
  std::atomic<std::int64_t> clock_offset_seconds;
  std::atomic<std::uint64_t> failed;  ///< operations that have failed
  char path_part[96];                 ///< only files whose path has this in it
};

Control* map_control() {
  const char* const path = std::getenv("FRIKORT_FAULTS");
  if (path == nullptr) return nullptr;
  const int file = ::open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return nullptr;
  void* const memory =
      ::mmap(nullptr, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  ::close(file);
  return memory == MAP_FAILED ? nullptr : static_cast<Control*>(memory);
}

// Set once all other libraries are loaded; before that everything goes through.
std::atomic<Control*> control{nullptr};

__attribute__((constructor)) void begin() { control = map_control(); }

template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

bool is_concerned(const char* path) {
  static const char* const folder = std::getenv("FRIKORT_FAULTS_UNDER");
  if (folder == nullptr || std::strncmp(path, folder, std::strlen(folder)) != 0) return false;
  return std::strstr(path, control.load()->path_part) != nullptr;
}

bool is_active(std::uint32_t faults) {
  const Control* const now = control;
  return now != nullptr && (now->faults & faults) != 0 && now->left != 0;
}

/// The error that an operation on a path meets, of the faults that it can meet; 0 for none.
int error_at(const char* path, std::uint32_t faults) {
  if (!is_active(faults) || !is_concerned(path)) return 0;
  Control& now = *control;
  if (now.left > 0 && now.left.fetch_sub(1) <= 0) {
    now.left = 0;
    return 0;
  }
  ++now.failed;
  return (now.faults & faults & disk_full) != 0 ? ENOSPC : EIO;
}

int error_at(int file, std::uint32_t faults, const char* suffix = "") {
  if (!is_active(faults)) return 0;
  char link[64];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  char path[4096];
  const ssize_t size = ::readlink(link, path, sizeof path - 1);
  if (size <= 0) return 0;
  path[size] = '\0';
  const std::size_t length = std::strlen(suffix);
  if (static_cast<std::size_t>(size) < length ||
      std::strcmp(path + static_cast<std::size_t>(size) - length, suffix) != 0) {
    return 0;
  }
  return error_at(path, faults);
}

int error_of_sync(int file) {
  while (error_at(file, sync_stall) != 0) ::usleep(10'000);
  return error_at(file, sync_error);
}

/// -1 with errno when there is an error, else what `call` gives.
template <class Call>
auto fail_or(int error, Call&& call) -> decltype(call()) {
  if (error == 0) return call();
  errno = error;
  return -1;
}

constexpr std::uint32_t any_write = disk_full | write_error;

int open_file(const char* path, int flags, mode_t mode) {
  static const auto real = next<int (*)(int, const char*, int, ...)>("openat");
  const bool is_made = (flags & O_CREAT) != 0 && ::access(path, F_OK) != 0;
  return fail_or(is_made ? error_at(path, disk_full) : 0,
                 [&] { return real(AT_FDCWD, path, flags, mode); });
}

mode_t mode_of(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_file(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_file(path, flags, mode);
}

int rename(const char* from, const char* to) noexcept {
  static const auto real = next<int (*)(const char*, const char*)>("rename");
  return fail_or(error_at(from, write_error), [&] { return real(from, to); });
}

ssize_t write(int file, const void* bytes, size_t size) {
  static const auto real = next<ssize_t (*)(int, const void*, size_t)>("write");
  return fail_or(error_at(file, any_write), [&] { return real(file, bytes, size); });
}

ssize_t writev(int file, const iovec* parts, int count) {
  static const auto real = next<ssize_t (*)(int, const iovec*, int)>("writev");
  return fail_or(error_at(file, any_write), [&] { return real(file, parts, count); });
}

ssize_t pwrite(int file, const void* bytes, size_t size, off_t at) {
  static const auto real = next<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite");
  return fail_or(error_at(file, any_write), [&] { return real(file, bytes, size, at); });
}

ssize_t pwrite64(int file, const void* bytes, size_t size, off64_t at) {
  static const auto real = next<ssize_t (*)(int, const void*, size_t, off64_t)>("pwrite64");
  return fail_or(error_at(file, any_write), [&] { return real(file, bytes, size, at); });
}

ssize_t pread(int file, void* bytes, size_t size, off_t at) {
  static const auto real = next<ssize_t (*)(int, void*, size_t, off_t)>("pread");
  return fail_or(error_at(file, read_error, ".sst"), [&] { return real(file, bytes, size, at); });
}

ssize_t pread64(int file, void* bytes, size_t size, off64_t at) {
  static const auto real = next<ssize_t (*)(int, void*, size_t, off64_t)>("pread64");
  return fail_or(error_at(file, read_error, ".sst"), [&] { return real(file, bytes, size, at); });
}

int fallocate(int file, int mode, off_t at, off_t size) {
  static const auto real = next<int (*)(int, int, off_t, off_t)>("fallocate");
  return fail_or(error_at(file, any_write), [&] { return real(file, mode, at, size); });
}

int fallocate64(int file, int mode, off64_t at, off64_t size) {
  static const auto real = next<int (*)(int, int, off64_t, off64_t)>("fallocate64");
  return fail_or(error_at(file, any_write), [&] { return real(file, mode, at, size); });
}

int ftruncate(int file, off_t size) noexcept {
  static const auto real = next<int (*)(int, off_t)>("ftruncate");
  return fail_or(error_at(file, write_error), [&] { return real(file, size); });
}

int fsync(int file) {
  static const auto real = next<int (*)(int)>("fsync");
  return fail_or(error_of_sync(file), [&] { return real(file); });
}

int fdatasync(int file) {
  static const auto real = next<int (*)(int)>("fdatasync");
  return fail_or(error_of_sync(file), [&] { return real(file); });
}

int sync_file_range(int file, off64_t at, off64_t size, unsigned flags) {
  static const auto real = next<int (*)(int, off64_t, off64_t, unsigned)>("sync_file_range");
  return fail_or(error_of_sync(file), [&] { return real(file, at, size, flags); });
}

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  static const auto real = next<int (*)(clockid_t, timespec*)>("clock_gettime");
  const int status = real(clock, time);
  const Control* const now = control;
  if (status == 0 && now != nullptr && clock == CLOCK_REALTIME) {
    time->tv_sec += now->clock_offset_seconds;
  }
  return status;
}

std::time_t time(std::time_t* result) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (result != nullptr) *result = now.tv_sec;
  return now.tv_sec;
}

}  // extern "C"
