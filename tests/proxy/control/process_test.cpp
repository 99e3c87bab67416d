// Tests the limits of the process: file descriptors and processors.
#include "proxy/control/process.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace brownout::proxy {
namespace {

TEST(Process, ReportsTooFewDescriptors) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(claim_descriptors(2));
  const pid_t child = fork();
  if (child == 0) {
    const rlimit few{20, 20};
    setrlimit(RLIMIT_NOFILE, &few);
    const auto claimed = claim_descriptors(2);
    _exit(!claimed && claimed.error().hint.find("ulimit -n") != std::string::npos ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(Process, CountsOnlyUsableProcessors) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  EXPECT_EQ(usable_processors(), static_cast<unsigned>(CPU_COUNT(&before)));
  cpu_set_t single;
  CPU_ZERO(&single);
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(i, &before) && CPU_COUNT(&single) == 0) CPU_SET(i, &single);
  }
  ASSERT_EQ(sched_setaffinity(0, sizeof single, &single), 0);
  EXPECT_EQ(usable_processors(), 1U);
  ASSERT_EQ(sched_setaffinity(0, sizeof before, &before), 0);
}

}  // namespace
}  // namespace brownout::proxy
