// Synthetic users of the kind tcp: each operation sends a numbered message that the server must
// echo, on a connection that stays open.
#include <algorithm>
#include <array>
#include <cstring>

#include "proxy/loop/deadlines.h"
#include "proxy/rehearsal/probe_client.h"

namespace brownout::rehearsal {
namespace {

class TcpClient final : public ProbeClient {
 public:
  explicit TcpClient(const ClientSettings& settings) : settings_(settings) {}

  void drop() override { connection_.reset(); }

  Attempt attempt(const Target& target, Instant deadline) override {
    Attempt done;
    done.why = talk(target, deadline, done);
    if (!done.ok()) drop();
    return done;
  }

 private:
  // Sends a message and waits for its echo. Returns the error; "" after success.
  std::string talk(const Target& target, Instant deadline, Attempt& done) {
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
    if (reply != message) return "the reply differs from the message";
    done.lost = 0;
    return {};
  }

  std::string next_message() {
    auto message =
        "user " + std::to_string(settings_.user) + " message " + std::to_string(++number_);
    message.resize(static_cast<std::size_t>(settings_.probe->size.count), '.');
    return message;
  }

  ClientSettings settings_;
  Fd connection_;
  std::uint64_t number_ = 0;
};

}  // namespace

extern const UserRow kTcpUser{"tcp", make_client<TcpClient>};

}  // namespace brownout::rehearsal
