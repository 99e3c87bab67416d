// PostgresTalk: the client's side of a connection to PostgreSQL (its documentation,
// Frontend/Backend Protocol, version 3.0). It logs in, then asks one simple query after another.
// Bytes in, bytes out; the caller has the socket.
//
// Bounded: a message of the server has at most kMostMessage bytes, and only the first value of an
// answer is kept.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "rules/protocols/codec/bytes.h"
#include "rules/protocols/postgres/codec/postgres_auth.h"

namespace brownout::codecs {

struct PostgresLogin {
  std::string user;
  std::string database;
  std::string password = {};
  std::string nonce = {};  // of SCRAM: printable ASCII without a comma, new for each connection
};

class PostgresTalk {
 public:
  static constexpr std::size_t kMostMessage = 64 << 10;

  explicit PostgresTalk(PostgresLogin login) : login_(std::move(login)) {}

  // The first bytes on the connection.
  std::string begin() const;
  // The bytes of a query. Requires ready().
  std::string ask(std::string_view query);
  // Takes bytes of the server. Returns the bytes to send.
  std::string take(ByteView bytes);

  // True once the login is complete, and again once a query is answered.
  bool ready() const { return why_.empty() && stage_ == Stage::kReady; }
  // Why the connection is of no more use: an error of the server, or bytes that are not
  // PostgreSQL's; "" while it is.
  const std::string& why() const { return why_; }
  // The first value that answered the query; none if it is missing or NULL.
  const std::optional<std::string>& value() const { return value_; }

 private:
  enum class Stage { kLogin, kStarting, kReady, kAsked };

  void take_message(char type, std::string_view body, std::string& out);
  void authenticate(std::string_view body, std::string& out);
  void begin_scram(std::string_view mechanisms, std::string& out);
  void take_row(std::string_view body);
  void fail(std::string why);

  PostgresLogin login_;
  Stage stage_ = Stage::kLogin;
  std::optional<PostgresScram> scram_;
  bool proven_ = true;  // false until a server that asked for SCRAM has proven itself
  std::string buffer_;  // the beginning of a message
  std::string why_;
  std::optional<std::string> value_;
  bool answered_ = false;  // the first row has come
};

// The first bytes of a connection with TLS: a request that the server answers by 'S' or 'N'.
std::string postgres_tls_request();

}  // namespace brownout::codecs
