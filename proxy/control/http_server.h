// HttpServer: HTTP/1.1 for the control plane, on the control loop, which carries no traffic: a
// stuck or slow client delays nobody.
//
// Bounded: connections, the head (codecs/http1.h), the body, and the time for a request. A request
// that asks for "localhost" or an address is served; one for another name, on a loopback address,
// is a page that somebody else's name server leads here (DNS rebinding), and gets 403. Loop's
// thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "proxy/engine/acceptor.h"
#include "proxy/loop/loop.h"
#include "proxy/net/socket.h"
#include "proxy/tls/contexts.h"
#include "rules/http.h"

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

  // With `tls`, HTTPS only.
  static Result<std::unique_ptr<HttpServer>> listen(
      Loop& loop, const Endpoint& where, Handler handler,
      std::shared_ptr<tls::ServerContexts> tls = nullptr);
  ~HttpServer();

  const Endpoint& endpoint() const { return endpoint_; }

 private:
  class Connection;
  HttpServer(Loop& loop, Handler handler);
  void accepted(Fd fd);
  void forget(int fd);
  HttpResponse answer(const rules::HttpHead& head, std::string body) const;
  bool may_ask_for(const std::string& host) const;

  Loop& loop_;
  Handler handler_;
  std::shared_ptr<tls::ServerContexts> tls_;
  Endpoint endpoint_;
  std::unique_ptr<Acceptor> acceptor_;
  std::map<int, std::unique_ptr<Connection>> connections_;
};

}  // namespace brownout::proxy
