#include "proxy/cli/activation.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "rules/base/find_named.h"

namespace brownout::cli {
namespace {

// The first descriptor that a service manager passes (SD_LISTEN_FDS_START in sd_listen_fds(3)).
constexpr int kFirst = 3;

std::string_view variable(const char* name) {
  const auto* value = std::getenv(name);
  return value == nullptr ? std::string_view{} : value;
}

std::string take_word(std::string_view& list) {
  const auto colon = list.find(':');
  std::string word(list.substr(0, colon));
  list.remove_prefix(colon == std::string_view::npos ? list.size() : colon + 1);
  return word;
}

int type_of(int fd) {
  int type = 0;
  socklen_t size = sizeof type;
  return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 ? type : 0;
}

}  // namespace

rules::Result<proxy::Engine::Sockets> activated_sockets(const rules::Config& config,
                                                        unsigned workers) {
  proxy::Engine::Sockets sockets;
  if (variable("LISTEN_PID") != std::to_string(getpid())) return sockets;
  const int count = std::atoi(std::string(variable("LISTEN_FDS")).c_str());
  const std::string all_names(variable("LISTEN_FDNAMES"));
  std::string_view names(all_names);
  // Child processes must not inherit these variables.
  for (const auto* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) unsetenv(name);
  for (int fd = kFirst; fd < kFirst + count; ++fd) {
    const auto name = take_word(names);
    if (rules::find_named(config.listeners, name) == nullptr) {
      return rules::config_error(
          "the service manager passed a socket for " + rules::in_quotes(name) +
              ", but no listener has that name",
          "write FileDescriptorName= with the name of a [[listener]] in the .socket unit");
    }
    if (type_of(fd) == 0) {
      return rules::config_error(
          "LISTEN_FDS names descriptor " + std::to_string(fd) + ", which is not a socket",
          "use only ListenStream= and ListenDatagram= in the .socket unit");
    }
    // Sets the same socket options as listen_on() and bind_datagrams().
    const int enabled = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &enabled, sizeof enabled);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    auto& mine = sockets[name];
    if (mine.empty()) mine.resize(1);
    (type_of(fd) == SOCK_DGRAM ? mine.front().datagram : mine.front().stream) = proxy::Fd(fd);
  }
  // Copies each listening TCP socket, so that every worker has one. A datagram socket is not
  // copied, since all datagrams of a client must reach the same worker.
  for (auto& [name, mine] : sockets) {
    while (!mine.front().datagram && mine.size() < workers) {
      mine.push_back({proxy::Fd(fcntl(mine.front().stream.get(), F_DUPFD_CLOEXEC, kFirst)), {}});
    }
  }
  return sockets;
}

}  // namespace brownout::cli
