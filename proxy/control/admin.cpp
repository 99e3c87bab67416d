#include "proxy/control/admin.h"

#include <openssl/crypto.h>

#include <fstream>

#include "proxy/control/api_views.h"
#include "proxy/control/dashboard.h"

namespace brownout::proxy {
namespace {

constexpr std::size_t kLeastToken = 16;

bool is_loopback(const Endpoint& where) {
  const auto ip = where.ip();
  return where.is_unix() || where.host == "localhost" || (ip && ip->is_loopback());
}

// "http://127.0.0.1:8474" of "127.0.0.1:8474".
bool same_origin(std::string_view origin, std::string_view host) {
  const auto at = origin.find("://");
  return at != std::string_view::npos && origin.substr(at + 3) == host;
}

}  // namespace

Result<std::string> read_token(const std::string& path) {
  std::ifstream file(path);
  std::string token;
  if (!file || !std::getline(file, token)) {
    return rules::config_error(path + ": cannot read a token from it",
                               "write a long random line into it, e.g. by `openssl rand -hex 32`");
  }
  if (token.size() < kLeastToken) {
    return rules::config_error(path + ": a token of less than 16 characters can be guessed",
                               "use `openssl rand -hex 32`");
  }
  return token;
}

Admin::Admin(LiveConfig& live, EventStream& stream, toxiproxy::Api& toxiproxy, std::string token)
    : token_(std::move(token)),
      native_(live, stream),
      toxiproxy_(toxiproxy),
      metrics_(live.engine(), [&toxiproxy] { return toxiproxy.upstreams(); }) {}

Result<std::unique_ptr<Admin>> Admin::start(Loop& loop, const AdminOptions& options,
                                            LiveConfig& live, EventStream& stream,
                                            toxiproxy::Api& toxiproxy) {
  if (options.token.empty() && !is_loopback(options.where)) {
    return rules::config_error(
        "the API on " + rules::to_text(options.where) + " could be used by other machines",
        "give --token-file, or an address of this machine only, e.g. 127.0.0.1:8474");
  }
  std::shared_ptr<tls::ServerContexts> tls;
  if (!options.certificate.empty() || !options.key.empty()) {
    rules::TlsServer files;
    files.certificate = options.certificate;
    files.key = options.key;
    auto made = tls::ServerContexts::make(files, true);
    if (!made) return tl::unexpected(made.error());
    tls = std::move(*made);
  }
  auto admin = std::unique_ptr<Admin>(new Admin(live, stream, toxiproxy, options.token));
  auto server = HttpServer::listen(
      loop, options.where,
      [made = admin.get()](const HttpServer::Request& request) { return made->handle(request); },
      std::move(tls));
  if (!server) return tl::unexpected(server.error());
  admin->server_ = std::move(*server);
  return admin;
}

bool Admin::has_token(const HttpServer::Request& request) const {
  const auto* given = request.head.find("authorization");
  const std::string wanted = "Bearer " + token_;
  return given != nullptr && !token_.empty() && given->size() == wanted.size() &&
         CRYPTO_memcmp(given->data(), wanted.data(), wanted.size()) == 0;
}

std::optional<HttpResponse> Admin::forbidden(const HttpServer::Request& request) const {
  const bool known = has_token(request);
  if (!token_.empty() && !known) {
    auto response = problem({.status = 401, .what = "a token is needed (Authorization: Bearer)"});
    response.headers.push_back({"WWW-Authenticate", "Bearer"});
    return response;
  }
  if (request.method == "GET" || request.method == "HEAD") return std::nullopt;
  const auto* origin = request.head.find("origin");
  const auto* host = request.head.find("host");
  if (origin != nullptr && (host == nullptr || !same_origin(*origin, *host))) {
    return problem({.status = 403, .what = "a page of " + *origin + " may change nothing here"});
  }
  if (known || !request.path.starts_with("/api/")) return std::nullopt;
  const auto* type = request.head.find("content-type");
  if (type != nullptr && type->starts_with("application/json")) return std::nullopt;
  if (request.head.find("x-requested-with") != nullptr) return std::nullopt;
  return problem({.status = 403,
                  .what = "a change needs the header Content-Type: application/json, or "
                          "X-Requested-With, which no page of another site can send"});
}

HttpResponse Admin::handle(const HttpServer::Request& request) {
  if (auto file = dashboard_file(request)) return std::move(*file);
  if (auto no = forbidden(request)) return std::move(*no);
  if (request.path.starts_with("/api/v1/")) return native_.handle(request);
  if (request.path == "/metrics") return metrics_.handle(request);
  return toxiproxy_.handle(request);
}

}  // namespace brownout::proxy
