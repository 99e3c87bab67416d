// ProxyRequest parses the request that a client sends to a forward proxy before its own data. It
// supports these protocols:
//
//   SOCKS5        RFC 1928; user name and password: RFC 1929
//   SOCKS4, 4a    openssh.com/txt/socks4.protocol, socks4a.protocol
//   HTTP CONNECT  RFC 9110, 9.3.6; Basic authentication: RFC 7617
//   HTTP requests for http:// URLs  RFC 9112, 3.2.2
//
// The first byte identifies the protocol. CONNECT is the only supported SOCKS command. SOCKS4 has
// no password, so its requests are refused if a password is required.
//
// feed() must get all bytes that have arrived and were not consumed by earlier calls. A
// ProxyRequest serves one connection, which owns it. No I/O; one thread.
#pragma once

#include <string>

#include "rules/base/address.h"
#include "rules/protocols/codec/bytes.h"

namespace brownout::codecs {

class ProxyRequest {
 public:
  // If both are empty, clients need no authentication.
  struct Credentials {
    std::string username = {};
    std::string password = {};
  };
  enum class State {
    kMore,     // more bytes are needed
    kTarget,   // the request is complete; send connected() or failed() later
    kForward,  // a request for an http:// URL, which is not consumed: forward it and its successors
    kRefused,  // send `reply`, which has the reason, then close the connection
  };
  struct Step {
    State state = State::kMore;
    std::size_t taken = 0;   // number of bytes consumed
    std::string reply = {};  // bytes to send to the client; may be empty
  };
  enum class Failure { kRefused, kUnreachable, kNoSuchHost };

  static constexpr std::size_t kMostHead = 65536;  // bytes of the head of an HTTP request
  // Limit in bytes of the user id and of the host name in SOCKS4, which end with a zero byte.
  static constexpr std::size_t kMostName = 255;

  explicit ProxyRequest(Credentials credentials) : credentials_(std::move(credentials)) {}

  // Takes bytes from the client. Call again with later bytes while the state is kMore.
  Step feed(ByteView bytes);
  // Returns the host (a name or an address) and the port that the client requests.
  const rules::Endpoint& target() const { return target_; }
  // Return the reply to the client: connected() if the proxy has connected to the server, failed()
  // if it could not.
  std::string connected() const;
  std::string failed(Failure why, std::string_view text) const;

 private:
  enum class Stage { kFirst, kPassword, kRequest, kDone };
  enum class Protocol { kHttp, kSocks4, kSocks5 };

  Step greet(ByteView bytes);
  Step check_password(ByteView bytes);
  Step socks4_request(ByteView bytes);
  Step aim(std::string host, std::uint16_t port, std::size_t length);
  Step socks_request(ByteView bytes);
  Step http_request(ByteView bytes);
  Step connect_request(std::string_view target, std::size_t length);
  Step url_request(std::string_view line, std::size_t length);
  bool may_pass(std::string_view username, std::string_view password) const;
  std::string refusal(char socks5) const;
  bool open() const { return credentials_.username.empty() && credentials_.password.empty(); }
  bool authorized(std::string_view head) const;

  Credentials credentials_;
  Stage stage_ = Stage::kFirst;
  Protocol protocol_ = Protocol::kHttp;
  rules::Endpoint target_;
};

// Whether the value of a Proxy-Authorization header (Basic, RFC 7617) has the user name and the
// password.
bool is_authorized(std::string_view value, const ProxyRequest::Credentials& wanted);

}  // namespace brownout::codecs
