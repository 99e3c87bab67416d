// Blocking sockets with deadlines, for synthetic users: each has a thread of its own, so that it
// reads as a client would be written. Failures are sentences.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "proxy/loop/fd.h"
#include "proxy/net/socket.h"
#include "rules/address.h"
#include "rules/instant.h"

namespace brownout::rehearsal {

using proxy::Endpoint;
using proxy::Fd;
using rules::Duration;
using rules::Instant;

template <class T>
using Outcome = tl::expected<T, std::string>;

struct Socket {
  // A connection from `local`, if that is given.
  static Outcome<Fd> connect(const Endpoint& to, const std::optional<rules::IpAddress>& local,
                             Instant deadline);
  static Outcome<Fd> datagrams(const Endpoint& to, const std::optional<rules::IpAddress>& local);
  static Outcome<void> send(const Fd& fd, std::span<const std::byte> bytes, Instant deadline);
  // Some bytes, at least one.
  static Outcome<std::size_t> receive(const Fd& fd, std::span<std::byte> into, Instant deadline);
  // Whether it can be read or written (POLLIN, POLLOUT) before the deadline.
  static bool wait(const Fd& fd, short events, Instant deadline);
};

}  // namespace brownout::rehearsal
