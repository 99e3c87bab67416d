// Blocking sockets with deadlines, for the synthetic users of a rehearsal. Each user has its own
// thread, so its code reads like that of an ordinary client. Errors are English text.
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

// Makes every later wait of the calling thread end as soon as `fd` is readable, as if its deadline
// had come. A user's thread is stopped this way. -1 means no descriptor.
void give_up_when_readable(int fd);
// Whether the descriptor of give_up_when_readable() is readable.
bool given_up();
// Waits like proxy::wait_ready(), but ends early once given_up() is true.
bool wait_unless_given_up(std::span<pollfd> fds, Instant deadline);

struct Socket {
  // Opens a TCP connection; its source address is `local`, if given.
  static Outcome<Fd> connect(const Endpoint& to, const std::optional<rules::IpAddress>& local,
                             Instant deadline);
  // Makes a UDP socket that is connected to `to`; its source address is `local`, if given.
  static Outcome<Fd> datagrams(const Endpoint& to, const std::optional<rules::IpAddress>& local);
  // Sends all of `bytes`.
  static Outcome<void> send(const Fd& fd, std::span<const std::byte> bytes, Instant deadline);
  // Receives at least one byte.
  static Outcome<std::size_t> receive(const Fd& fd, std::span<std::byte> into, Instant deadline);
  // Waits until the descriptor can be read or written (`events`: POLLIN, POLLOUT). Returns false at
  // the deadline.
  static bool wait(const Fd& fd, short events, Instant deadline);
};

}  // namespace brownout::rehearsal
