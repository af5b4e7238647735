#include "storage/keys/query_keys.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "tests/storage/temp_folder.h"

namespace storage::test {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t day_s = 86'400;
constexpr std::int64_t start_s = 1'795'900'000;

QueryKeys::Options options_in(const TempFolder& folder) {
  return {folder.path(), std::chrono::days{9}, std::chrono::days{3}};
}

std::size_t files_in(const TempFolder& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()));
}

TEST(QueryKeys, makes_a_key_when_there_is_none_and_keeps_it_over_a_restart) {
  const TempFolder folder;
  const auto first = QueryKeys(options_in(folder)).newest(start_s);
  EXPECT_EQ(first->expires_s, start_s + 9 * day_s);
  QueryKeys again(options_in(folder));
  EXPECT_EQ(again.newest(start_s + day_s)->id, first->id);
  EXPECT_NE(again.find(first->id, start_s), nullptr);
  EXPECT_EQ(again.find("frikort-0000000000000000", start_s), nullptr);
  EXPECT_EQ(files_in(folder), 1U);
}

TEST(QueryKeys, makes_another_by_age_and_opens_with_each_for_a_day_after_its_last) {
  const TempFolder folder;
  QueryKeys keys(options_in(folder));
  const std::string first = keys.newest(start_s)->id;
  const std::string second = keys.newest(start_s + 3 * day_s)->id;
  EXPECT_NE(first, second);
  EXPECT_EQ(keys.newest(start_s + 4 * day_s)->id, second);
  EXPECT_NE(keys.find(first, start_s + 10 * day_s - 1), nullptr);
  EXPECT_EQ(keys.find(first, start_s + 10 * day_s), nullptr);
  EXPECT_NE(keys.find(second, start_s + 10 * day_s), nullptr);
  const auto all = keys.all(start_s + 10 * day_s);
  EXPECT_EQ(all.size(), 1U);
  EXPECT_EQ(keys.find("frikort-0000000000000000", start_s + 11 * day_s), nullptr);
  EXPECT_EQ(files_in(folder), 2U) << "who only looks removes nothing";
}

TEST(QueryKeys, serves_one_new_key_a_period_when_keys_before_it_were_to_end_later) {
  const TempFolder folder;
  QueryKeys::Options long_lived = options_in(folder);
  long_lived.life = std::chrono::days{365};
  const auto first = QueryKeys::make(long_lived, start_s, {});
  QueryKeys keys(options_in(folder));
  std::set<std::string> served;
  for (std::int64_t hour = 0; hour < 6 * 24; ++hour) {
    served.insert(keys.newest(start_s + hour * 3600)->id);
  }
  EXPECT_EQ(served.size(), 2U) << "the first, and after three days another";
  EXPECT_EQ(files_in(folder), 2U);
  EXPECT_EQ(keys.newest(start_s + 5 * day_s)->expires_s, first->expires_s + 1);
}

TEST(QueryKeys, serves_a_key_that_somebody_wanted_however_short) {
  const TempFolder folder;
  QueryKeys keys(options_in(folder));
  keys.newest(start_s);
  QueryKeys::Options short_lived = options_in(folder);
  short_lived.life = std::chrono::days{1};
  const auto made = QueryKeys::make(short_lived, start_s + 1, "kari");
  EXPECT_EQ(made->expires_s, start_s + 9 * day_s + 1);
  EXPECT_EQ(keys.newest(start_s + 10)->id, made->id);
}

TEST(QueryKeys, serves_the_last_key_to_its_end_when_no_other_can_be_made) {
  const TempFolder folder;
  std::vector<std::string> told;
  QueryKeys::Options options = options_in(folder);
  options.on_not_made = [&told](const std::string& why) { told.push_back(why); };
  QueryKeys keys(options);
  const std::string first = keys.newest(start_s)->id;
  const fs::path away = folder.path().string() + ".away";
  fs::rename(folder.path(), away);
  for (std::int64_t second = 0; second < 60; ++second) {
    EXPECT_EQ(keys.newest(start_s + 4 * day_s + second)->id, first);
  }
  EXPECT_EQ(told.size(), 1U);
  EXPECT_EQ(keys.newest(start_s + 9 * day_s - 1)->id, first);
  EXPECT_EQ(told.size(), 2U);
  EXPECT_ANY_THROW(keys.newest(start_s + 9 * day_s));
  fs::rename(away, folder.path());
  EXPECT_NE(keys.newest(start_s + 9 * day_s + 1)->id, first);
}

