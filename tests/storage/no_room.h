#pragma once

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

namespace storage::test {

/// As long as it lives no file of this process can grow: a full disk.
class NoRoom {
 public:
  NoRoom() {
    std::signal(SIGXFSZ, SIG_IGN);
    EXPECT_EQ(::getrlimit(RLIMIT_FSIZE, &before_), 0);
    set(0);
  }
  ~NoRoom() { set(before_.rlim_cur); }
  NoRoom(const NoRoom&) = delete;
  NoRoom& operator=(const NoRoom&) = delete;

 private:
  void set(rlim_t bytes) const {
    const rlimit limit{bytes, before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  }

  rlimit before_{};
};

}  // namespace storage::test
