// Tests the clock of the process, in real and in virtual time.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "proxy/loop/fd.h"
#include "proxy/loop/loop.h"

namespace brownout::proxy {
namespace {

using namespace std::chrono_literals;

std::array<Fd, 2> socket_pair() {
  int fds[2];
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
  return {Fd(fds[0]), Fd(fds[1])};
}

bool wait_for_byte(const Fd& fd, Instant at) {
  pollfd watched{fd.get(), POLLIN, 0};
  return wait_ready({&watched, 1}, at);
}

class At final : public Deadline {
 public:
  At(Loop& loop, Duration after, std::vector<Duration>& log) : begin_(Loop::now()), log_(log) {
    loop.deadlines().set(*this, begin_ + after);
  }
  void on_due(Instant now) noexcept override { log_.push_back(now - begin_); }

 private:
  Instant begin_;
  std::vector<Duration>& log_;
};

TEST(Clock, WaitsForADescriptorOrAnInstant) {
  const auto ends = socket_pair();
  EXPECT_FALSE(wait_for_byte(ends[0], monotonic_now() + 1ms));
  ASSERT_EQ(::write(ends[1].get(), "x", 1), 1);
  EXPECT_TRUE(wait_for_byte(ends[0], kNever));
  EXPECT_TRUE(wait_for_byte(ends[0], Instant{}));
}

TEST(VirtualTime, ALoopReachesItsDeadlinesAtOnceAndExactly) {
  const VirtualTime time;
  Loop loop;
  std::vector<Duration> log;
  const At later(loop, 2h, log);
  const At soon(loop, 1h, log);
  struct Stop final : Deadline {
    explicit Stop(Loop& its_loop) : loop(its_loop) {
      loop.deadlines().set(*this, Loop::now() + 3h);
    }
    void on_due(Instant) noexcept override { loop.stop(); }
    Loop& loop;
  } stop(loop);
  loop.run();
  EXPECT_EQ(log, (std::vector<Duration>{1h, 2h}));
}

TEST(VirtualTime, StandsStillWhileAnyParticipantRuns) {
  const VirtualTime time;
  VirtualTime::Participant here;
  VirtualTime::Participant there;
  const auto begin = monotonic_now();
  std::thread sleeper([&] {
    wait_ready({}, begin + 1h);
    EXPECT_EQ(monotonic_now() - begin, 1h);
    there.leave();
  });
  for (int i = 0; i < 10'000; ++i) ASSERT_EQ(monotonic_now(), begin);
  here.leave();
  sleeper.join();
}

// A byte that is sent in the fourth minute is read in the fourth minute, whatever other threads
// wait for.
TEST(VirtualTime, BytesArriveAtTheInstantTheyAreSent) {
  const VirtualTime time;
  const auto there = socket_pair();
  const auto back = socket_pair();
  VirtualTime::Participant sender;
  VirtualTime::Participant other;
  const auto begin = monotonic_now();
  std::thread echo([&] {
    char byte = 0;
    while (wait_for_byte(there[0], kNever) && ::read(there[0].get(), &byte, 1) == 1) {
      wait_ready({}, monotonic_now() + 1s);
      ASSERT_EQ(::write(back[0].get(), &byte, 1), 1);
      if (byte == 'z') break;
    }
    other.leave();
  });
  for (int minute = 1; minute <= 200; ++minute) {
    wait_ready({}, begin + std::chrono::minutes(minute));
    ASSERT_EQ(monotonic_now() - begin, std::chrono::minutes(minute));
    ASSERT_EQ(::write(there[1].get(), minute == 200 ? "z" : "a", 1), 1);
    ASSERT_TRUE(wait_for_byte(back[1], begin + std::chrono::hours(1000)));
    ASSERT_EQ(monotonic_now() - begin, std::chrono::minutes(minute) + 1s);
    char byte = 0;
    ASSERT_EQ(::read(back[1].get(), &byte, 1), 1);
  }
  sender.leave();
  echo.join();
}

}  // namespace
}  // namespace brownout::proxy
