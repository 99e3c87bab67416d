#include "proxy/net/connector.h"

#include <sys/epoll.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "rules/base/describe.h"

namespace brownout::proxy {

Error connect_error(int error_number) {
  auto error = system_error(Origin::kUpstream, "connect", error_number);
  switch (error_number) {
    case ECONNREFUSED:
      error.hint = "no program listens on this address: start the server, or correct its address";
      break;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ETIMEDOUT:
      error.hint = "check the server's address, and this machine's routes and firewalls";
      break;
    case EMFILE:
    case ENFILE:
      error.hint = "raise `ulimit -n`";
      break;
    default:
      break;
  }
  return error;
}

std::string datagram_error(int error_number) {
  auto error = connect_error(error_number);
  error.what = std::strerror(error_number);
  return describe(error);
}

namespace {

Error cannot_watch(int error_number) {
  auto error = system_error(Origin::kInternal,
                            "cannot watch the connection to the server (epoll_ctl)", error_number);
  error.hint = "raise the limit fs.epoll.max_user_watches (sysctl)";
  return error;
}

}  // namespace

Error server_handshake_error(const std::string& why) {
  Error error{Origin::kUpstream, "TLS handshake with the server: " + why, {}, {}};
  // The text of an alert ends with a hint in parentheses.
  if (!why.ends_with(')')) {
    error.hint =
        "check that this port of the server expects TLS, and check tls of the [[upstream]]";
  }
  return error;
}

Connector::Connector(Loop& loop, Resolver& resolver, std::shared_ptr<UpstreamGroup> group,
                     Owner& owner, rules::Key flow, std::uint64_t ordinal)
    : loop_(loop),
      resolver_(resolver),
      group_(std::move(group)),
      owner_(owner),
      order_(group_->order(flow, ordinal, Loop::now())) {}

Connector::~Connector() { drop_attempt(); }

void Connector::cancel() {
  drop_attempt();
  ticket_ = {};
  next_ = Step::kNone;
}

// Performs one step after another in a loop instead of by recursion: a group may have many servers,
// and each connect may fail at once.
void Connector::go_on(Step step) {
  next_ = step;
  if (std::exchange(stepping_, true)) return;
  while (next_ != Step::kNone) {
    std::exchange(next_, Step::kNone) == Step::kServer ? try_server() : try_address();
  }
  stepping_ = false;
}

void Connector::try_server() {
  const Endpoint& server = group_->server(order_[attempt_]);
  addresses_.clear();
  address_ = 0;
  begun_ = Loop::now();
  looked_up_ = {};
  if (const auto& literal = group_->literal(order_[attempt_])) {
    addresses_.push_back(*literal);
    return try_address();
  }
  wait_ = Wait::kLookup;
  loop_.deadlines().set(*this, rules::later(begun_, group_->config().connect_timeout));
  ticket_ = resolver_.resolve(server.host, [this](const auto& answer) { resolved(answer); });
}

void Connector::resolved(const Resolver::Answer& answer) {
  loop_.deadlines().cancel(*this);
  wait_ = Wait::kNothing;
  looked_up_ = Loop::now() - begun_;
  if (!answer) return server_failed(answer.error());
  const auto port = group_->server(order_[attempt_]).port;
  for (const auto& ip : *answer) addresses_.push_back(SocketAddress::of(ip, port));
  if (addresses_.empty()) {
    const auto& name = group_->server(order_[attempt_]).host;
    return server_failed(Error{Origin::kUpstream,
                               "cannot resolve \"" + name + "\": the name has no address",
                               "correct the name, or give the server's IP address",
                               {}});
  }
  go_on(Step::kAddress);
}

void Connector::try_address() {
  auto admission = owner_.admit(addresses_[address_]);
  wait_ = Wait::kNothing;
  const auto now = Loop::now();
  switch (admission.verdict) {
    case rules::Admission::Verdict::kRefuse:
      by_rule_ = true;
      return address_failed(system_error(Origin::kInjected, "connect", ECONNREFUSED));
    case rules::Admission::Verdict::kHang:
      if (last_chance()) return owner_.on_connect_stopped(std::move(admission));
      by_rule_ = true;
      wait_ = Wait::kSilence;
      return loop_.deadlines().set(*this, rules::later(now, group_->config().connect_timeout));
    case rules::Admission::Verdict::kAnswer:
      return owner_.on_connect_stopped(std::move(admission));
    case rules::Admission::Verdict::kServe:
      break;
  }
  if (admission.connect_delay <= Duration::zero()) return dial_address();
  wait_ = Wait::kDial;
  loop_.deadlines().set(*this, rules::later(now, admission.connect_delay));
}

void Connector::dial_address() {
  if (owner_.takes_shared(addresses_[address_])) return succeed(0);
  if (auto idle = owner_.idle_connection(addresses_[address_])) {
    stream_ = std::move(idle);
    loop_.poller().replace(stream_.number(), *this);
    return succeed(EPOLLOUT);
  }
  auto dialled = group_->route().dial(addresses_[address_]);
  if (dialled.error != 0) return address_failed(connect_error(dialled.error));
  stream_ = Stream(std::move(dialled.fd));
  if (!loop_.poller().add(stream_.number(), *this)) {
    return address_failed(cannot_watch(errno));
  }
  const auto left = group_->config().connect_timeout - std::exchange(looked_up_, Duration::zero());
  loop_.deadlines().set(*this, rules::later(Loop::now(), left));
  if (dialled.connected) connected(EPOLLOUT);
}

void Connector::on_ready(std::uint32_t events) noexcept {
  if (handshaking_) return shake_hands(events);
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
    const int error = take_socket_error(stream_.fd());
    return address_failed(connect_error(error != 0 ? error : ECONNREFUSED));
  }
  if ((events & EPOLLOUT) != 0) connected(events);
}

