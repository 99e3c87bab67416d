#include "proxy/net/linger.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>

namespace brownout::proxy {
namespace {

constexpr int kDiscardsPerTurn = 8;

}  // namespace

bool discard_input(Loop& loop, const Fd& fd) {
  const auto buffer = loop.read_buffer();
  ssize_t count = 1;
  for (int turn = 0; count > 0 && turn < kDiscardsPerTurn; ++turn) {
    count = ::recv(fd.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  }
  if (count > 0) loop.poller().again(fd.get());
  return count == 0 || (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
}

bool all_acknowledged(const Fd& fd) {
  int waiting = 0;
  return ::ioctl(fd.get(), SIOCOUTQ, &waiting) != 0 || waiting == 0;
}

}  // namespace brownout::proxy
