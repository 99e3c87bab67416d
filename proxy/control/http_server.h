// HttpServer: HTTP/1.1 for the control plane, on the control loop, which carries no traffic: a
// stuck or slow client delays nobody.
//
// Bounded: connections, the head (codecs/http1.h), the body, the time for a request however its
// bytes come, the requests of a turn, the answers that a client has not read, and the memory of all
// together. Paths and queries are UTF-8.
//
// No client can keep another out. Whoever comes is let in, and is a stranger until a head has come
// that the server knows (a token), or, where anybody may ask, until it got what it asked for. Of
// strangers there are 320 (strangers.h says which of them goes for the next), of the others 256
// (the one goes that is missed least), and neither takes a place of the other's.
//
// A request that asks for "localhost" or an address is served; one for another name, on a loopback
// address, is a page that somebody else's name server leads here (DNS rebinding), and gets 403.
// Loop's thread only.
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

// What a response goes on with, for as long as its client listens (server-sent events). Written by
// whoever made it, read by the server. Loop's thread only.
class Feed {
 public:
  // Whether anybody listens.
  bool open() const { return static_cast<bool>(write_); }
  // A client that does not read is left: then nobody listens any more.
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
  std::shared_ptr<Feed> feed = nullptr;  // then it ends when the client leaves
};

class HttpServer {
 public:
  struct Request {
    std::string method;
    std::string path;  // without the query, as it was written
    std::string query;
    rules::HttpHead head;
    std::string body;
  };
  using Handler = std::function<HttpResponse(const Request&)>;
  // Whether whoever sends this may ask; without it, anybody may.
  using Knows = std::function<bool(const rules::HttpHead&)>;

  // With `tls`, HTTPS only.
  static Result<std::unique_ptr<HttpServer>> listen(
      Loop& loop, const Endpoint& where, Handler handler,
      std::shared_ptr<tls::ServerContexts> tls = nullptr, Knows knows = nullptr);
  ~HttpServer();

  const Endpoint& endpoint() const { return endpoint_; }
  // For connections from now on.
  void set_tls(std::shared_ptr<tls::ServerContexts> tls) { tls_ = std::move(tls); }

 private:
  class Connection;
  HttpServer(Loop& loop, Handler handler);
  void accepted(Fd fd, const SocketAddress& peer);
  void make_room();
  void met(int fd);
  bool may_follow() const;
  void relieve(const Connection& served);
  void forget(int fd);
  HttpResponse answer(const rules::HttpHead& head, std::string body) const;
  bool may_ask_for(const std::string& host) const;

  Loop& loop_;
  Handler handler_;
  Knows knows_;
  std::shared_ptr<tls::ServerContexts> tls_;
  Endpoint endpoint_;
  std::unique_ptr<Acceptor> acceptor_;
  UnixSocketFile file_;
  std::map<int, std::unique_ptr<Connection>> connections_;
  Strangers strangers_;
};

}  // namespace brownout::proxy
