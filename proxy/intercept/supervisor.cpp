#include "proxy/intercept/supervisor.h"

#include <linux/capability.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "proxy/intercept/children.h"
#include "proxy/intercept/nftables.h"
#include "proxy/intercept/own_network.h"
#include "proxy/intercept/ruleset.h"

namespace brownout::proxy {
namespace {

constexpr int kBacklog = 4096;
constexpr int kCannotRun = 126;
constexpr int kNotFound = 127;
// Ports of the listeners inside the network namespace. IANA reserves them, so no program should
// connect to them or listen on them. With an ephemeral port, a client of another server on that
// port would look like a client of the listener itself.
constexpr std::uint16_t kFirstPort = 1011;
constexpr std::uint16_t kLastPort = 1020;
// How long processes that the command left running may take to end after SIGTERM.
constexpr int kGraceMs = 1000;

tl::unexpected<Error> failed(const char* step) {
  return tl::unexpected(cannot_set_up_network(step, errno));
}

// Makes a socket for both address families, or for IPv4 alone on a machine without IPv6.
Result<Fd> socket_at(int type, std::uint16_t port) {
  Fd fd(socket(AF_INET6, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const bool v6 = static_cast<bool>(fd);
  if (!v6) fd = Fd(socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return failed("opening a socket");
  if (v6) set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
  // Allows another bind to the port. An accepted connection inherits this option, and has the
  // original server's port as its local port. Without it, that server could not bind again while
  // the connection is open.
  if (type == SOCK_STREAM) set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (type == SOCK_STREAM) set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  if (type == SOCK_DGRAM) enlarge_buffers(fd);
  if (type == SOCK_DGRAM) keep_destinations(fd);
  if (!make_transparent(fd))
    return failed("letting a listener receive for all addresses (IP_TRANSPARENT)");
  const auto any = SocketAddress::of(v6 ? IpAddress{} : IpAddress::v4({0, 0, 0, 0}), port);
  if (bind(fd.get(), any.get(), any.length) != 0) return failed("binding a listener to its port");
  if (type == SOCK_STREAM && listen(fd.get(), kBacklog) != 0)
    return failed("listening for the command's connections");
  return fd;
}

// Makes a socket with the mark that exempts it from the nftables rules. Returns null on failure.
Fd marked_socket(int family, int type, int protocol) {
  Fd fd(socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
  if (fd && setsockopt(fd.get(), SOL_SOCKET, SO_MARK, &kMark, sizeof kMark) != 0) fd.reset();
  return fd;
}

class Supervisor {
 public:
  Supervisor(const SupervisorPlan& plan, const Fd& control, const Fd& sockets)
      : plan_(plan), control_(control), sockets_(sockets) {}

  int run() {
    if (const auto made = make(); !made) {
      const auto& error = made.error();
      send_envelope(control_, {.kind = number(ControlMessage::kFailed),
                               .value = unshared_ ? 0 : 1,
                               .text = error.what + (error.hint.empty() ? "" : "; " + error.hint)});
      return 1;
    }
    return serve();
  }

 private:
  Result<void> make() {
    const auto unshared = unshare_network();
    if (!unshared) return tl::unexpected(unshared.error());
    if (unshared->user_namespace) {
      send_envelope(control_, {.kind = number(ControlMessage::kUnshared)});
      const auto mapped = receive_envelope(control_);
      if (!mapped || mapped->kind != number(ControlMessage::kMapped))
        return failed("mapping user and group ids in its user namespace");
    }
    if (auto local = make_all_local(plan_.own); !local) {
      return tl::unexpected(unshared->user_namespace ? why_not_unshared(EPERM) : local.error());
    }
    unshared_ = true;
    user_namespace_ = unshared->user_namespace;
    if (auto hidden = make_own_mounts(plan_.surroundings.files); !hidden) return hidden;
    return open_ports();
  }

  Result<void> open_ports() {
    std::vector<Redirection> redirections;
    std::uint16_t next = kFirstPort;
    for (const auto& port : plan_.ports) {
      Envelope envelope{.kind = number(ControlMessage::kListener)};
      std::uint16_t to = next <= kLastPort ? next++ : 0;
      for (const int type : {SOCK_DGRAM, SOCK_STREAM}) {
        if (type == SOCK_DGRAM ? !port.datagrams : !port.streams) continue;
        for (std::size_t i = 0; i < plan_.workers; ++i) {
          auto fd = socket_at(type, to);
          if (!fd && envelope.fds.empty() && to != 0) fd = socket_at(type, 0);
          if (!fd) return tl::unexpected(fd.error());
          to = own_address(*fd).port();
          envelope.fds.push_back(std::move(*fd));
        }
      }
      redirections.push_back({port.streams, port.datagrams, port.ports, to});
      if (!send_envelope(control_, envelope))
        return failed("passing a listening socket to Brownout");
    }
    if (auto ruled = run_nft(own_network_ruleset(redirections, kMark)); !ruled) return ruled;
    Envelope raw{.kind = number(ControlMessage::kRaw)};
    for (const int family : {AF_INET, AF_INET6}) {
      auto fd = marked_socket(family, SOCK_RAW, IPPROTO_RAW);
      if (fd) raw.fds.push_back(std::move(fd));
    }
    if (raw.fds.empty()) return failed("opening a raw socket");
    send_envelope(control_, raw);
    send_envelope(control_, {.kind = number(ControlMessage::kReady)});
    return {};
  }

  // Serves until the command has ended, or the process that started the supervisor has ended.
  int serve() {
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before_);
    const Fd signals(signalfd(-1, &all, SFD_CLOEXEC));
    std::array<pollfd, 3> watched{pollfd{control_.get(), POLLIN, 0},
                                  pollfd{sockets_.get(), POLLIN, 0},
                                  pollfd{signals.get(), POLLIN, 0}};
    while (!over_) {
      if (poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) break;
      if (watched[1].revents != 0) serve_request();
      if (watched[2].revents != 0) take_signal(signals);
      if (watched[0].revents != 0) take_order();
    }
    end_rest();
    serve_last();
    return status_;
  }

  // Reports that the command has ended, and continues to answer requests until the other end closes
  // its socket. The other end still reads the counters of nftables, which disappear with this
  // network namespace.
  void serve_last() {
    if (!send_envelope(control_, {.kind = number(ControlMessage::kEnded)})) return;
    std::array<pollfd, 2> watched{pollfd{sockets_.get(), POLLIN, 0},
                                  pollfd{control_.get(), POLLIN, 0}};
    over_ = false;
    while (!over_) {
      if (poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) return;
      if (watched[0].revents != 0) serve_request();
      if (watched[1].revents != 0) take_order();
    }
  }

  void take_order() {
    const auto order = receive_envelope(control_);
    if (!order) {
      over_ = true;
    } else if (order->kind == number(ControlMessage::kStart)) {
      start();
    } else if (order->kind == number(ControlMessage::kSignal) && command_ > 0) {
      kill(command_, order->value);
    }
  }

  void start() {
    command_ = fork();
    if (command_ == 0) become(plan_.command);
    if (command_ < 0) over_ = true;
  }

  // Replaces this process by the command (execvp(3)); never returns.
  void become(std::vector<std::string> words) const {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    // Drops the command's capabilities. As root of the user namespace, it could otherwise undo the
    // set-up.
    if (user_namespace_) {
      prctl(PR_CAPBSET_DROP, CAP_NET_ADMIN);
      prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN);
    }
    // Signals that the caller ignores (nohup(1), background jobs) stay ignored in the command
    // (execve(2)).
    if (plan_.ignores_children) std::signal(SIGCHLD, SIG_IGN);
    setrlimit(RLIMIT_NOFILE, &plan_.descriptors);
    sigprocmask(SIG_SETMASK, &before_, nullptr);
    for (const auto& [name, value] : plan_.surroundings.environment) {
      setenv(name.c_str(), value.c_str(), 1);
    }
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    execvp(arguments.front(), arguments.data());
    const int error = errno;
    std::fprintf(stderr,
                 "brownout exec: cannot run %s: %s (check the name, PATH, and the permission to "
                 "execute the file)\n",
                 arguments.front(), std::strerror(error));
    _exit(error == ENOENT ? kNotFound : kCannotRun);
  }

  void take_signal(const Fd& signals) {
    signalfd_siginfo info{};
    if (read(signals.get(), &info, sizeof info) != sizeof info) return;
    const int which = static_cast<int>(info.ssi_signo);
    if (which == SIGCHLD) return reap();
    // Does not forward a signal from the terminal: it goes to the whole process group, so the
    // command has received it already.
    if (info.ssi_code == SI_KERNEL || command_ <= 0) return;
    kill(command_, which);
  }

  void reap() {
    int status = 0;
    for (pid_t child = waitpid(-1, &status, WNOHANG); child > 0;
         child = waitpid(-1, &status, WNOHANG)) {
      if (child != command_) continue;
      over_ = true;
      command_ = -1;
      status_ = exit_status_of(status);
    }
  }

  void serve_request() {
    const auto wanted = receive_envelope(sockets_);
    if (!wanted) {
      over_ = true;
      return;
    }
    const bool packets = wanted->kind == number(ControlMessage::kPackets);
    send_envelope(sockets_, packets ? run_script(*wanted) : new_sockets(wanted->value));
  }

  static Envelope new_sockets(std::int32_t kind) {
    Envelope answer{.kind = number(ControlMessage::kSockets)};
    for (int i = 0; i < kSocketsAtOnce; ++i) {
      auto fd = marked_socket(kind >> 16, kind & 0xffff, 0);
      if (fd) answer.fds.push_back(std::move(fd));
    }
    return answer;
  }

  static Envelope run_script(const Envelope& wanted) {
    Envelope answer{.kind = number(ControlMessage::kPackets)};
    const auto script = wanted.fds.empty() ? std::nullopt : text_in(wanted.fds.front());
    if (!script) {
      answer.text = "the nftables script did not arrive in the command's network";
      return answer;
    }
    const auto output = ask_nft(*script);
    if (!output) {
      answer.text = output.error().what.substr(0, Envelope::kMostText);
    } else if (auto file = file_with(*output)) {
      answer.fds.push_back(std::move(file));
    } else {
      answer.text = "there is no memory for the output of nftables";
    }
    return answer;
  }

  // Ends all remaining processes of the command; orphans have become children of this process.
  void end_rest() {
    if (waitpid(-1, nullptr, WNOHANG) < 0) return;
    for_each_child([](pid_t child) { kill(child, SIGTERM); });
    for (int waited = 0; waited < kGraceMs; waited += 10) {
      const pid_t child = waitpid(-1, nullptr, WNOHANG);
      if (child < 0) return;
      if (child == 0) poll(nullptr, 0, 10);
    }
    end_children();
  }

  const SupervisorPlan& plan_;
  const Fd& control_;
  const Fd& sockets_;
  sigset_t before_{};
  bool unshared_ = false;
  bool user_namespace_ = false;
  bool over_ = false;
  pid_t command_ = -1;
  int status_ = 1;
};

}  // namespace

int supervise(const SupervisorPlan& plan, const Fd& control, const Fd& sockets) {
  return Supervisor(plan, control, sockets).run();
}

}  // namespace brownout::proxy