void Connector::connected(std::uint32_t events) {
  // Sends the PROXY header at once, since the send buffer of a new connection always has room for
  // it.
  if (const auto header = owner_.proxy_header(addresses_[address_]); !header.empty()) {
    stream_.send(std::as_bytes(std::span(header)));
  }
  if (!group_->tls() || group_->starts_tls()) return succeed(events);
  handshaking_ = true;
  stream_.tls().start(
      group_->tls()->session(group_->tls_name(order_[attempt_]), owner_.offered_http()), true);
  shake_hands(events);
}

void Connector::shake_hands(std::uint32_t events) {
  switch (stream_.tls().handshake()) {
    case tls::Progress::kAgain:
      return;
    case tls::Progress::kFailed:
      owner_.on_handshake_failed(addresses_[address_], stream_.tls().why());
      return address_failed(server_handshake_error(stream_.tls().why()));
    case tls::Progress::kDone:
      break;
  }
  // Reports the socket as readable, since epoll does not report bytes that the TLS session has
  // already taken from the socket.
  succeed(events | EPOLLIN);
}

void Connector::on_due(Instant) noexcept {
  const auto waited = std::exchange(wait_, Wait::kNothing);
  if (waited == Wait::kDial) return dial_address();
  const auto within = " within " + rules::to_text(group_->config().connect_timeout);
  if (waited == Wait::kLookup) {
    ticket_ = {};
    const auto& name = group_->server(order_[attempt_]).host;
    return server_failed(Error{Origin::kUpstream,
                               "cannot resolve \"" + name + "\": no resolver answered" + within,
                               "check the nameservers in /etc/resolv.conf",
                               {}});
  }
  address_failed(
      Error{Origin::kUpstream,
            "connect: no answer" + within,
            "check the server and the firewalls on the way to it, or raise connect_timeout",
            {}});
}

void Connector::address_failed(const Error& error) {
  drop_attempt();
  if (++address_ < addresses_.size()) return go_on(Step::kAddress);
  server_failed(error, !std::exchange(by_rule_, false));
}

void Connector::server_failed(const Error& error, bool mark) {
  if (mark) group_->mark_failed(order_[attempt_], describe(error), Loop::now());
  if (++attempt_ < order_.size()) return go_on(Step::kServer);
  owner_.on_connect_failed(error);
}

void Connector::succeed(std::uint32_t events) {
  loop_.deadlines().cancel(*this);
  group_->mark_working(order_[attempt_]);
  owner_.on_connected(std::move(stream_), addresses_[address_], events);
}

void Connector::drop_attempt() {
  loop_.deadlines().cancel(*this);
  handshaking_ = false;
  if (!stream_) return;
  loop_.poller().forget(stream_.number());
  loop_.close_later(stream_.take_fd());
}

}  // namespace brownout::proxy
