// Tests FileWatch with the common ways to deploy rule files.
#include "proxy/loop/file_watch.h"

#include <gtest/gtest.h>

#include "tests/support/temp_folder.h"

namespace brownout::proxy {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// Runs the loop until the watch reports a change, five seconds at most.
class WatchedFile : public testing::Test, protected test::TempFolder {
 protected:
  void watch(const std::string& name) {
    watch_ = std::make_unique<FileWatch>(loop_, in(name), [this] {
      ++told_;
      loop_.stop();
    });
  }
  bool told_of_a_change() {
    struct GiveUp final : Deadline {
      explicit GiveUp(Loop& owner) : loop(owner) {}
      void on_due(Instant) noexcept override { loop.stop(); }
      Loop& loop;
    } give_up(loop_);
    told_ = 0;
    loop_.deadlines().set(give_up, Loop::now() + 5s);
    loop_.run();
    return told_ > 0;
  }

 private:
  Loop loop_;
  int told_ = 0;
  std::unique_ptr<FileWatch> watch_;
};

TEST_F(WatchedFile, ReportsAReplacedLinkInThePath) {
  for (const auto& release : {"1", "2"}) {
    fs::create_directory(in(release));
    write(release + std::string("/rules"), release);
  }
  fs::create_symlink("1", in("current"));
  watch("current/rules");
  fs::create_symlink("2", in("next"));
  fs::rename(in("next"), in("current"));
  EXPECT_TRUE(told_of_a_change());
}

// A watch's callback may remove all watches, including its own.
TEST(FileWatches, MayBeReplacedInsideTheirCallback) {
  const test::TempFolder folder;
  for (const auto* name : {"a", "b"}) folder.write(name, "1");
  Loop loop;
  int told = 0;
  std::unique_ptr<FileWatches> watches;
  watches = std::make_unique<FileWatches>(loop, [&] {
    watches->watch({folder.in("b"), folder.in("b")});
    if (++told == 2) return loop.stop();
    folder.write("b", "2");
  });
  watches->watch({folder.in("a")});
  folder.write("a", "2");
  struct GiveUp final : Deadline {
    explicit GiveUp(Loop& given) : loop(given) {}
    void on_due(Instant) noexcept override { loop.stop(); }
    Loop& loop;
  } give_up(loop);
  loop.deadlines().set(give_up, Loop::now() + 5s);
  loop.run();
  EXPECT_GE(told, 2);
}

// Kubernetes updates a ConfigMap by replacing the symbolic link ..data; the file's path is rules ->
// ..data/rules.
TEST_F(WatchedFile, ReportsAChangeBehindTwoLinks) {
  for (const auto& release : {"..1", "..2"}) {
    fs::create_directory(in(release));
    write(release + std::string("/rules"), release);
  }
  fs::create_symlink("..1", in("..data"));
  fs::create_symlink("..data/rules", in("rules"));
  watch("rules");
  fs::create_symlink("..2", in("..data_tmp"));
  fs::rename(in("..data_tmp"), in("..data"));
  EXPECT_TRUE(told_of_a_change());
}

TEST_F(WatchedFile, ReportsAWriteToTheTargetOfALink) {
  fs::create_directory(in("repository"));
  fs::create_directory(in("etc"));
  write("repository/rules", "1");
  fs::create_symlink("../repository/rules", in("etc/rules"));
  watch("etc/rules");
  write("repository/rules", "22");
  EXPECT_TRUE(told_of_a_change());
}

TEST_F(WatchedFile, ReportsRemovalAndReturnInARecreatedFolder) {
  fs::create_directory(in("etc"));
  write("etc/rules", "1");
  watch("etc/rules");
  fs::remove_all(in("etc"));
  EXPECT_TRUE(told_of_a_change());
  fs::create_directory(in("etc"));
  write("etc/rules", "1");
  EXPECT_TRUE(told_of_a_change());
}

}  // namespace
}  // namespace brownout::proxy
