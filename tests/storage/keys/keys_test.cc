#include "storage/keys/keys.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <set>
#include <vector>

#include "storage/files/files.h"
#include "storage/keys/query_keys.h"
#include "tests/storage/journal/sync_log.h"
#include "tests/storage/no_room.h"
#include "tests/storage/temp_folder.h"

namespace storage::test {
namespace {

namespace fs = std::filesystem;
using ledger::NationalId;
using ledger::NumberSeries;

NationalId synthetic(std::string_view digits) {
  return *NationalId::parse(digits, NumberSeries::production_and_tests);
}

mode_t mode_of(const fs::path& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 07777;
}

std::string text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(KeyRing, makes_keys_that_only_the_owner_can_read) {
  const TempFolder temp;
  const fs::path folder = temp / "keys";
  const KeyRing keys = KeyRing::open_or_create(folder);
  EXPECT_EQ(mode_of(folder), 0700U);
  for (const char* name : {"signing.pem", "master.key", "numbers.key"}) {
    EXPECT_EQ(mode_of(folder / name), 0600U) << name;
  }
  EXPECT_EQ(text_of(folder / "signing.pub"), to_hex(keys.signing->current()->public_key()) + "\n");
  EXPECT_FALSE(fs::exists(folder.string() + ".partial"));
}

TEST(KeyRing, gives_the_same_keys_when_opened_again) {
  const TempFolder temp;
  const KeyRing first = KeyRing::open_or_create(temp / "keys");
  const KeyRing again = KeyRing::open_or_create(temp / "keys");
  EXPECT_EQ(first.signing->current()->public_key(), again.signing->current()->public_key());
  const NationalId number = synthetic("22898595734");
  EXPECT_EQ(first.numbers.encrypt(number), again.numbers.encrypt(number));
}

TEST(KeyRing, makes_other_keys_in_another_folder) {
  const TempFolder temp;
  const KeyRing one = KeyRing::open_or_create(temp / "one");
  const KeyRing two = KeyRing::open_or_create(temp / "two");
  EXPECT_NE(one.signing->current()->public_key(), two.signing->current()->public_key());
  EXPECT_NE(one.numbers.encrypt(synthetic("22898595734")),
            two.numbers.encrypt(synthetic("22898595734")));
}

TEST(KeyRing, finishes_a_folder_whose_making_was_interrupted) {
  const TempFolder temp;
  fs::create_directories(temp / "keys.partial");
  std::ofstream(temp / "keys.partial/master.key") << "half";
  EXPECT_NO_THROW(KeyRing::open_or_create(temp / "keys"));
}

TEST(KeyRing, takes_a_path_however_it_is_written) {
  const TempFolder temp;
  const fs::path before = fs::current_path();
  fs::current_path(temp.path());
  EXPECT_EQ(error_of([] { KeyRing::open_or_create("plain"); }), "");
  EXPECT_EQ(error_of([] { KeyRing::open_or_create("with_slash/"); }), "");
  fs::current_path(before);
  EXPECT_TRUE(fs::exists(temp / "plain/master.key"));
  EXPECT_TRUE(fs::exists(temp / "with_slash/master.key"));
}

TEST(KeyRing, refuses_a_key_that_others_can_read) {
  for (const char* name : {"signing.pem", "master.key", "numbers.key"}) {
    for (const fs::perms perms : {fs::perms::group_read, fs::perms::others_read}) {
      const TempFolder temp;
      KeyRing::open_or_create(temp / "keys");
      fs::permissions(temp / "keys" / name, perms, fs::perm_options::add);
      const std::string error = error_of([&] { KeyRing::open_or_create(temp / "keys"); });
      EXPECT_NE(error.find(name), std::string::npos) << error;
      EXPECT_NE(error.find("chmod 600"), std::string::npos) << error;
    }
  }
}

TEST(KeyRing, names_a_missing_or_damaged_file) {
  for (const char* name : {"signing.pem", "master.key", "numbers.key"}) {
    const TempFolder temp;
    KeyRing::open_or_create(temp / "keys");
    fs::resize_file(temp / "keys" / name, 20);
    EXPECT_NE(error_of([&] { KeyRing::open_or_create(temp / "keys"); }), "") << name;
    fs::remove(temp / "keys" / name);
    const std::string error = error_of([&] { KeyRing::open_or_create(temp / "keys"); });
    EXPECT_NE(error.find(name), std::string::npos) << error;
    EXPECT_NE(error.find("missing"), std::string::npos) << error;
  }
}

TEST(KeyRing, refuses_a_master_key_of_another_ring) {
  const TempFolder temp;
  KeyRing::open_or_create(temp / "one");
  KeyRing::open_or_create(temp / "two");
  fs::copy_file(temp / "one/master.key", temp / "two/master.key",
                fs::copy_options::overwrite_existing);
  EXPECT_EQ(error_of([&] { KeyRing::open_or_create(temp / "two"); }),
            "the master key does not open the number key");
}

TEST(KeyRing, makes_no_keys_where_something_is) {
  const TempFolder temp;
  KeyRing::create(temp / "keys");
  const std::string before = text_of(temp / "keys/numbers.key");
  const std::string error = error_of([&] { KeyRing::create(temp / "keys"); });
  EXPECT_NE(error.find("is not empty"), std::string::npos) << error;
  EXPECT_EQ(text_of(temp / "keys/numbers.key"), before);
  fs::create_directory(temp / "empty");
  KeyRing::create(temp / "empty");
  EXPECT_EQ(mode_of(temp / "empty"), 0700U);
  EXPECT_EQ(error_of([&] { KeyRing::open(temp / "empty"); }), "");
}

// ---- signing keys ----

std::vector<std::string> names_of(const std::vector<SigningKeyFile>& files) {
  std::vector<std::string> names;
  for (const SigningKeyFile& file : files) names.push_back(file.path.filename().string());
  return names;
}

TEST(SigningKeyFiles, follow_each_other_by_number_and_the_first_names_the_ledger) {
  const TempFolder temp;
  const fs::path folder = temp / "keys";
  KeyRing::create(folder);
  const std::string id = KeyRing::open(folder).ledger_id();
  for (int i = 0; i < 10; ++i) KeyRing::add_signing_key(folder, "user root");
  const auto files = KeyRing::signing_key_files(folder);
  ASSERT_EQ(files.size(), 11U);
  EXPECT_EQ(names_of(files)[1], "signing-2.pem");
  EXPECT_EQ(names_of(files)[9], "signing-10.pem");
  EXPECT_EQ(mode_of(files[1].path), 0600U);
  const KeyRing keys = KeyRing::open(folder);
  EXPECT_EQ(keys.ledger_id(), id);
  EXPECT_EQ(keys.signing->current()->key_id(), id) << "the journal has said nothing yet";
  EXPECT_EQ(keys.signing->next()->public_key(), files[1].key);
  EXPECT_TRUE(keys.signing->use(key_id_of(files[10].key)));
  EXPECT_EQ(keys.signing->next(), nullptr);
  EXPECT_FALSE(keys.signing->use("0123456789abcdef"));
  EXPECT_EQ(keys.signing->current()->public_key(), files[10].key);
}

TEST(SigningKeyFiles, that_come_later_are_found_with_who_made_them) {
  const TempFolder temp;
  const fs::path folder = temp / "keys";
  KeyRing::create(folder);
  const KeyRing keys = KeyRing::open(folder);
  KeyRing::add_signing_key(folder, "user anne");
  KeyRing::add_signing_key(folder, "user bjørn");
  EXPECT_EQ(keys.signing->next(), nullptr);
  keys.read_new_signing_keys(folder);
  const auto files = KeyRing::signing_key_files(folder);
  ASSERT_EQ(files.size(), 3U);
  EXPECT_EQ(files[0].made_by, "");
  EXPECT_EQ(files[1].made_by, "user anne");
  EXPECT_EQ(files[2].made_by, "user bjørn");
  EXPECT_EQ(keys.signing->next()->public_key(), files[1].key);
  EXPECT_EQ(keys.signing->newest_number(), 3U);
}

TEST(SigningKeyFiles, of_other_names_are_none) {
  const TempFolder temp;
  const fs::path folder = temp / "keys";
  KeyRing::create(folder);
  for (const char* name : {"signing-.pem", "signing-0.pem", "signing-1.pem", "signing-02.pem",
                           "signing-2.pem.old", "signing-99999999999.pem", ".signing-2.pem.7"}) {
    fs::copy_file(folder / "signing.pem", folder / name);
  }
  EXPECT_EQ(names_of(KeyRing::signing_key_files(folder)), std::vector<std::string>{"signing.pem"});
}

TEST(SigningKeyFiles, of_keys_that_sign_no_more_can_be_deleted) {
  const TempFolder temp;
  const fs::path folder = temp / "keys";
  KeyRing::create(folder);
  const std::string id = KeyRing::open(folder).ledger_id();
  KeyRing::add_signing_key(folder, "user root");
  fs::remove(folder / "signing.pem");
  const KeyRing keys = KeyRing::open(folder);
  EXPECT_EQ(keys.ledger_id(), id);
  EXPECT_NE(keys.signing->current()->key_id(), id);
  fs::remove(folder / "signing-2.pem");
  EXPECT_NE(error_of([&] { KeyRing::open(folder); }).find("signing.pem"), std::string::npos);
}

TEST(SigningKeyFiles, that_hold_no_key_are_named) {
  const TempFolder temp;
  const fs::path folder = temp / "keys";
  KeyRing::create(folder);
  std::ofstream(folder / "signing-2.pem") << "Made by: user root\n";
  fs::permissions(folder / "signing-2.pem", fs::perms::owner_read);
  const std::string error = error_of([&] { KeyRing::open(folder); });
  EXPECT_NE(error.find("signing-2.pem"), std::string::npos) << error;
}

TEST(SigningKeyFiles, are_refused_when_signing_pub_is_of_another_key) {
  const TempFolder temp;
  const fs::path folder = temp / "keys";
  KeyRing::create(folder);
  std::ofstream(folder / "signing.pub") << to_hex(SigningKey::generate().public_key()) << '\n';
  const std::string error = error_of([&] { KeyRing::open(folder); });
  EXPECT_NE(error.find("not the public half of signing.pem"), std::string::npos) << error;
}

// ---- rotation ----

/// Keys in a folder, and what must be the same after each rotation.
class KeyRotation : public testing::Test {
 protected:
  KeyRotation() {
    KeyRing::create(folder_);
    const KeyRing keys = KeyRing::open(folder_);
    number_ = keys.numbers.encrypt(synthetic("22898595734"));
    public_key_ = keys.signing->current()->public_key();
  }

