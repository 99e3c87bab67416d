#include "proxy/intercept/sandbox.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <mutex>

#include "proxy/intercept/children.h"
#include "proxy/intercept/own_network.h"
#include "proxy/intercept/supervisor.h"
#include "proxy/loop/descriptor_limit.h"

namespace brownout::proxy {
namespace {

// How long to wait for a connection inside the command's network namespace, in milliseconds.
// Usually it is refused or established before connect(2) returns. Only a busy kernel takes longer.
constexpr int kInsideMs = 20;

Error gone() {
  return {Origin::kInternal,
          "the process that sets up the command's own network ended unexpectedly",
          "look in the kernel log for the reason (`dmesg`, e.g. out of memory), and try again",
          {}};
}

// Sends requests to the supervisor, and waits for each answer. Callers on several threads take
// turns.
class Requests {
 public:
  explicit Requests(Fd sockets) : sockets_(std::move(sockets)) {}
  // Returns nothing if the supervisor has ended.
  std::optional<Envelope> ask(const Envelope& request) {
    const std::lock_guard lock(mutex_);
    if (!send_envelope(sockets_, request)) return std::nullopt;
    return receive_envelope(sockets_);
  }

 private:
  const Fd sockets_;
  std::mutex mutex_;
};

class PacketsInside final : public PacketFilter {
 public:
  explicit PacketsInside(std::shared_ptr<Requests> requests) : requests_(std::move(requests)) {}

  Result<std::string> run(const std::string& script) override {
    Envelope request{.kind = number(ControlMessage::kPackets)};
    request.fds.push_back(file_with(script));
    if (!request.fds.front()) return failed("there is no memory for the nftables script");
    const auto answer = requests_->ask(request);
    // Without an answer, the command's network namespace has ended, and with it all nftables rules.
    // Nothing is left to do.
    if (!answer) return std::string();
    auto text = answer->fds.empty() ? std::nullopt : text_in(answer->fds.front());
    return text ? Result<std::string>(std::move(*text)) : failed(answer->text);
  }

 private:
  static Result<std::string> failed(std::string why) {
    return tl::unexpected(Error{Origin::kInternal, std::move(why), {}, {}});
  }

  std::shared_ptr<Requests> requests_;
};

class InsideFirst final : public Route {
 public:
  InsideFirst(std::shared_ptr<Requests> requests, std::vector<IpAddress> own)
      : requests_(std::move(requests)), own_(std::move(own)) {}

  Dialled dial(const SocketAddress& server) const override {
    if (auto inside = dial_inside(server)) return std::move(*inside);
    return start_dial(server);
  }

  Fd connect_datagrams(const SocketAddress& server) const override {
    // If a program of the command has bound the port inside the namespace, that program gets the
    // datagrams.
    if (is_own(server)) {
      const auto probe = socket_inside(server, SOCK_DGRAM);
      if (probe && bind(probe.get(), server.get(), server.length) != 0 && errno == EADDRINUSE) {
        auto fd = socket_inside(server, SOCK_DGRAM);
        if (fd && connect(fd.get(), server.get(), server.length) == 0) return fd;
      }
    }
    return Route::connect_datagrams(server);
  }

 private:
  bool is_own(const SocketAddress& server) const {
    const auto ip = server.ip();
    return ip && (ip->is_loopback() || std::find(own_.begin(), own_.end(), *ip) != own_.end());
  }

  // Takes a socket that was made inside the namespace. Asking the supervisor costs two context
  // switches, so it sends several sockets at once.
  Fd socket_inside(const SocketAddress& server, int type) const {
    const int kind = server.storage.ss_family << 16 | type;
    const std::lock_guard lock(mutex_);
    auto& stock = stock_[kind];
    if (stock.empty()) {
      auto answer = requests_->ask({.kind = number(ControlMessage::kSockets), .value = kind});
      if (answer) stock = std::move(answer->fds);
    }
    if (stock.empty()) return {};
    auto fd = std::move(stock.back());
    stock.pop_back();
    return fd;
  }

  std::optional<Dialled> dial_inside(const SocketAddress& server) const {
    if (!is_own(server)) return std::nullopt;
    Dialled dialled;
    dialled.fd = socket_inside(server, SOCK_STREAM);
    if (!dialled.fd) return std::nullopt;
    dialled.connected = connect(dialled.fd.get(), server.get(), server.length) == 0;
    if (!dialled.connected && errno != EINPROGRESS) return std::nullopt;
    pollfd waiting{dialled.fd.get(), POLLOUT, 0};
    if (!dialled.connected && poll(&waiting, 1, kInsideMs) == 1) {
      if (take_socket_error(dialled.fd) != 0) return std::nullopt;
      dialled.connected = true;
    }
    return dialled;
  }

