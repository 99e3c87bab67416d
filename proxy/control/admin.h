// Admin is the HTTP server of the control plane: it serves the dashboard, metrics and APIs at one
// address, and authorizes requests. `brownout run` owns one.
//
//  /                the dashboard
//  /metrics         metrics for Prometheus
//  /api/v1/...      Brownout's own API
//  /proxies, /populate, /reset, /version   Toxiproxy's API
//
// Without a token, a change through Brownout's API needs a JSON content type or X-Requested-With. A
// page of another site cannot send either without a preflight (Fetch standard), so this prevents
// cross-site request forgery. With a token, every request except for the dashboard's files needs
// "Authorization: Bearer" with the token.
//
// A unix socket may serve the same paths in addition, without TLS. The socket stays usable when the
// address is under attack. Used by the control loop's thread only.
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
  // file with the access token; "" for none, which is allowed only on a loopback address
  std::string token_file;
  std::string certificate;  // PEM files of the HTTPS certificate and its key; "" for plain HTTP
  std::string key;
  std::string socket;            // path of an additional unix socket; "" for none
  Director* director = nullptr;  // if set, decides which rules act in place of the API; borrowed
  MetricsChoice metrics = {};    // shown at /metrics
};

// Returns the token, which is the first line of the file. Returns an error if the token is shorter
// than 16 characters.
using FileReader = Result<std::string> (*)(const std::string& path);
Result<std::string> read_token(const std::string& path, FileReader read = read_regular);

class Admin {
 public:
  // Starts to listen. All arguments are borrowed and must outlive the Admin. `live` must have its
  // engine attached.
  static Result<std::unique_ptr<Admin>> start(Loop& loop, const AdminOptions& options,
                                              LiveConfig& live, EventStream& stream,
                                              toxiproxy::Api& toxiproxy);

  const Endpoint& endpoint() const { return server_->endpoint(); }
  // Reads the token and certificate files again. If any of them is unusable, all keep their old
  // contents.
  Result<void> renew(const AdminOptions& options);

 private:
  struct Secrets {
    std::string token;
    std::shared_ptr<tls::ServerContexts> tls;
  };
  static Result<Secrets> read_files(const AdminOptions& options);
  Admin(LiveConfig& live, EventStream& stream, toxiproxy::Api& toxiproxy, std::string token,
        const AdminOptions& options);
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
  std::unique_ptr<HttpServer> local_;  // server of the unix socket; null without a unix socket
};

}  // namespace brownout::proxy
