// A way to one resolver: a UDP socket of which only it is the peer, or a connection, TCP or TLS
// (RFC 7858), on which queries are pipelined (RFC 7766, 6.2.1.1). Loop's thread only.
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
    // Bytes that came on link `index`; they may be changed, and stay until answers_over().
    virtual void answered(std::size_t index, std::span<std::byte> message) = 0;
    virtual void answers_over() = 0;
    // It can be used no more (a connection; empty: the resolver has closed it), or the resolver's
    // host says that nobody listens (UDP).
    virtual void link_failed(std::size_t index, const std::string& why) = 0;
  };

  // The message must stay until flush().
  virtual void send(codecs::ByteView message) = 0;
  virtual void flush() = 0;
  virtual bool usable() const = 0;
  // Of a connection: no message is taken until resume(), so that the resolver waits.
  virtual void pause() {}
  virtual void resume() {}
};

// Over a socket that is connected, or is being connected, to the resolver. Null and errno if it is
// not.
std::unique_ptr<DnsLink> open_udp_link(DnsLink::Owner& owner, std::size_t index, Fd fd);
// With `session`, TLS.
std::unique_ptr<DnsLink> open_stream_link(DnsLink::Owner& owner, std::size_t index, Dialled dialled,
                                          tls::SslPtr session);

}  // namespace brownout::proxy
