// Passwords of PostgreSQL: MD5, and SCRAM-SHA-256 (RFC 5802, RFC 7677) without channel binding. The
// caller draws the nonce, so that all is a function of the arguments.
//
// Passwords are used as they are, without the normalization of SASLprep (RFC 4013), which leaves
// ASCII alone.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace brownout::codecs {

// The answer to AuthenticationMD5Password. `salt` is 4 bytes.
std::string postgres_md5(std::string_view user, std::string_view password, std::string_view salt);

class PostgresScram {
 public:
  // A server that asks for more iterations would keep its user busy; PostgreSQL has 4096.
  static constexpr unsigned kMostIterations = 100'000;

  // `user` may be "": PostgreSQL takes the name of the StartupMessage.
  PostgresScram(std::string_view user, std::string password, std::string nonce);

  // The client's first message.
  std::string first() const { return "n,," + bare_; }
  // Takes the server's first message. Returns the client's final message, or none if the server's
  // is wrong.
  std::optional<std::string> answer(std::string_view server_first);
  // True if the server's final message proves that the server knows the password.
  bool proves(std::string_view server_final) const;

 private:
  std::string bare_;  // the client's first message without the header of channel binding
  std::string password_;
  std::string nonce_;
  std::string expected_;  // the server's final message
};

}  // namespace brownout::codecs
