// One client's TCP connection to a DNS listener: queries come pipelined, answers go in the order in
// which they are ready (RFC 7766, 6.2.1.1). Bounded: past kMostUnanswered queries it is not read,
// and a client that does not read its answers is cut off. Owned by its server; loop's thread only.
#pragma once

#include <cstdint>

#include "proxy/codecs/dns_framing.h"
#include "proxy/dns/message_writer.h"
#include "proxy/loop/loop.h"
#include "proxy/net/socket.h"

namespace brownout::proxy {

class DnsStreamClient final : public Retirable, private Ready, private Deadline {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void stream_query(DnsStreamClient& client, std::span<std::byte> message) = 0;
    virtual void stream_batch_over() = 0;
    virtual void stream_over(DnsStreamClient& client) = 0;
  };
  static constexpr std::size_t kMostUnanswered = 128;

  DnsStreamClient(Owner& owner, Loop& loop, Fd fd, const SocketAddress& peer, std::uint64_t number,
                  Duration idle);
  ~DnsStreamClient() override;

  // Reads what came with the connection.
  void start() { on_ready(0); }
  void answer(codecs::ByteView message);
  // A query of this client will get no answer.
  void forget_one();
  void end();

  std::uint64_t number() const { return number_; }
  const SocketAddress& peer() const { return peer_; }

 private:
  void on_ready(std::uint32_t events) noexcept override;
  void on_due(Instant now) noexcept override;
  void take_messages();
  bool full() const { return unanswered_ >= kMostUnanswered; }

  Owner& owner_;
  Loop& loop_;
  Fd fd_;
  SocketAddress peer_;
  std::uint64_t number_;
  Duration idle_;
  Instant last_seen_;
  codecs::DnsFraming reader_;
  MessageWriter writer_;
  std::size_t unanswered_ = 0;
  bool finished_ = false;  // the client sends no more
  bool over_ = false;
};

}  // namespace brownout::proxy
