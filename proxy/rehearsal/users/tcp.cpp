// Synthetic users of the kind tcp. By default, an operation is a numbered message that the server
// echoes. With the probe's `expect`, the user sends the bytes of `send` and needs an answer that
// contains `expect`. The connection stays open, unless `send` is empty and the server speaks first.
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "proxy/loop/deadlines.h"
#include "proxy/rehearsal/probe_client.h"
#include "rules/base/terminal_text.h"
#include "rules/base/valid_text.h"

namespace brownout::rehearsal {
namespace {

constexpr std::size_t kMostAnswer = 64 << 10;  // longest answer in which `expect` is looked for
constexpr std::size_t kMostQuoted = 80;        // longest part of an answer that a report quotes

class TcpClient final : public ProbeClient {
 public:
  explicit TcpClient(const ClientSettings& settings) : settings_(settings) {}

  void drop() override { connection_.reset(); }
  bool counts_one_message() const override { return true; }

  Attempt attempt(const Target& target, Instant deadline) override {
    Attempt done;
    done.why = talk(target, deadline, done);
    if (!done.ok()) drop();
    return done;
  }

 private:
  const rules::Probe& probe() const { return *settings_.probe; }

  // Performs one operation. Returns the error; "" after success.
  std::string talk(const Target& target, Instant deadline, Attempt& done) {
    const bool echoes = probe().expect.empty();
    // Without `send` the server speaks first, but only on a new connection.
    if (!echoes && probe().send.empty()) drop();
    if (!connection_) {
      done.connects = 1;
      const auto address = address_of(settings_, target, deadline);
      auto fd = address ? Socket::connect(*address, settings_.local, deadline)
                        : tl::unexpected(address.error());
      if (!fd) return fd.error();
      connection_ = std::move(*fd);
    }
    done.sent = 1;
    done.lost = 1;
    auto why = echoes ? echo(deadline) : ask(deadline);
    if (why.empty()) done.lost = 0;
    return why;
  }

  std::string echo(Instant deadline) {
    const auto message = next_message();
    const auto bytes = std::as_bytes(std::span(message));
    if (const auto sent = Socket::send(connection_, bytes, deadline); !sent) return sent.error();
    std::string reply(message.size(), '\0');
    auto rest = std::as_writable_bytes(std::span(reply));
    while (!rest.empty()) {
      const auto got = Socket::receive(connection_, rest, deadline);
      if (!got) return got.error();
      rest = rest.subspan(*got);
    }
    return reply == message ? "" : "the reply differs from the message";
  }

  std::string next_message() {
    auto message =
        "user " + std::to_string(settings_.user) + " message " + std::to_string(++number_);
    message.resize(static_cast<std::size_t>(probe().size.count), '.');
    return message;
  }

  std::string ask(Instant deadline) {
    if (!probe().send.empty()) {
      if (auto why = discard(deadline); !why.empty()) return why;
    }
    const auto bytes = std::as_bytes(std::span(probe().send));
    if (const auto sent = Socket::send(connection_, bytes, deadline); !sent) return sent.error();
    std::string answer;
    std::array<std::byte, 4096> buffer{};
    // Position in the answer from which the search continues, so that no text is searched twice.
    std::size_t from = 0;
    while (answer.size() < kMostAnswer) {
      const auto got = Socket::receive(connection_, buffer, deadline);
      if (!got && answer.empty()) return got.error();
      const bool late = proxy::monotonic_now() >= deadline;
      if (!got) return another(answer, late ? "" : ", then " + got.error());
      answer.append(reinterpret_cast<const char*>(buffer.data()), *got);
      if (answer.find(probe().expect, from) != std::string::npos) return {};
      from = answer.size() - std::min(answer.size(), probe().expect.size() - 1);
      // Checks the deadline after data, too: a server that never stops sending must not delay its
      // user.
      if (late) return another(answer, "");
    }
    return another(answer, " and more");
  }
  static std::string another(std::string_view answer, const std::string& then) {
    return "the answer does not contain the expected text: " +
           rules::in_quotes(rules::escaped(rules::shortened(answer, kMostQuoted))) + then;
  }

  // Discards the unread part of the previous answer, which would be taken for the next answer.
  std::string discard(Instant deadline) {
    std::array<std::byte, 4096> buffer{};
    while (proxy::monotonic_now() < deadline) {
      const auto got = ::recv(connection_.get(), buffer.data(), buffer.size(), 0);
      if (got == 0) return "the server closed the connection";
      if (got < 0 && errno != EINTR) return errno == EAGAIN ? "" : std::strerror(errno);
    }
    return "the server is still sending the previous answer";
  }

  ClientSettings settings_;
  Fd connection_;
  std::uint64_t number_ = 0;
};

}  // namespace

extern const UserRow kTcpUser{"tcp", make_client<TcpClient>};

}  // namespace brownout::rehearsal
