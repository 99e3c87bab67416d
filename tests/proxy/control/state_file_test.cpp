// Tests that the state file keeps its contents, and that other files are not changed.
#include "proxy/control/state_file.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "proxy/control/state_writer.h"
#include "tests/support/files.h"
#include "tests/support/temp_folder.h"

namespace brownout::proxy {
namespace {

namespace fs = std::filesystem;
using test::read_file;
using testing::HasSubstr;

std::string one_change() {
  Overlay overlay;
  overlay.set({"rule", "slow", std::nullopt});
  return state_text(overlay);
}

class StateFile : public testing::Test, protected test::TempFolder {};

TEST_F(StateFile, LoadsWhatWasSaved) {
  ASSERT_TRUE(save_state(in("state"), one_change()));
  const auto loaded = load_state(in("state"));
  ASSERT_TRUE(loaded);
  EXPECT_NE(loaded->find("rule", "slow"), nullptr);
  EXPECT_EQ(size(), 1U) << "no temporary file is left";
  EXPECT_EQ(fs::status(in("state")).permissions(), fs::perms(0600));
}

TEST_F(StateFile, CanHaveTheLongestFileName) {
  for (const std::size_t length : {1U, 248U, 250U, 255U}) {
    const auto path = in(std::string(length, 's'));
    ASSERT_TRUE(save_state(path, one_change())) << length;
    EXPECT_TRUE(load_state(path)->find("rule", "slow") != nullptr) << length;
  }
  EXPECT_EQ(size(), 4U) << "no temporary files are left";
}

TEST_F(StateFile, KeepsOtherFiles) {
  write("rules.toml", "version = 1\n");
  write("newer", R"({"version":2,"changes":[]})");
  write("other.json", R"({"name":"something"})");
  write("zeros", std::string(100, '\0'));
  fs::create_directory(in("folder"));
  ASSERT_EQ(::mkfifo(in("pipe").c_str(), 0600), 0);
  for (const auto& name : {"rules.toml", "newer", "other.json", "zeros", "folder", "pipe"}) {
    EXPECT_FALSE(load_state(in(name))) << name;
    EXPECT_TRUE(fs::exists(in(name))) << name;
  }
  EXPECT_EQ(size(), 6U);
}

TEST_F(StateFile, ATruncatedFileIsMovedAsideUnlessTheNameIsTaken) {
  ASSERT_TRUE(save_state(in("state"), one_change()));
  const auto torn = read_file(in("state")).substr(0, 40);
  write("state", torn);
  const auto first = load_state(in("state"));
  ASSERT_FALSE(first);
  EXPECT_THAT(first.error().what, HasSubstr("is truncated"));
  EXPECT_EQ(read_file(in("state.corrupt")), torn);
  EXPECT_FALSE(fs::exists(in("state")));
  EXPECT_TRUE(load_state(in("state"))) << "the next start has no state file";
  write("state", torn.substr(0, 30));
  EXPECT_FALSE(load_state(in("state")));
  EXPECT_EQ(read_file(in("state.corrupt")), torn);
  EXPECT_TRUE(fs::exists(in("state")));
}

TEST_F(StateFile, CanBeEmpty) {
  write("state", "");
  EXPECT_TRUE(load_state(in("state")));
}

TEST_F(StateFile, ASymbolicLinkStaysALink) {
  fs::create_directory(in("real"));
  write("real/state", "");
  fs::permissions(in("real/state"), fs::perms(0640));
  fs::create_symlink("real/state", in("state"));
  fs::create_symlink("real/later", in("dangling"));
  for (const auto& name : {"state", "dangling"}) {
    EXPECT_TRUE(save_state(in(name), one_change())) << name;
    EXPECT_TRUE(fs::is_symlink(in(name))) << name;
    EXPECT_TRUE(load_state(in(name))->find("rule", "slow") != nullptr) << name;
  }
  EXPECT_EQ(fs::status(in("real/state")).permissions(), fs::perms(0640))
      << "the mode of the file is kept";
}

TEST_F(StateFile, IsNotWrittenThroughAPlantedLink) {
  write("victim", "precious");
  for (const auto& name : {"state.new", "state.tmp", "state.XXXXXX"}) {
    fs::create_symlink("victim", in(name));
  }
  EXPECT_TRUE(save_state(in("state"), one_change()));
  EXPECT_EQ(read_file(in("victim")), "precious");
}

// A disk whose writes block until release().
class HungDisk {
 public:
  rules::Result<void> save(const std::string& text) {
    std::unique_lock lock(mutex_);
    begun_.push_back(text);
    changed_.notify_all();
    changed_.wait(lock, [&] { return free_; });
    if (broken_) return rules::config_error("no space");
    saved_ = text;
    return {};
  }
  void release(bool broken = false) {
    const std::lock_guard lock(mutex_);
    free_ = true;
    broken_ = broken;
    changed_.notify_all();
  }
  void wait_for_begin() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !begun_.empty(); });
  }
  std::vector<std::string> begun() {
    const std::lock_guard lock(mutex_);
    return begun_;
  }
  std::string saved() {
    const std::lock_guard lock(mutex_);
    return saved_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> begun_;
  std::string saved_;
  bool free_ = false;
  bool broken_ = false;
};

TEST(StateWriter, DoesNotWaitForTheDiskAndWritesOnlyTheNewestState) {
  const auto disk = std::make_shared<HungDisk>();
  StateWriter writer([disk](const std::string& text) { return disk->save(text); });
  EXPECT_TRUE(writer.saved());
  writer.write("first");
  disk->wait_for_begin();
  for (const auto* text : {"second", "third", "last"}) writer.write(text);
  EXPECT_FALSE(writer.saved());
  disk->release();
  EXPECT_TRUE(writer.finish());
  EXPECT_THAT(disk->begun(), testing::ElementsAre("first", "last"));
  EXPECT_EQ(disk->saved(), "last");
}

// If the writer waited for this disk, the test would not end before the time limit of ctest.
TEST(StateWriter, GivesUpOnAHungDiskAtTheEnd) {
  const auto disk = std::make_shared<HungDisk>();
  {
    StateWriter writer([disk](const std::string& text) { return disk->save(text); });
    writer.write("first");
    disk->wait_for_begin();
    writer.write("second");
    EXPECT_FALSE(writer.finish());
    EXPECT_FALSE(writer.saved());
  }
  disk->release();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_THAT(disk->begun(), testing::ElementsAre("first")) << "a successor may have the file";
}

TEST(StateWriter, RetriesAFailedSaveAtTheEnd) {
  const auto disk = std::make_shared<HungDisk>();
  disk->release(true);
  StateWriter writer([disk](const std::string& text) { return disk->save(text); });
  writer.write("text");
  disk->wait_for_begin();
  disk->release();
  EXPECT_TRUE(writer.finish());
  EXPECT_EQ(disk->saved(), "text");
}

}  // namespace
}  // namespace brownout::proxy
