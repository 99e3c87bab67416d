// DnsLink: sends queries to one resolver and receives its answers. A link is a UDP socket connected
// to the resolver, or a TCP or TLS connection (RFC 7858) with pipelined queries (RFC 7766,
// 6.2.1.1). Loop's thread only.
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
    // A message arrived on link `index`. Its bytes may be modified, and are valid until
    // answers_over().
    virtual void answered(std::size_t index, std::span<std::byte> message) = 0;
    virtual void answers_over() = 0;
    // A connection has failed (empty `why`: the resolver has closed it), or the resolver's host
    // reports that the UDP port is closed.
    virtual void link_failed(std::size_t index, const std::string& why) = 0;
  };

  // `message` must stay valid until flush().
  virtual void send(codecs::ByteView message) = 0;
  virtual void flush() = 0;
  virtual bool usable() const = 0;
  // Connections only: stops reading until resume(), so that the resolver must wait.
  virtual void pause() {}
  virtual void resume() {}
};

// Links over a socket that is connected, or is being connected, to the resolver. Null and errno if
// the connect has failed.
std::unique_ptr<DnsLink> open_udp_link(DnsLink::Owner& owner, std::size_t index, Fd fd);
// Uses TLS if `session` is not null.
std::unique_ptr<DnsLink> open_stream_link(DnsLink::Owner& owner, std::size_t index, Dialled dialled,
                                          tls::SslPtr session);

}  // namespace brownout::proxy
