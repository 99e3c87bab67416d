// Parses the request that a client sends to a forward proxy before its own bytes:
//
//   SOCKS5        RFC 1928; user name and password: RFC 1929
//   SOCKS4, 4a    openssh.com/txt/socks4.protocol, socks4a.protocol
//   HTTP CONNECT  RFC 9110, 9.3.6; Basic authentication: RFC 7617
//
// The first byte tells which. Of the SOCKS commands only CONNECT is supported. SOCKS4 has no
// password, so it is refused where a password is required.
//
// Each call gets all bytes that arrived and were not consumed yet. Pure; any thread.
#pragma once

#include <string>

#include "rules/base/address.h"
#include "rules/protocols/codec/bytes.h"

namespace brownout::codecs {

class ProxyRequest {
 public:
  // Empty: anybody may ask.
  struct Credentials {
    std::string username = {};
    std::string password = {};
  };
  enum class State {
    kMore,     // bytes must come
    kTarget,   // target() is known, and wants an answer
    kRefused,  // `reply` says why, and the connection is over
  };
  struct Step {
    State state = State::kMore;
    std::size_t taken = 0;   // bytes that are done with
    std::string reply = {};  // to be sent
  };
  enum class Failure { kRefused, kUnreachable, kNoSuchHost };

  static constexpr std::size_t kMostHead = 16384;
  // Of SOCKS4, which ends its texts with a zero byte.
  static constexpr std::size_t kMostName = 255;

  explicit ProxyRequest(Credentials credentials) : credentials_(std::move(credentials)) {}

  Step feed(ByteView bytes);
  // A host's name or address, and a port.
  const rules::Endpoint& target() const { return target_; }
  // To be sent when the server is there, or cannot be.
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
  Step connect_request(ByteView bytes);
  bool may_pass(std::string_view username, std::string_view password) const;
  std::string refusal(char socks5) const;
  bool open() const { return credentials_.username.empty() && credentials_.password.empty(); }
  bool authorized(std::string_view head) const;

  Credentials credentials_;
  Stage stage_ = Stage::kFirst;
  Protocol protocol_ = Protocol::kHttp;
  rules::Endpoint target_;
};

}  // namespace brownout::codecs
