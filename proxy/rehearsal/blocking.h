// Blocking sockets with deadlines, for synthetic users: each has a thread of its own, so that it
// reads as a client would be written. Failures are sentences.
#pragma once

#include <poll.h>

#include <optional>
#include <span>
#include <string>

#include "proxy/loop/fd.h"
#include "proxy/net/socket.h"
#include "rules/base/address.h"
#include "rules/base/instant.h"

namespace brownout::rehearsal {

using proxy::Endpoint;
using proxy::Fd;
using rules::Duration;
using rules::Instant;

template <class T>
using Outcome = tl::expected<T, std::string>;

// Whatever the calling thread waits for in a client is given up once this descriptor is readable;
// -1: nothing is. Given up looks like a deadline that has come.
void give_up_when_readable(int fd);
bool given_up();
// As proxy::wait_ready.
bool wait_unless_given_up(std::span<pollfd> fds, Instant deadline);

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
