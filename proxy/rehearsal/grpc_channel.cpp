#include "proxy/rehearsal/grpc_channel.h"

#include <netdb.h>

#include <algorithm>
#include <array>

#include "proxy/loop/clock.h"

namespace brownout::rehearsal {
namespace {

constexpr std::size_t kMostOutput = 64 * 1024;

// The address and TLS name of a server, parsed from an endpoint of the probe.
struct GrpcServer {
  Endpoint address;
  bool secure = false;
  std::string host;  // name that the certificate must have
};

// Returns the server of a URL: "https://host:port/".
Outcome<GrpcServer> server_of(const std::string& url) {
  GrpcServer server;
  server.secure = url.starts_with("https://");
  auto host = url.substr(url.find("://") + 3);
  host.erase(std::min(host.find_first_of("/?#"), host.size()));
  auto address = rules::parse_endpoint(host);
  if (!address) address = rules::parse_endpoint(host + (server.secure ? ":443" : ":80"));
  if (!address) return tl::unexpected("not the URL of a server: " + url);
  server.address = *address;
  server.host = server.address.host;
  return server;
}

// Looks a name up as other programs do (nsswitch.conf). The time-outs are those of resolv.conf.
Outcome<std::string> ip_of(const std::string& name) {
  if (rules::IpAddress::parse(name)) return name;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(name.c_str(), nullptr, &hints, &found);
  if (code != 0) return tl::unexpected("DNS: " + name + ": " + ::gai_strerror(code));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, &::freeaddrinfo);
  std::array<char, NI_MAXHOST> text{};
  ::getnameinfo(found->ai_addr, found->ai_addrlen, text.data(), text.size(), nullptr, 0,
                NI_NUMERICHOST);
  return std::string(text.data());
}

Outcome<GrpcServer> server_of(const ClientSettings& settings, const Target& target,
                              Instant deadline) {
  if (target.url.empty()) {
    const auto address = address_of(settings, target, deadline);
    if (!address) return tl::unexpected(address.error());
    return GrpcServer{*address, !settings.probe->ca.empty(),
                      target.name.empty() ? target.address.host : target.name};
  }
  auto server = server_of(target.url);
  if (!server) return server;
  auto ip = ip_of(server->address.host);
  if (!ip) return tl::unexpected(ip.error());
  server->address.host = std::move(*ip);
  return server;
}

Outcome<std::shared_ptr<tls::ClientContext>> grpc_tls(const rules::Probe& probe) {
  rules::TlsClient config;
  config.ca = probe.ca;
  config.name = probe.sni;
  config.alpn = {"h2"};
  auto context = tls::ClientContext::make(config);
  if (!context) return tl::unexpected(context.error().what);
  return std::move(*context);
}

}  // namespace

GrpcChannel::GrpcChannel(const ClientSettings& settings, const rules::GrpcUser& user)
    : settings_(settings), user_(user) {}

void GrpcChannel::close() {
  if (connection_ && connection_->too_many_pings()) ping_factor_ *= 2;
  connection_.reset();
  link_.close();
}

std::string GrpcChannel::open(const Target& target, Instant deadline) {
  const auto server = server_of(settings_, target, deadline);
  if (!server) return server.error();
  if (auto why = link_.connect(server->address, settings_.local, deadline); !why.empty()) {
    return why;
  }
  if (server->secure) {
    const auto context = grpc_tls(*settings_.probe);
    if (!context) return context.error();
    if (auto why = link_.shake_hands(**context, server->host, deadline); !why.empty()) return why;
  }
  scheme_ = server->secure ? "https" : "http";
  authority_ = to_text(Endpoint{server->host, server->address.port, ""});
  std::optional<messages::GrpcConnection::Keepalive> keepalive;
  if (user_.keepalive) {
    keepalive = {rules::times(user_.keepalive->every, ping_factor_), user_.keepalive->timeout,
                 user_.keepalive->without_calls};
  }
  connection_ = std::make_unique<messages::GrpcConnection>(keepalive, proxy::monotonic_now());
  return {};
}

std::string GrpcChannel::start(const Target& target, Instant deadline, Instant call_deadline,
                               std::int64_t attempts, std::uint32_t& connects) {
  // First reads bytes that have arrived since the last call, such as a GOAWAY.
  if (connection_) receive();
  if (connection_ && !connection_->takes_calls()) close();
  if (!connection_) {
    ++connects;
    auto why = open(target, std::min(deadline, call_deadline));
    if (!why.empty()) {
      close();
      return why;
    }
  }
  const bool began = connection_->start({.scheme = scheme_,
                                         .authority = authority_,
                                         .path = user_.path(),
                                         .message = user_.message(),
                                         .deadline = call_deadline,
                                         .attempts = attempts},
                                        proxy::monotonic_now());
  return began ? "" : "the connection takes no call";
}

void GrpcChannel::lost(const std::string& why) {
  connection_->lost(why);
  link_.close();
}

bool GrpcChannel::flush(Instant until) {
  while (true) {
    const auto bytes = connection_->output(kMostOutput);
    if (bytes.empty()) return true;
    const auto why = link_.send(codecs::text_of(bytes), until);
    if (why.empty()) continue;
    lost(why);
    return false;
  }
}

void GrpcChannel::receive() {
  std::array<std::byte, 16384> buffer{};
  while (link_.is_open()) {
    const auto count = link_.receive(buffer);
    if (!count) return lost(count.error());
    if (*count == 0) return;
    connection_->receive(codecs::ByteView(buffer).first(*count), proxy::monotonic_now());
  }
}

void GrpcChannel::run(Instant until, const std::function<bool()>& done) {
  while (connection_ && connection_->why().empty()) {
    const auto next = std::min(until, connection_->deadline());
    if (!flush(std::max(next, proxy::monotonic_now())) || done()) break;
    if (proxy::monotonic_now() >= until || given_up()) return;
    pollfd readable{link_.fd(), POLLIN, 0};
    wait_unless_given_up({&readable, 1}, next);
    receive();
    connection_->wake(proxy::monotonic_now());
  }
  if (connection_ && !connection_->why().empty()) link_.close();
}

void GrpcChannel::cancel() {
  if (connection_) connection_->cancel();
}

std::optional<std::string> GrpcChannel::next_message() {
  return connection_ ? connection_->next_message() : std::nullopt;
}

const messages::GrpcConnection::Result* GrpcChannel::result() const {
  return connection_ && connection_->result() ? &*connection_->result() : nullptr;
}

}  // namespace brownout::rehearsal
