// DnsStreamClient: serves one client connection of a DNS listener, over TCP or TLS (RFC 7858). A
// client may send several queries at once. Answers are sent in the order in which they are ready
// (RFC 7766, section 6.2.1.1).
//
// While kMostUnanswered queries are unanswered, the connection is not read. A client that does not
// read its answers is disconnected. Owned by a DnsServer; use only on the event loop's thread.
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
  // Callbacks to the owner; all must be set.
  struct Calls {
    // Called with each query of the client.
    std::function<void(DnsStreamClient& client, std::span<std::byte> message)> query;
    // Called after the last query that one read has brought.
    std::function<void()> batch_over;
    // Called when all buffered answers have been sent.
    std::function<void(DnsStreamClient& client)> drained;
    // Called when the connection has ended; the owner then destroys the object.
    std::function<void(DnsStreamClient& client)> over;
  };
  static constexpr std::size_t kMostUnanswered = 128;

  DnsStreamClient(Calls calls, Host& host, std::shared_ptr<const ListenerView> listener, Fd fd,
                  const SocketAddress& peer, std::uint64_t number);
  ~DnsStreamClient() override;

  // Begins to serve. Also reads the bytes that arrived together with the connection.
  void start();
  // Sends `message` and `copies` duplicates of it.
  void answer(codecs::ByteView message, int copies);
  // Decrements the number of unanswered queries. Call for a query that will never be answered.
  void forget_one();
  // Increments the number of expected answer() calls, for a query with several answer messages
  // (zone transfer).
  void expect_one() { ++unanswered_; }
  // Number of bytes that the socket has not accepted yet.
  std::size_t waiting() const { return writer_.waiting(); }
  void end();

  std::uint64_t number() const { return number_; }
  const SocketAddress& peer() const { return peer_; }
  const rules::FlowFacts& facts() const { return facts_; }
  // Sets the resolver to which an intercepted client connected.
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
  rules::FlowFacts facts_;  // facts of the connection, for the rules on TLS handshakes
  TlsGate gate_;
  Instant last_seen_;
  codecs::DnsFraming reader_;
  MessageWriter writer_;
  std::size_t unanswered_ = 0;
  bool finished_ = false;  // the client has sent its FIN
};

}  // namespace brownout::proxy
