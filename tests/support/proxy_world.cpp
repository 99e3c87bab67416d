#include "tests/support/proxy_world.h"

#include <fcntl.h>
#include <poll.h>
#include <spdlog/spdlog.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace brownout::test {
namespace {

// Tests leave the packet filter of the machine alone.
struct NoPacketFilter final : proxy::PacketFilter {
  rules::Result<std::string> run(const std::string&) override {
    return tl::unexpected(rules::Error{rules::Origin::kInternal, "not in tests", {}, {}});
  }
};

}  // namespace

ProxyWorld::ProxyWorld(const std::string& rules, WorldOptions options)
    : options_(std::move(options)) {
  spdlog::set_level(spdlog::level::off);
  const auto text = rules_text(rules);
  const auto config = codecs::load_rules(text);
  if (!config) {
    std::fprintf(stderr, "%s", rules::render(config.error(), "test", text).c_str());
    std::abort();
  }
  if (!options_.events.empty()) events_ = std::move(*proxy::EventLog::open(options_.events));
  if (!options_.flows.empty()) {
    flows_ = std::move(*proxy::EventLog::open(options_.flows, proxy::EventLog::Of::kFlows));
  }
  auto engine = proxy::Engine::start(control_, *config,
                                     {.workers = options_.workers,
                                      .events = events_.get(),
                                      .flows = flows_.get(),
                                      .packet_filter = std::make_shared<NoPacketFilter>(),
                                      .filter_syns = options_.filter_syns});
  if (!engine) {
    std::fprintf(stderr, "%s\n", engine.error().what.c_str());
    std::abort();
  }
  engine_ = std::move(*engine);
  endpoint_ = engine_->bound("chat");
  thread_ = std::thread([this] { control_.run(); });
}

ProxyWorld::~ProxyWorld() {
  control_.stop();
  thread_.join();
  engine_.reset();
  control_.run_posted();
}

std::string ProxyWorld::rules_text(const std::string& rules) const {
  const auto servers =
      options_.servers.empty() ? "\"" + to_text(server_.endpoint()) + "\"" : options_.servers;
  return "version = 1\nseed = 7\n[[upstream]]\nname = \"servers\"\nservers = [" + servers + "]\n" +
         options_.upstream + "\n[[listener]]\nname = \"chat\"\nlisten = \"" + options_.listen +
         "\"\nupstream = \"servers\"\n" + options_.listener + "\n" + rules;
}

void ProxyWorld::reload(const std::string& rules) {
  const auto config = codecs::load_rules(rules_text(rules));
  if (!config) std::abort();
  const bool done = on_control([&] { return engine_->reload(*config).has_value(); });
  if (!done) std::abort();
  engine_->wait_for_workers();
}

std::uint64_t ProxyWorld::injected() {
  return on_control([this] {
    std::uint64_t total = 0;
    for (const auto& rule : engine_->rules().rules()) total += rule->state->injected.load();
    return total;
  });
}

void ProxyWorld::let_workers_turn() {
  // A worker answers this request only between two iterations of its event loop.
  for (int i = 0; i < 20; ++i) on_control([this] { return engine_->flows(); });
}

bool ProxyWorld::holds(rules::Direction direction, std::size_t bytes) {
  return eventually([&] {
    std::size_t held = 0;
    for (const auto& flow : on_control([this] { return engine_->flows(); })) {
      held += flow.held[static_cast<std::size_t>(direction)];
    }
    return held == bytes;
  });
}

Connecting::Connecting(const proxy::Endpoint& server, const std::string& from) {
  const auto address = proxy::SocketAddress::of(server);
  client_ = proxy::stream_socket(*address);
  if (!from.empty()) {
    const auto own = proxy::SocketAddress::of(*rules::IpAddress::parse(from), 0);
    ::bind(client_.get(), own.get(), own.length);
  }
  ::connect(client_.get(), address->get(), address->length);
}

bool Connecting::done(std::chrono::milliseconds within) const {
  pollfd waiting{client_.get(), POLLOUT, 0};
  return ::poll(&waiting, 1, static_cast<int>(within.count())) == 1;
}

Fd Connecting::finish() {
  if (!done(10s) || proxy::take_socket_error(client_) != 0) return {};
  ::fcntl(client_.get(), F_SETFL, ::fcntl(client_.get(), F_GETFL) & ~O_NONBLOCK);
  return std::move(client_);
}

void send_all(const Fd& fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = ::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

Received receive(const Fd& fd, std::size_t count, std::chrono::milliseconds patience) {
  Received received;
  std::array<char, 65536> buffer;
  while (received.bytes.size() < count) {
    pollfd waiting{fd.get(), POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(patience.count())) <= 0) return received;
    const auto most = std::min(buffer.size(), count - received.bytes.size());
    const auto got = ::recv(fd.get(), buffer.data(), most, 0);
    if (got <= 0) {
      received.ending = got == 0 ? Ending::kFin : Ending::kReset;
      return received;
    }
    received.bytes.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return received;
}

std::chrono::nanoseconds round_trip(const Fd& fd, std::string_view message) {
  const auto start = std::chrono::steady_clock::now();
  send_all(fd, message);
  const auto reply = receive(fd, message.size());
  if (reply.bytes != message) return -1ns;
  return std::chrono::steady_clock::now() - start;
}

TestServer::TestServer() {
  auto sockets = proxy::listen_on({"127.0.0.1", 0, ""}, 128, 1);
  listening_ = std::move(sockets->front());
  endpoint_ = proxy::bound_to(listening_, {"127.0.0.1", 0, ""});
}

Fd TestServer::accept() const {
  pollfd waiting{listening_.get(), POLLIN, 0};
  if (::poll(&waiting, 1, 10'000) <= 0) return {};
  return Fd(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
}

bool eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 1000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

}  // namespace brownout::test
