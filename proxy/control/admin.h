// Admin: everything behind the control plane's address, and who may use it.
//
//   /                the dashboard          /metrics   Prometheus
//   /api/v1/...      Brownout's own API     /proxies, /populate, /reset, /version   Toxiproxy's
//
// Changes by Brownout's API need what a page of another site cannot send without asking first (the
// Fetch standard's preflight): a JSON content type, X-Requested-With, or a token. With a token,
// everything but the dashboard's files needs it (Authorization: Bearer).
//
// A unix socket may have all of that besides, without TLS: whatever happens at the address, it is a
// way in for whoever may open it. Control loop's thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "proxy/control/http_server.h"
#include "proxy/control/metrics.h"
#include "proxy/control/native_api.h"
#include "proxy/control/toxiproxy_api.h"
#include "proxy/loop/read_file.h"

namespace brownout::proxy {

struct AdminOptions {
  Endpoint where;
  std::string token_file;   // "" needs none; needed where other machines can come
  std::string certificate;  // PEM files; "" for plain HTTP
  std::string key;
  std::string socket;  // the path of a unix socket that has the API, too; "" for none
};

// The first line of a file that only its owner should read; an error if it is too short to be safe.
using FileReader = Result<std::string> (*)(const std::string& path);
Result<std::string> read_token(const std::string& path, FileReader read = read_regular);

class Admin {
 public:
  // Borrows all; `live` has its engine already.
  static Result<std::unique_ptr<Admin>> start(Loop& loop, const AdminOptions& options,
                                              LiveConfig& live, EventStream& stream,
                                              toxiproxy::Api& toxiproxy);

  const Endpoint& endpoint() const { return server_->endpoint(); }
  // Reads its files again; where one cannot be used, all are kept as they were.
  Result<void> renew(const AdminOptions& options);

 private:
  struct Secrets {
    std::string token;
    std::shared_ptr<tls::ServerContexts> tls;
  };
  static Result<Secrets> read_files(const AdminOptions& options);
  Admin(LiveConfig& live, EventStream& stream, toxiproxy::Api& toxiproxy, std::string token);
  HttpResponse handle(const HttpServer::Request& request);
  std::optional<HttpResponse> forbidden(const HttpServer::Request& request) const;
  bool has_token(const rules::HttpHead& head) const;
  Result<std::unique_ptr<HttpServer>> serve(Loop& loop, const Endpoint& where,
                                            std::shared_ptr<tls::ServerContexts> tls);

  std::string token_;
  NativeApi native_;
  toxiproxy::Api& toxiproxy_;
  Metrics metrics_;
  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<HttpServer> local_;  // or null
};

}  // namespace brownout::proxy
