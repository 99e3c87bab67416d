// Envelope is a small message with file descriptors, sent from one process to another over a unix
// socket (unix(7), SCM_RIGHTS). Sandbox and its supervisor exchange envelopes. Sending and
// receiving block.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/loop/fd.h"

namespace brownout::proxy {

struct Envelope {
  std::uint32_t kind = 0;
  std::int32_t value = 0;
  std::string text = {};     // no longer than kMostText bytes
  std::vector<Fd> fds = {};  // no more than kMostFds descriptors

  static constexpr std::size_t kMostText = 4096;
  static constexpr std::size_t kMostFds = 64;
};

// Makes two connected sockets (SOCK_SEQPACKET), which are closed on exec. On failure both are null
// and errno is set.
std::pair<Fd, Fd> channel_pair();
// Sends a message. Returns false if the other end is closed.
bool send_envelope(const Fd& end, const Envelope& envelope);
// Returns nothing and sets errno on failure: EPIPE if the other end is closed.
std::optional<Envelope> receive_envelope(const Fd& end);

// Returns an anonymous in-memory file (memfd) with the text, to send texts longer than kMostText;
// null on failure.
Fd file_with(std::string_view text);
// Returns the text of such a file; nothing if it cannot be read.
std::optional<std::string> text_in(const Fd& file);

}  // namespace brownout::proxy
