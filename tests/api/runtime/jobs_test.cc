#include "api/runtime/jobs.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <future>
#include <string>
#include <system_error>

namespace api::test {
namespace {

std::string no_work(const storage::ReportProgress&) { return "{}"; }

/// Starts a job and waits until it has ended.
void do_job(Jobs& jobs, const std::string& name) {
  ASSERT_TRUE(jobs.start(name, no_work));
  while (!jobs.running().empty()) std::this_thread::yield();
}

/// As long as it lives the process gets no thread: no stack can be as large as it asks for.
class NoThreads {
 public:
  NoThreads() {
    pthread_getattr_default_np(&before_);
    pthread_attr_t huge;
    pthread_attr_init(&huge);
    EXPECT_EQ(pthread_attr_setstacksize(&huge, std::size_t{1} << 48), 0);
    EXPECT_EQ(pthread_setattr_default_np(&huge), 0);
    pthread_attr_destroy(&huge);
  }
  ~NoThreads() { EXPECT_EQ(pthread_setattr_default_np(&before_), 0); }
  NoThreads(const NoThreads&) = delete;
  NoThreads& operator=(const NoThreads&) = delete;

 private:
  pthread_attr_t before_{};
};

TEST(Jobs, forgets_the_job_that_began_first) {
  Jobs jobs;
  // Later names come earlier in the alphabet.
  for (int number = 199; number >= 100; --number) do_job(jobs, "job " + std::to_string(number));
  do_job(jobs, "job 199");  // again: it is the newest now
  do_job(jobs, "a");
  EXPECT_TRUE(jobs.find("a"));
  EXPECT_TRUE(jobs.find("job 199"));
  EXPECT_TRUE(jobs.find("job 100"));
  EXPECT_FALSE(jobs.find("job 198")) << "the oldest";
  EXPECT_TRUE(jobs.find("job 197"));
}

TEST(Jobs, goes_on_when_there_was_no_thread_for_a_job) {
  Jobs jobs;
  do_job(jobs, "first");
  {
    const NoThreads no_threads;
    EXPECT_THROW(jobs.start("second", no_work), std::system_error);
  }
  EXPECT_EQ(jobs.running(), "");
  EXPECT_FALSE(jobs.find("second"));
  do_job(jobs, "third");
  EXPECT_EQ(jobs.find("third")->state, Job::State::done);
  EXPECT_EQ(jobs.find("first")->state, Job::State::done);
}

TEST(Jobs, runs_one_at_a_time_and_tells_what_runs) {
  Jobs jobs;
  std::promise<void> begun;
  std::promise<void> end;
  ASSERT_TRUE(jobs.start("long", [&](const storage::ReportProgress& report) {
    report("reading", "rows", 3, 10);
    begun.set_value();
    end.get_future().get();
    return std::string("{\"a\":1}");
  }));
  begun.get_future().get();
  EXPECT_EQ(jobs.running(), "long");
  EXPECT_TRUE(jobs.start("long", no_work)) << "it runs already";
  EXPECT_FALSE(jobs.start("other", no_work));
  EXPECT_EQ(jobs.find("long")->done, 3U);
  end.set_value();
  while (!jobs.running().empty()) std::this_thread::yield();
  EXPECT_EQ(jobs.find("long")->result, "{\"a\":1}");
  EXPECT_FALSE(jobs.find("other"));
}

TEST(Jobs, ends_what_runs_for_a_reason_and_starts_nothing_until_it_is_resumed) {
  Jobs jobs;
  ASSERT_TRUE(jobs.start("endless", [](const storage::ReportProgress& report) -> std::string {
    for (std::uint64_t done = 0;; ++done) report("counting", "numbers", done, 0);
  }));
  jobs.stop("the disk is full");
  EXPECT_EQ(jobs.find("endless")->state, Job::State::failed);
  EXPECT_EQ(jobs.find("endless")->error, "the disk is full");
  EXPECT_FALSE(jobs.start("next", no_work));
  jobs.resume();
  do_job(jobs, "next");
}

}  // namespace
}  // namespace api::test
