#include "proxy/loop/descriptor_limit.h"

#include <sys/resource.h>

namespace brownout::proxy {

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace brownout::proxy
