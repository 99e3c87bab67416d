#include "proxy/control/process.h"

#include <sched.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "proxy/loop/descriptor_limit.h"
#include "proxy/loop/fd.h"

namespace brownout::proxy {
namespace {

// File descriptors needed by each worker thread, and by the rest of the process.
constexpr unsigned kDescriptorsOfWorker = 12;
constexpr unsigned kDescriptorsOfProcess = 48;

}  // namespace

unsigned usable_processors() {
  cpu_set_t usable;
  CPU_ZERO(&usable);
  // sched_getaffinity() fails on machines with more than 1024 processors: then counts all
  // processors.
  const int count = sched_getaffinity(0, sizeof usable, &usable) == 0 ? CPU_COUNT(&usable) : 0;
  return count > 0 ? static_cast<unsigned>(count)
                   : std::max(1U, std::thread::hardware_concurrency());
}

// Opens file descriptors and closes them again, to find whether enough are left. The limit alone
// does not say how many are in use, nor how many the machine has left.
rules::Result<void> claim_descriptors(unsigned workers) {
  raise_descriptor_limit();
  const auto needed = kDescriptorsOfProcess + kDescriptorsOfWorker * workers;
  std::vector<Fd> taken;
  while (taken.size() < needed) {
    Fd descriptor(eventfd(0, EFD_CLOEXEC));
    if (!descriptor) {
      return tl::unexpected(rules::Error{
          rules::Origin::kInternal,
          "only " + std::to_string(taken.size()) + " descriptors are left, but " +
              std::to_string(needed) + " are needed to start: " + std::strerror(errno),
          "raise the limit (`ulimit -n`; systemd: LimitNOFILE=), or give fewer --workers",
          {}});
    }
    taken.push_back(std::move(descriptor));
  }
  return {};
}

}  // namespace brownout::proxy
