// Tests output files and log lines with readers that are slow, stop reading, or rotate the file.
// The proxy does not wait for such readers, and counts lost lines.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <sstream>

#include "proxy/loop/background_writer.h"
#include "proxy/observe/event_log.h"
#include "proxy/observe/line_limiter.h"
#include "tests/support/files.h"
#include "tests/support/proxy_world.h"
#include "tests/support/temp_folder.h"

namespace brownout::proxy {
namespace {

using namespace std::chrono_literals;
using test::eventually;
using test::read_file;

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return;
    reader = Fd(ends[0]);
    writer = Fd(ends[1]);
  }
  Fd reader;
  Fd writer;
};

std::string numbered_lines(int from, int to) {
  std::string text;
  for (int i = from; i < to; ++i) text += std::to_string(1'000'000 + i) + "\n";
  return text;
}

class OutputFiles : public testing::Test, protected test::TempFolder {};

TEST_F(OutputFiles, FailInsteadOfWaitingForAPipesReader) {
  const auto path = in("pipe");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  for (const auto of : {EventLog::Of::kEvents, EventLog::Of::kFlows}) {
    const auto log = EventLog::open(path, of);
    ASSERT_FALSE(log);
    EXPECT_THAT(log.error().what, testing::HasSubstr("no process reads this pipe"));
    EXPECT_THAT(log.error().hint, testing::HasSubstr("start the process that reads it first"));
  }
  const Fd reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  auto file = OutputFile::open(path);
  ASSERT_TRUE(file);
  EXPECT_TRUE(file->write("line\n"));
  std::array<char, 16> read{};
  EXPECT_EQ(::read(reader.get(), read.data(), read.size()), 5);
}

