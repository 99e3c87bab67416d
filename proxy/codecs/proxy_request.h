// What a client says to a forward proxy before its own bytes: SOCKS5 (RFC 1928; name and password:
// RFC 1929) or HTTP CONNECT (RFC 9110, 9.3.6; Basic: RFC 7617). The first byte tells which.
//
// Fed with all that has come and was not taken; pure, any thread.
#pragma once

#include <string>

#include "proxy/codecs/bytes.h"
#include "rules/address.h"

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

  explicit ProxyRequest(Credentials credentials) : credentials_(std::move(credentials)) {}

  Step feed(ByteView bytes);
  // A host's name or address, and a port.
  const rules::Endpoint& target() const { return target_; }
  // To be sent when the server is there, or cannot be.
  std::string connected() const;
  std::string failed(Failure why, std::string_view text) const;

 private:
  enum class Stage { kFirst, kPassword, kRequest, kDone };

  Step greet(ByteView bytes);
  Step check_password(ByteView bytes);
  Step socks_request(ByteView bytes);
  Step connect_request(ByteView bytes);
  bool may_pass(std::string_view username, std::string_view password) const;
  bool open() const { return credentials_.username.empty() && credentials_.password.empty(); }
  bool authorized(std::string_view head) const;

  Credentials credentials_;
  Stage stage_ = Stage::kFirst;
  bool socks_ = false;
  rules::Endpoint target_;
};

}  // namespace brownout::codecs
