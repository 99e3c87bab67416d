// DnsLink: sends queries to one resolver and receives its answers. A link is a UDP socket connected
// to the resolver, or a TCP or TLS connection (RFC 7858) with pipelined queries (RFC 7766, section
// 6.2.1.1). Use only on the event loop's thread.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "proxy/dns/message_writer.h"
#include "proxy/loop/loop.h"
#include "proxy/net/datagrams.h"
#include "rules/protocols/dns/codec/dns.h"
#include "rules/protocols/dns/codec/dns_framing.h"

namespace brownout::proxy {

class DnsLink : public Retirable {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual Loop& loop() = 0;
    virtual DatagramBatch& batch() = 0;
    // Called with a message that arrived on the link `index`. The owner may modify the bytes, which
    // are valid until answers_over().
    virtual void answered(std::size_t index, std::span<std::byte> message) = 0;
    // Called after the last answered() of one batch of messages; their bytes are then invalid.
    virtual void answers_over() = 0;
    // Called when a connection has failed, or when the resolver's host reports that the UDP port is
    // closed. An empty `why` means that the resolver closed the connection.
    virtual void link_failed(std::size_t index, const std::string& why) = 0;
  };

  // Sends a query at the next flush(), until which `message` must stay valid.
  virtual void send(codecs::ByteView message) = 0;
  virtual void flush() = 0;
  // Returns false if the connection has failed; always true for UDP.
  virtual bool usable() const = 0;
  // Stops reading until resume(), so that the resolver must wait. Does nothing for UDP.
  virtual void pause() {}
  virtual void resume() {}
};

// Returns the text "no answer within ..." that the owner of a DnsLink logs when a resolver does not
// answer in time.
std::string no_answer_within(Duration query_timeout);

// Makes a link over `fd`, a UDP socket that is connected to the resolver. Returns null and sets
// errno if the connect has failed.
std::unique_ptr<DnsLink> open_udp_link(DnsLink::Owner& owner, std::size_t index, Fd fd);
// Makes a link over a TCP connection that is open or being opened, with TLS if `session` is not
// null. Returns null and sets errno if the connect has failed.
std::unique_ptr<DnsLink> open_stream_link(DnsLink::Owner& owner, std::size_t index, Dialled dialled,
                                          tls::SslPtr session);

}  // namespace brownout::proxy
