// PostgresTalk is the client's side of a connection to a PostgreSQL server (PostgreSQL
// documentation, Frontend/Backend Protocol, version 3.0). It logs in, then sends one simple query
// after another. Used by the synthetic users of a rehearsal (proxy/rehearsal/users/postgres.cpp).
// No I/O: the caller owns the socket and passes the bytes. One thread.
//
// Memory is bounded: a message of the server may have at most kMostMessage bytes, and only the
// first value of an answer is stored.
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
  std::string nonce = {};  // for SCRAM: printable ASCII without a comma, new for each connection
};

class PostgresTalk {
 public:
  static constexpr std::size_t kMostMessage = 64 << 10;

  explicit PostgresTalk(PostgresLogin login) : login_(std::move(login)) {}

  // Returns the first bytes to send on the connection.
  std::string begin() const;
  // Returns the bytes of a query. Must be called only while ready() is true.
  std::string ask(std::string_view query);
  // Takes bytes that the server sent. Returns the bytes to send to the server.
  std::string take(ByteView bytes);

  // Whether a query may be sent: the login is complete, and the last query has been answered.
  bool ready() const { return why_.empty() && stage_ == Stage::kReady; }
  // Returns why the connection can no longer be used: an error of the server, or bytes that are not
  // PostgreSQL. "" while the connection can be used.
  const std::string& why() const { return why_; }
  // Returns the first value in the answer to the query. No value if the answer has no rows, or if
  // the first value is NULL.
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
  std::string buffer_;  // beginning of an incomplete message
  std::string why_;
  std::optional<std::string> value_;
  bool answered_ = false;  // whether the first row of the answer has arrived
};

// Returns an SSLRequest, the first bytes of a connection with TLS. The server answers 'S' (TLS may
// begin) or 'N' (no TLS).
std::string postgres_tls_request();

}  // namespace brownout::codecs