  const std::shared_ptr<Requests> requests_;
  const std::vector<IpAddress> own_;
  mutable std::mutex mutex_;
  mutable std::map<int, std::vector<Fd>> stock_;
};

bool write_file(const std::string& path, const std::string& text) {
  const Fd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return fd && write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// Maps the caller's user and group to the same ids in the command's user namespace, so that files
// keep their owners (user_namespaces(7)).
bool write_maps(pid_t process) {
  const auto folder = "/proc/" + std::to_string(process) + "/";
  const auto map = [](unsigned id) {
    return std::to_string(id) + " " + std::to_string(id) + " 1\n";
  };
  return write_file(folder + "setgroups", "deny") &&
         write_file(folder + "uid_map", map(geteuid())) &&
         write_file(folder + "gid_map", map(getegid()));
}

Error failed_call(const std::string& what, std::string hint) {
  auto error = system_error(Origin::kInternal, what, errno);
  error.hint = std::move(hint);
  return error;
}

// Gives each worker its sockets of one port: first those for datagrams, if it has some, then those
// for streams.
void share_sockets(std::vector<Fd> fds, bool datagrams, std::size_t workers,
                   std::vector<PortSockets>& shares) {
  shares.resize(workers);
  for (std::size_t i = 0; i < fds.size(); ++i) {
    auto& share = shares[i % workers];
    (datagrams && i < workers ? share.datagram : share.stream) = std::move(fds[i]);
  }
}

}  // namespace

Result<std::unique_ptr<Sandbox>> Sandbox::make(std::vector<Port> ports, std::size_t workers,
                                               std::vector<std::string> command,
                                               Surroundings surroundings) {
  auto sandbox = std::unique_ptr<Sandbox>(new Sandbox());
  auto [control, their_control] = channel_pair();
  auto [sockets, their_sockets] = channel_pair();
  if (!control || !sockets) {
    return tl::unexpected(failed_call(
        "cannot make the socket pairs between Brownout and the command's network namespace",
        "if too many files are open, raise the limit (`ulimit -n`)"));
  }
  SupervisorPlan plan{.ports = std::move(ports),
                      .workers = workers,
                      .own = own_addresses(),
                      .command = std::move(command),
                      .surroundings = std::move(surroundings)};
  getrlimit(RLIMIT_NOFILE, &plan.descriptors);
  raise_descriptor_limit();
  // Restores the default action of SIGCHLD, without which wait(2) gets no exit status.
  plan.ignores_children = std::signal(SIGCHLD, SIG_DFL) == SIG_IGN;
  // Makes this process adopt the supervisor's children if the supervisor is killed, so that it can
  // end them.
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  sandbox->supervisor_ = fork();
  if (sandbox->supervisor_ < 0) {
    return tl::unexpected(failed_call("cannot start the command's supervisor process (fork)",
                                      "end other processes, or raise the limit (`ulimit -u`)"));
  }
  if (sandbox->supervisor_ == 0) {
    control.reset();
    sockets.reset();
    _exit(supervise(plan, their_control, their_sockets));
  }
  their_control.reset();
  their_sockets.reset();
  sandbox->control_ = std::move(control);
  for (const auto& port : plan.ports) sandbox->sockets_[port.listener];
  std::unique_ptr<RawDatagrams> raw;
  for (std::size_t next = 0; true;) {
    auto said = receive_envelope(sandbox->control_);
    if (!said) return tl::unexpected(gone());
    if (said->kind == number(ControlMessage::kReady)) break;
    if (said->kind == number(ControlMessage::kFailed)) {
      return tl::unexpected(
          Error{said->value == 1 ? Origin::kConfig : Origin::kInternal, said->text, {}, {}});
    }
    if (said->kind == number(ControlMessage::kUnshared)) {
      if (!write_maps(sandbox->supervisor_)) {
        return tl::unexpected(
            failed_call("cannot write the id maps of the command's user namespace",
                        "run brownout as root, which needs no user namespace"));
      }
      send_envelope(sandbox->control_, {.kind = number(ControlMessage::kMapped)});
    } else if (said->kind == number(ControlMessage::kRaw)) {
      said->fds.resize(2);
      raw = std::make_unique<RawDatagrams>(std::move(said->fds[0]), std::move(said->fds[1]));
    } else if (said->kind == number(ControlMessage::kListener)) {
      const auto& port = plan.ports[next++];
      share_sockets(std::move(said->fds), port.datagrams, workers,
                    sandbox->sockets_[port.listener]);
    }
  }
  const auto requests = std::make_shared<Requests>(std::move(sockets));
  sandbox->interception_ = std::make_shared<Interception>(
      std::make_shared<InsideFirst>(requests, plan.own), std::move(raw));
  sandbox->packet_filter_ = std::make_shared<PacketsInside>(requests);
  return sandbox;
}

Sandbox::~Sandbox() {
  // Closes the control socket, which makes the supervisor end.
  control_.reset();
  if (supervisor_ > 0) waitpid(supervisor_, nullptr, 0);
}

Result<void> Sandbox::start() {
  if (!send_envelope(control_, {.kind = number(ControlMessage::kStart)}))
    return tl::unexpected(gone());
  return {};
}

void Sandbox::signal(int which) const {
  send_envelope(control_, {.kind = number(ControlMessage::kSignal), .value = which});
}

int Sandbox::exit_status() {
  int status = 0;
  const auto supervisor = std::exchange(supervisor_, -1);
  if (supervisor < 0) return 1;
  // The loop also ends if the supervisor has ended unexpectedly.
  for (auto said = receive_envelope(control_); said; said = receive_envelope(control_)) {
    if (said->kind == number(ControlMessage::kEnded)) break;
  }
  control_.reset();
  if (waitpid(supervisor, &status, 0) != supervisor) return 1;
  end_children();
  return exit_status_of(status);
}

}  // namespace brownout::proxy