  std::string text(const std::string& name) const { return text_of(folder_ / name); }

  /// Opens the keys; returns whether a rotation is unfinished.
  bool expect_same_keys() const {
    const KeyRing keys = KeyRing::open(folder_);
    EXPECT_EQ(keys.numbers.encrypt(synthetic("22898595734")), number_);
    EXPECT_EQ(keys.numbers.decrypt(number_), "22898595734");
    EXPECT_EQ(keys.signing->current()->public_key(), public_key_);
    return keys.is_rotation_unfinished;
  }

  /// Rotates, and expects nothing but the four files afterwards.
  void expect_to_rotate() const {
    const std::string master = text("master.key");
    KeyRing::rotate(folder_, "user test");
    EXPECT_NE(text("master.key"), master);
    EXPECT_FALSE(expect_same_keys());
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      names.insert(entry.path().filename().string());
    }
    EXPECT_EQ(names,
              (std::set<std::string>{"master.key", "numbers.key", "signing.pem", "signing.pub"}));
  }

  /// Rotates in a process that ends before the sync of that number; whether it was reached.
  bool rotate_until(int sync) const {
    const pid_t child = ::fork();
    if (child == 0) {
      end_at_sync(sync);
      ::_exit(error_of([this] { KeyRing::rotate(folder_, "user test"); }).empty() ? 0 : 1);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    const bool is_killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    EXPECT_TRUE(is_killed || status == 0) << status;
    return is_killed;
  }

  const TempFolder temp_;
  const fs::path folder_ = temp_ / "keys";
  ledger::EncryptedNumber number_;
  PublicKey public_key_{};
};

TEST_F(KeyRotation, a_signing_key_whose_making_ends_anywhere_is_there_whole_or_not_at_all) {
  for (int sync = 1; sync < 20; ++sync) {
    const std::size_t before = KeyRing::signing_key_files(folder_).size();
    const pid_t child = ::fork();
    if (child == 0) {
      end_at_sync(sync);
      KeyRing::add_signing_key(folder_, "user root");
      ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    const std::size_t after = KeyRing::signing_key_files(folder_).size();
    EXPECT_TRUE(after == before || after == before + 1);
    EXPECT_FALSE(expect_same_keys());
    if (!WIFSIGNALED(status)) return;
  }
  FAIL() << "it never came to an end";
}

TEST_F(KeyRotation, wraps_the_same_key_with_another_master_key) {
  fs::copy(folder_, temp_ / "before");
  const std::string pem = text("signing.pem");
  expect_to_rotate();
  expect_to_rotate();
  EXPECT_EQ(text("signing.pem"), pem);
  for (const char* name : {"master.key", "numbers.key"}) {
    EXPECT_NE(text(name), text_of(temp_ / "before" / name)) << name;
    EXPECT_EQ(mode_of(folder_ / name), 0600U) << name;
  }
  // Neither half of the old pair is of use with a half of the new one.
  for (const char* name : {"master.key", "numbers.key"}) {
    fs::remove_all(temp_ / "mixed");
    fs::copy(folder_, temp_ / "mixed");
    fs::copy_file(temp_ / "before" / name, temp_ / "mixed" / name,
                  fs::copy_options::overwrite_existing);
    EXPECT_EQ(error_of([&] { KeyRing::open(temp_ / "mixed"); }),
              "the master key does not open the number key");
  }
}

TEST_F(KeyRotation, syncs_the_new_wrapping_before_the_master_key) {
  const SyncLog log;
  KeyRing::rotate(folder_, "user test");
  EXPECT_EQ(log.synced(),
            (std::vector<std::string>{(folder_ / "numbers.key.next").string(), folder_.string(),
                                      (folder_ / "master.key.new").string(), folder_.string(),
                                      folder_.string()}));
}

TEST_F(KeyRotation, killed_before_any_sync_leaves_keys_that_open) {
  constexpr int syncs = 5;
  for (int sync = 1; sync <= syncs; ++sync) {
    SCOPED_TRACE(sync);
    const std::string master = text("master.key");
    const std::string numbers = text("numbers.key");
    ASSERT_TRUE(rotate_until(sync));
    // Nothing takes another's place before what stands for it is on stable storage.
    EXPECT_EQ(text("master.key") != master, sync >= 4);
    EXPECT_EQ(text("numbers.key") != numbers, sync >= 5);
    EXPECT_EQ(expect_same_keys(), sync == 4);
    // A copy of the folder, as a backup makes it, opens as well.
    copy_folder(folder_, temp_ / ("copy" + std::to_string(sync)));
    EXPECT_EQ(error_of([&] { KeyRing::open(temp_ / ("copy" + std::to_string(sync))); }), "");
    // Killed in the same place when it goes on, and once more to its end.
    ASSERT_TRUE(rotate_until(sync));
    expect_same_keys();
    expect_to_rotate();
  }
  EXPECT_FALSE(rotate_until(syncs + 1)) << "there are no more syncs";
}

TEST_F(KeyRotation, whatever_a_power_cut_keeps_of_it_opens) {
  fs::copy(folder_, temp_ / "before");
  KeyRing::rotate(folder_, "user test");
  fs::copy(folder_, temp_ / "after");
  const std::string wrapped = text("numbers.key");
  const auto state = [&](const char* master, const char* numbers, const std::string& next) {
    fs::copy_file(temp_ / master / "master.key", folder_ / "master.key",
                  fs::copy_options::overwrite_existing);
    fs::copy_file(temp_ / numbers / "numbers.key", folder_ / "numbers.key",
                  fs::copy_options::overwrite_existing);
    write_new_file(folder_ / "numbers.key.next", next, 0600);
    write_new_file(folder_ / "master.key.new", "half", 0600);
  };
  // What was written and not synced may be there, in part, or not at all.
  for (const std::string& next : {std::string(), wrapped.substr(0, 20), std::string(81, '\0')}) {
    state("before", "before", next);
    EXPECT_FALSE(expect_same_keys());
    expect_to_rotate();
  }
  state("before", "before", wrapped);
  EXPECT_FALSE(expect_same_keys());
  expect_to_rotate();
  state("after", "before", wrapped);
  EXPECT_TRUE(expect_same_keys());
  expect_to_rotate();
  state("after", "after", wrapped);
  EXPECT_FALSE(expect_same_keys());
  expect_to_rotate();
}

TEST_F(KeyRotation, on_a_full_disk_changes_nothing) {
  const std::string master = text("master.key");
  {
    const NoRoom no_room;
    EXPECT_NE(error_of([&] { KeyRing::rotate(folder_, "user test"); }), "");
  }
  EXPECT_EQ(text("master.key"), master);
  EXPECT_FALSE(expect_same_keys());
  expect_to_rotate();
}

TEST_F(KeyRotation, waits_for_nobody_who_has_the_keys_open) {
  const std::string master = text("master.key");
  {
    const KeyRing in_use = KeyRing::open(folder_);
    const std::string error = error_of([&] { KeyRing::rotate(folder_, "user test"); });
    EXPECT_NE(error.find(folder_.string() + " are in use by another process"), std::string::npos)
        << error;
    EXPECT_EQ(text("master.key"), master);
    expect_same_keys();
  }
  {
    const FolderLock rotation(folder_, FolderLock::Use::alone, "refused");
    EXPECT_NE(error_of([&] { KeyRing::open(folder_); }).find("in use"), std::string::npos);
    EXPECT_NE(error_of([&] { KeyRing::rotate(folder_, "user test"); }).find("in use"),
              std::string::npos);
  }
  expect_to_rotate();
}

TEST_F(KeyRotation, of_a_set_that_is_not_whole_changes_nothing) {
  for (const char* name : {"signing.pem", "master.key", "numbers.key"}) {
    fs::remove_all(temp_ / "part");
    fs::copy(folder_, temp_ / "part");
    fs::permissions(temp_ / "part" / name, fs::perms::group_read, fs::perm_options::add);
    EXPECT_NE(error_of([&] { KeyRing::rotate(temp_ / "part", "user test"); }).find("chmod 600"),
              std::string::npos);
    fs::remove(temp_ / "part" / name);
    const std::string error = error_of([&] { KeyRing::rotate(temp_ / "part", "user test"); });
    EXPECT_NE(error.find(std::string(name) + " is missing"), std::string::npos) << error;
    for (const auto& entry : fs::directory_iterator(temp_ / "part")) {
      EXPECT_EQ(text_of(entry.path()), text(entry.path().filename().string())) << entry;
    }
  }
}

TEST_F(KeyRotation, replaces_a_master_key_where_it_is_kept) {
  fs::create_directory(temp_ / "elsewhere");
  fs::rename(folder_ / "master.key", temp_ / "elsewhere/master.key");
  fs::create_symlink(temp_ / "elsewhere/master.key", folder_ / "master.key");
  expect_to_rotate();
  EXPECT_TRUE(fs::is_symlink(folder_ / "master.key"));
}

TEST(KeyFiles, that_root_makes_belong_to_the_owner_of_their_folder) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  constexpr uid_t service = 65'534;
  const TempFolder temp;
  const fs::path folder = temp / "keys";
  KeyRing::create(folder);
  for (const auto& file : fs::directory_iterator(folder)) {
    ASSERT_EQ(::chown(file.path().c_str(), service, service), 0);
  }
  ASSERT_EQ(::chown(folder.c_str(), service, service), 0);
  KeyRing::add_signing_key(folder, "root");
  KeyRing::rotate(folder, "root");
  static_cast<void>(QueryKeys::make({folder, std::chrono::hours{48}, std::chrono::hours{24}},
                                    1'800'000'000, "root"));
  std::size_t files = 0;
  for (const auto& file : fs::directory_iterator(folder)) {
    struct stat status {};
    ASSERT_EQ(::stat(file.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_uid, service) << file.path();
    EXPECT_EQ(status.st_gid, service) << file.path();
    ++files;
  }
  EXPECT_EQ(files, 6U) << "the four of a new set, one that signs, one of the card query";
}

}  // namespace
}  // namespace storage::test