// If the writer waited for this reader, the test would not end before the time limit of ctest.
TEST(BackgroundWriter, DoesNotWaitForAReaderThatStopped) {
  const Pipe pipe;
  BackgroundWriter writer(OutputFile::standard(pipe.writer.get()), {.most = 16 * 1024});
  // 8 MB is much more than a pipe and the queue hold.
  for (int i = 0; i < 1000; ++i) writer.write(numbered_lines(1000 * i, 1000 * i + 1000));
  EXPECT_GT(writer.lost(), 900'000U);
  writer.finish();
  // All lines were lost except those in the pipe.
  EXPECT_GE(writer.lost(), 1'000'000U - 64 * 1024 / 8);
}

TEST(BackgroundWriter, WritesTheNumberOfDroppedLinesInTheirPlace) {
  const Pipe pipe;
  std::uint64_t said = 0;
  std::string received;
  {
    BackgroundWriter writer(OutputFile::standard(pipe.writer.get()),
                            {.most = 100'000, .dropped = [&](std::uint64_t lines) {
                               said += lines;
                               return "lost " + std::to_string(lines) + "\n";
                             }});
    for (int i = 0; i < 500; ++i) writer.write(numbered_lines(100 * i, 100 * i + 100));
    std::thread reader([&] {
      std::array<char, 65536> part;
      while (!received.ends_with("the end\n")) {
        const auto count = ::read(pipe.reader.get(), part.data(), part.size());
        if (count <= 0) return;
        received.append(part.data(), static_cast<std::size_t>(count));
      }
    });
    ASSERT_TRUE(eventually([&] {
      writer.write("ping\n");
      return writer.lost() > 0;
    }));
    // Once the reader has read the rest, the queue has room for the last line.
    const auto lost = [&] { return writer.lost(); };
    while (true) {
      const auto before = lost();
      writer.write("the end\n");
      if (lost() == before) break;
      std::this_thread::sleep_for(1ms);
    }
    reader.join();
  }
  EXPECT_GT(said, 0U);
  std::istringstream lines(received);
  std::uint64_t whole = 0;
  std::uint64_t told = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("lost ")) {
      told += std::stoull(line.substr(5));
    } else if (line.starts_with("1") && line.size() == 7) {
      ++whole;
    } else {
      EXPECT_TRUE(line == "ping" || line == "the end") << line;
    }
  }
  EXPECT_EQ(told, said);
  EXPECT_LE(whole, 50'000U);
  EXPECT_GE(whole + told, 50'000U) << "each line is either there or counted";
}

TEST(BackgroundWriter, WritesAllLinesInOrderIfTheReaderKeepsUp) {
  const Pipe pipe;
  std::string received;
  std::thread reader([&] {
    std::array<char, 4096> part;
    while (received.size() < 80'000) {
      const auto count = ::read(pipe.reader.get(), part.data(), part.size());
      if (count <= 0) return;
      received.append(part.data(), static_cast<std::size_t>(count));
    }
  });
  BackgroundWriter writer(OutputFile::standard(pipe.writer.get()), {});
  for (int i = 0; i < 100; ++i) writer.write(numbered_lines(100 * i, 100 * i + 100));
  writer.finish();
  EXPECT_EQ(writer.lost(), 0U);
  reader.join();
  EXPECT_EQ(received, numbered_lines(0, 10'000));
}

TEST(BackgroundWriter, ReportsAWriteErrorOnce) {
  std::atomic<int> errors{0};
  std::atomic<int> said{0};
  BackgroundWriter writer(std::move(*OutputFile::open("/dev/full")), {.failed = [&](int error) {
                            errors = error;
                            ++said;
                          }});
  writer.write("a\nb\n");
  writer.write("c\n");
  EXPECT_TRUE(eventually([&] { return writer.lost() == 3; }));
  writer.finish();
  EXPECT_EQ(errors, ENOSPC);
  EXPECT_EQ(said, 1);
}

class EventFile : public testing::Test, protected test::TempFolder {};

TEST_F(EventFile, ReopenContinuesInANewFileAfterARename) {
  auto log = std::move(*EventLog::open(in("events")));
  log->submit("1\n");
  ASSERT_TRUE(eventually([&] { return read_file(in("events")) == "1\n"; }));
  std::filesystem::rename(in("events"), in("events.1"));
  log->reopen();
  log->submit("2\n");
  EXPECT_TRUE(eventually([&] { return std::filesystem::exists(in("events")); }));
  log->finish();
  EXPECT_EQ(read_file(in("events.1")), "1\n");
  EXPECT_EQ(read_file(in("events")), "2\n");
}

TEST_F(EventFile, FollowsTheNameToANewFile) {
  auto log = std::move(*EventLog::open(in("events")));
  log->submit("1\n");
  ASSERT_TRUE(eventually([&] { return read_file(in("events")) == "1\n"; }));
  std::filesystem::rename(in("events"), in("events.1"));
  std::ofstream(in("events")) << "";
  // The event log compares its open file with the file of that name once a second.
  EXPECT_TRUE(eventually([&] {
    log->submit("2\n");
    std::this_thread::sleep_for(20ms);
    return std::filesystem::file_size(in("events")) > 0;
  }));
}

TEST_F(EventFile, ContinuesAtTheEndOfATruncatedFile) {
  auto log = std::move(*EventLog::open(in("events")));
  log->submit("12345678\n");
  ASSERT_TRUE(eventually([&] { return read_file(in("events")).size() == 9; }));
  std::filesystem::resize_file(in("events"), 0);
  log->submit("9\n");
  log->finish();
  EXPECT_EQ(read_file(in("events")), "9\n");
}

TEST_F(EventFile, KeepsItsFileIfAPipeTakesTheName) {
  auto log = std::move(*EventLog::open(in("events")));
  std::filesystem::rename(in("events"), in("events.1"));
  ASSERT_EQ(::mkfifo(in("events").c_str(), 0600), 0);
  log->reopen();
  log->submit("1\n");
  log->finish();
  EXPECT_EQ(log->lost(), 0U);
  EXPECT_EQ(read_file(in("events.1")), "1\n");
}

TEST(LineLimiter, AdmitsTheFirstLinesOfAKindAndCountsTheRest) {
  LineLimiter limiter;
  const Instant begin{};
  unsigned written = 0;
  for (int i = 0; i < 4223; ++i) written += limiter.admit("not TLS", begin + 1ms * i) ? 1 : 0;
  EXPECT_EQ(written, LineLimiter::kMost);
  EXPECT_TRUE(limiter.admit("handshake failed", begin + 5s)) << "another kind";
  EXPECT_TRUE(limiter.take_over(begin + LineLimiter::kWindow - 1ns).empty());
  const auto over = limiter.take_over(begin + LineLimiter::kWindow);
  ASSERT_EQ(over.size(), 1U);
  EXPECT_EQ(over.front().kind, "not TLS");
  EXPECT_EQ(over.front().lines, 4213U);
  EXPECT_TRUE(limiter.take_over(begin + LineLimiter::kWindow).empty())
      << "each count is returned once";
  EXPECT_TRUE(limiter.admit("not TLS", begin + LineLimiter::kWindow));
}

TEST(LineLimiter, LimitsTheNumberOfKinds) {
  LineLimiter limiter;
  unsigned written = 0;
  for (int i = 0; i < 10'000; ++i) {
    written += limiter.admit("upstream " + std::to_string(i), Instant{}) ? 1 : 0;
  }
  EXPECT_LE(written, LineLimiter::kMostKinds + LineLimiter::kMost);
  std::uint64_t left_out = 0;
  for (const auto& entry : limiter.take_all()) left_out += entry.lines;
  EXPECT_EQ(written + left_out, 10'000U);
}

}  // namespace
}  // namespace brownout::proxy