TEST(QueryKeys, loses_nothing_when_the_clock_leaps_ahead_and_back) {
  const TempFolder folder;
  QueryKeys keys(options_in(folder));
  const std::string first = keys.newest(start_s)->id;
  const std::string later = keys.newest(start_s + 400 * day_s)->id;
  EXPECT_EQ(keys.find(first, start_s + 400 * day_s), nullptr);
  EXPECT_NE(keys.find(first, start_s + 60), nullptr);
  EXPECT_NE(QueryKeys(options_in(folder)).find(first, start_s + 60), nullptr);
  EXPECT_EQ(keys.newest(start_s + 60)->id, later) << "as clients have been told";
}

TEST(QueryKeys, removes_files_of_keys_that_ended_long_ago_when_another_is_made) {
  const TempFolder folder;
  QueryKeys keys(options_in(folder));
  const std::string first = keys.newest(start_s)->id;
  const auto has_first = [&] { return QueryKeys::files(folder.path()).contains(first); };
  for (std::int64_t day = 3; day <= 39; day += 3) keys.newest(start_s + day * day_s);
  EXPECT_TRUE(has_first()) << "30 days after its end";
  keys.newest(start_s + 42 * day_s);
  keys.newest(start_s + 45 * day_s);
  EXPECT_FALSE(has_first());
}

TEST(QueryKeys, goes_on_with_the_others_when_a_file_cannot_be_read) {
  const TempFolder folder;
  const auto good = QueryKeys::make(options_in(folder), start_s, {});
  const auto bad = QueryKeys::make(options_in(folder), start_s, {});
  fs::resize_file(QueryKeys::files(folder.path()).at(bad->id), 0);
  std::vector<std::string> told;
  QueryKeys::Options options = options_in(folder);
  options.on_unreadable = [&told](const std::string& why) { told.push_back(why); };
  QueryKeys keys(options);
  EXPECT_EQ(keys.newest(start_s)->id, good->id);
  EXPECT_NE(keys.find(good->id, start_s + 60), nullptr);
  EXPECT_EQ(keys.find(bad->id, start_s + 120), nullptr);
  EXPECT_EQ(told.size(), 1U) << "once";
  EXPECT_EQ(files_in(folder), 2U) << "it may be mended";
  EXPECT_ANY_THROW(keys.all(start_s)) << "who shows the keys names it";
  EXPECT_NE(keys.newest(start_s + 4 * day_s)->id, good->id) << "another can be made";
}

TEST(QueryKeys, finds_what_another_process_has_made) {
  const TempFolder folder;
  QueryKeys keys(options_in(folder));
  keys.newest(start_s);
  const auto made = QueryKeys::make(options_in(folder), start_s + 1, {});
  EXPECT_EQ(keys.find(made->id, start_s + 1), nullptr) << "not so soon";
  EXPECT_NE(keys.find(made->id, start_s + 5), nullptr);
  EXPECT_EQ(keys.newest(start_s + 10)->id, made->id);
}

TEST(QueryKeys, serves_the_newest_of_those_made_in_one_second) {
  const TempFolder folder;
  QueryKeys keys(options_in(folder));
  std::string newest = keys.newest(start_s)->id;
  for (int i = 0; i < 4; ++i) newest = QueryKeys::make(options_in(folder), start_s, {})->id;
  EXPECT_EQ(keys.newest(start_s + 5)->id, newest);
  EXPECT_EQ(keys.all(start_s + 5).size(), 5U);
}

TEST(QueryKeys, goes_on_when_the_clock_is_set_back) {
  const TempFolder folder;
  QueryKeys keys(options_in(folder));
  const std::string first = keys.newest(start_s)->id;
  EXPECT_EQ(keys.newest(start_s - 30 * day_s)->id, first);
  EXPECT_NE(keys.find(first, start_s - 30 * day_s), nullptr);
}

TEST(QueryKeys, uses_no_file_that_others_can_read_or_that_is_no_key) {
  const TempFolder folder;
  const std::string id = QueryKeys(options_in(folder)).newest(start_s)->id;
  const fs::path file = folder / ("query-" + id + ".pem");
  std::vector<std::string> told;
  QueryKeys::Options options = options_in(folder);
  options.on_unreadable = [&told](const std::string& why) { told.push_back(why); };
  fs::permissions(file, fs::perms::group_read, fs::perm_options::add);
  EXPECT_EQ(QueryKeys(options).find(id, start_s), nullptr);
  fs::permissions(file, fs::perms::group_read, fs::perm_options::remove);
  fs::resize_file(file, 200);
  EXPECT_EQ(QueryKeys(options).find(id, start_s), nullptr);
  ASSERT_EQ(told.size(), 2U);
  EXPECT_NE(told[0].find("can be read by others"), std::string::npos) << told[0];
  EXPECT_NE(told[1].find(file.filename().string()), std::string::npos) << told[1];
}

}  // namespace
}  // namespace storage::test
