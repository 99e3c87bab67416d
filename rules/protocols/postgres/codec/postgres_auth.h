// The client's side of password authentication with a PostgreSQL server: MD5, or SCRAM-SHA-256 (RFC
// 5802, RFC 7677) without channel binding. The caller chooses the random nonce, so results depend
// on the arguments only.
//
// Passwords are not normalized with SASLprep (RFC 4013), which would change only passwords with
// non-ASCII characters.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace brownout::codecs {

// Returns the answer to the message AuthenticationMD5Password. `salt` is 4 bytes.
std::string postgres_md5(std::string_view user, std::string_view password, std::string_view salt);

class PostgresScram {
 public:
  // Upper bound for the iterations that a server may require, because they cost CPU time. The
  // default of PostgreSQL is 4096.
  static constexpr unsigned kMostIterations = 100'000;

  // `user` may be "", because PostgreSQL uses the name in the StartupMessage instead.
  PostgresScram(std::string_view user, std::string password, std::string nonce);

  // Returns the client's first message.
  std::string first() const { return "n,," + bare_; }
  // Takes the server's first message. Returns the client's final message, or no value if the
  // server's message is invalid.
  std::optional<std::string> answer(std::string_view server_first);
  // Whether the server's final message proves that the server knows the password.
  bool proves(std::string_view server_final) const;

 private:
  std::string bare_;  // the client's first message without "n,,", the channel binding header
  std::string password_;
  std::string nonce_;
  std::string expected_;  // the final message of a server that knows the password
};

}  // namespace brownout::codecs
