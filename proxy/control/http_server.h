// HttpServer is a small HTTP/1.1 server for the control plane; Admin owns up to two. It runs on the
// control loop, which carries no proxied traffic, so a slow API client delays no flow.
//
// The server limits the number of connections and their memory, the size of heads
// (rules/protocols/http1/codec/http1.h) and bodies, and the time for a request. It also limits
// unread responses, and how many requests of one connection are served in a row. Paths and queries
// must be UTF-8.
//
// A flood of connections cannot lock out other clients, because unauthorized connections
// ("strangers") and known ones are limited separately. A connection is a stranger until it sends a
// head with the token or, at a server without a token, until its first successful response. There
// are at most 320 strangers (strangers.h selects the one to evict) and 256 known connections (the
// least useful one is evicted).
//
// On a loopback address, only requests for "localhost" or an IP address are served. Any other host
// name gets 403, since it indicates DNS rebinding. Used by the loop's thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "proxy/control/strangers.h"
#include "proxy/flow/acceptor.h"
#include "proxy/loop/loop.h"
#include "proxy/net/socket.h"
#include "proxy/net/unix_socket_file.h"
#include "proxy/tls/contexts.h"
#include "rules/protocols/http1/http.h"

namespace brownout::proxy {

// A response body without an end (server-sent events). The code that handles the request writes
// text to it, and the server sends the text. Used by the loop's thread only.
class Feed {
 public:
  bool open() const { return static_cast<bool>(write_); }
  // Sends text to the client. A client that does not read is disconnected, and open() is then
  // false.
  void write(std::string_view text) {
    if (open()) write_(text);
  }

 private:
  friend class HttpServer;
  std::function<void(std::string_view)> write_;
};

struct HttpResponse {
  int status = 200;
  std::string body;
  std::string type = "application/json";
  std::vector<rules::HttpHeader> headers = {};
  // if set, the body goes on until the client disconnects
  std::shared_ptr<Feed> feed = nullptr;
};

class HttpServer {
 public:
  struct Request {
    std::string method;
    std::string path;  // the path without its query, still percent-encoded
    std::string query;
    rules::HttpHead head;
    std::string body;
  };
  using Handler = std::function<HttpResponse(const Request&)>;
  // Decides from the head of a request whether it is authorized. Without this function, every
  // request is authorized.
  using IsAuthorized = std::function<bool(const rules::HttpHead&)>;

  // Starts to listen at `where`. With `tls`, serves HTTPS only.
  static Result<std::unique_ptr<HttpServer>> listen(
      Loop& loop, const Endpoint& where, Handler handler,
      std::shared_ptr<tls::ServerContexts> tls = nullptr, IsAuthorized is_authorized = nullptr);
  ~HttpServer();

  const Endpoint& endpoint() const { return endpoint_; }
  // Sets the certificate for new connections. Open connections keep the old certificate.
  void set_tls(std::shared_ptr<tls::ServerContexts> tls) { tls_ = std::move(tls); }

 private:
  class Connection;
  HttpServer(Loop& loop, Handler handler);
  void accepted(Fd fd, const SocketAddress& peer);
  void make_room();
  void mark_known(int fd);
  bool may_follow() const;
  void limit_memory(const Connection& served);
  void forget(int fd);
  HttpResponse answer(const rules::HttpHead& head, std::string body) const;
  bool may_ask_for(const std::string& host) const;

  Loop& loop_;
  Handler handler_;
  IsAuthorized knows_;
  std::shared_ptr<tls::ServerContexts> tls_;
  Endpoint endpoint_;
  std::unique_ptr<Acceptor> acceptor_;
  UnixSocketFile file_;
  std::map<int, std::unique_ptr<Connection>> connections_;
  Strangers strangers_;
};

}  // namespace brownout::proxy
