// Tests the event loop alone: posted tasks, the order of deadlines, and its end.
#include "proxy/loop/loop.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "proxy/loop/file_watch.h"

namespace brownout::proxy {
namespace {

using namespace std::chrono_literals;

TEST(Loop, EndsIfStoppedBeforeItRuns) {
  Loop loop;
  loop.stop();
  loop.run();
}

// Retires another object when it is destroyed, as a flow does with its server link.
struct Retiring final : Retirable {
  Retiring(Loop& loop, int others, int& destroyed)
      : loop_(loop), others_(others), destroyed_(destroyed) {}
  ~Retiring() override {
    ++destroyed_;
    for (int i = 0; i < others_; ++i)
      loop_.retire(std::make_unique<Retiring>(loop_, others_ - 1, destroyed_));
  }
  Loop& loop_;
  int others_;
  int& destroyed_;
};

TEST(Loop, DestroysWhatRetiredObjectsRetire) {
  int destroyed = 0;
  {
    Loop loop;
    loop.retire(std::make_unique<Retiring>(loop, 3, destroyed));
    loop.destroy_retired();
    EXPECT_EQ(destroyed, 1 + 3 + 3 * 2 + 3 * 2 * 1);
    loop.retire(std::make_unique<Retiring>(loop, 3, destroyed));
  }
  EXPECT_EQ(destroyed, 2 * 16);
}

TEST(Loop, RunsPostedTasksInOrder) {
  Loop loop;
  std::vector<int> seen;
  std::thread runner([&] { loop.run(); });
  for (int i = 0; i < 1000; ++i) loop.post([&seen, i] { seen.push_back(i); });
  loop.stop();
  runner.join();
  ASSERT_EQ(seen.size(), 1000U);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
}

class Recorder final : public Deadline {
 public:
  Recorder(std::vector<int>& log, int id) : log_(log), id_(id) {}
  void on_due(Instant now) noexcept override {
    log_.push_back(id_);
    at = now;
  }
  Instant at{};

 private:
  std::vector<int>& log_;
  int id_;
};

TEST(Loop, RunsDeadlinesInOrderNeverEarlyAndNotOnceCancelled) {
  Loop loop;
  std::vector<int> log;
  std::vector<std::unique_ptr<Recorder>> all;
  const auto start = Loop::now();
  for (int i = 0; i < 50; ++i) {
    all.push_back(std::make_unique<Recorder>(log, i));
    loop.deadlines().set(*all.back(), start + ((i * 7) % 50) * 1ms);
  }
  loop.deadlines().cancel(*all[3]);
  loop.deadlines().set(*all[4], start + 60ms);
  all[5].reset();
  class Stopper final : public Deadline {
   public:
    explicit Stopper(Loop& loop) : loop_(loop) {}
    void on_due(Instant) noexcept override { loop_.stop(); }

   private:
    Loop& loop_;
  } stopper(loop);
  loop.deadlines().set(stopper, start + 80ms);
  loop.run();
  EXPECT_EQ(log.size(), 48U);
  EXPECT_EQ(log.back(), 4);
  for (std::size_t i = 0; i + 2 < log.size(); ++i) {
    EXPECT_LT(log[i] * 7 % 50, log[i + 1] * 7 % 50);
    EXPECT_GE(all[static_cast<std::size_t>(log[i])]->at, start + log[i] * 7 % 50 * 1ms);
  }
}

// FileWatch waits until changes have ended. If every line of a log beside the rule file restarted
// the wait, a change of the rules would never be reported.
TEST(FileWatch, ReportsAChangeWhileAnotherFileInTheFolderIsWrittenAllTheTime) {
  std::string folder = std::filesystem::temp_directory_path() / "brownout-watch.XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  Loop loop;
  int told = 0;
  FileWatch watch(loop, folder + "/rules.toml", [&] {
    ++told;
    loop.stop();
  });
  std::atomic<bool> over{false};
  std::thread writer([&] {
    std::ofstream rules(folder + "/rules.toml");
    rules << "version = 1" << std::endl;
    const auto give_up = std::chrono::steady_clock::now() + 5s;
    while (!over && std::chrono::steady_clock::now() < give_up) {
      std::ofstream(folder + "/log", std::ios::app) << "x" << std::endl;
      std::this_thread::sleep_for(5ms);
    }
    loop.stop();
  });
  loop.run();
  over = true;
  writer.join();
  EXPECT_EQ(told, 1);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace brownout::proxy
