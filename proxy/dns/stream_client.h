// One client's TCP connection to a DNS listener, or TLS (RFC 7858): queries come pipelined, answers
// go in the order in which they are ready (RFC 7766, 6.2.1.1). Bounded: past kMostUnanswered
// queries it is not read, and a client that does not read its answers is cut off. Owned by its
// server; loop's thread only.
#pragma once

#include <cstdint>
#include <functional>

#include "proxy/dns/message_writer.h"
#include "proxy/flow/host.h"
#include "proxy/flow/tls_gate.h"
#include "proxy/net/socket.h"
#include "rules/protocols/dns/codec/dns_framing.h"

namespace brownout::proxy {

class DnsStreamClient final : public Retirable, private Ready, private Deadline {
 public:
  // All are set.
  struct Calls {
    std::function<void(DnsStreamClient& client, std::span<std::byte> message)> query;
    std::function<void()> batch_over;
    // All that waited for the client to read has gone out.
    std::function<void(DnsStreamClient& client)> drained;
    std::function<void(DnsStreamClient& client)> over;
  };
  static constexpr std::size_t kMostUnanswered = 128;

  DnsStreamClient(Calls calls, Host& host, std::shared_ptr<const ListenerView> listener, Fd fd,
                  const SocketAddress& peer, std::uint64_t number);
  ~DnsStreamClient() override;

  // Reads what came with the connection.
  void start();
  // `copies` beside itself.
  void answer(codecs::ByteView message, int copies);
  // A query of this client will get no answer.
  void forget_one();
  // A query will get one more answer than it had coming.
  void expect_one() { ++unanswered_; }
  // Bytes that it has not read yet.
  std::size_t waiting() const { return writer_.waiting(); }
  void end();

  std::uint64_t number() const { return number_; }
  const SocketAddress& peer() const { return peer_; }
  const rules::FlowFacts& facts() const { return facts_; }
  // Which resolver an intercepted client meant.
  void set_destination(const rules::FlowFacts& diverted) {
    facts_.intercepted = diverted.intercepted;
    facts_.destination = diverted.destination;
    facts_.destination_port = diverted.destination_port;
  }

 private:
  enum class State { kHello, kDelay, kHandshake, kServing, kHanging, kLingering, kOver };

  void on_ready(std::uint32_t events) noexcept override;
  void on_due(Instant now) noexcept override;
  void tls_step(TlsGate::Step step);
  void stop();
  void linger();
  void serve();
  void read();
  void take_messages();
  bool full() const { return unanswered_ >= kMostUnanswered; }
  bool serving() const { return state_ == State::kServing; }

  Calls calls_;
  Host& host_;
  std::shared_ptr<const ListenerView> listener_;
  Stream stream_;
  SocketAddress peer_;
  std::uint64_t number_;
  State state_ = State::kServing;
  rules::FlowFacts facts_;  // of the handshake
  TlsGate gate_;
  Instant last_seen_;
  codecs::DnsFraming reader_;
  MessageWriter writer_;
  std::size_t unanswered_ = 0;
  bool finished_ = false;  // the client sends no more
};

}  // namespace brownout::proxy
