#include "proxy/control/admin.h"

#include <nlohmann/json.hpp>

#include "proxy/control/api_views.h"
#include "proxy/control/bearer_token.h"
#include "proxy/control/dashboard.h"

namespace brownout::proxy {
namespace {

constexpr std::size_t kLeastToken = 16;

bool is_loopback(const Endpoint& where) {
  const auto ip = where.ip();
  return where.is_unix() || where.host == "localhost" || (ip && ip->is_loopback());
}

// Whether the Origin header of a browser names the same address as the Host header:
// "http://127.0.0.1:8474" and "127.0.0.1:8474".
bool same_origin(std::string_view origin, std::string_view host) {
  const auto at = origin.find("://");
  return at != std::string_view::npos && origin.substr(at + 3) == host;
}

}  // namespace

Result<std::string> read_token(const std::string& path, FileReader read) {
  const auto text = read(path);
  const auto token = text ? text->substr(0, text->find('\n')) : std::string();
  if (token.empty()) {
    return rules::config_error(
        path + ": cannot read a token from it" + (text ? "" : ": " + text.error().what),
        "write a long random line into this file, e.g. by `openssl rand -hex 32`");
  }
  if (token.size() < kLeastToken) {
    return rules::config_error(
        path + ": the token has less than 16 characters, so it can be guessed",
        "write a longer token into this file, e.g. by `openssl rand -hex 32`");
  }
  return token;
}

Admin::Admin(LiveConfig& live, EventStream& stream, toxiproxy::Api& toxiproxy, std::string token,
             const AdminOptions& options)
    : token_(std::move(token)),
      native_(live, stream, options.director),
      toxiproxy_(toxiproxy),
      metrics_(
          live.engine(), [&toxiproxy] { return toxiproxy.upstreams(); }, options.metrics) {}

Result<std::unique_ptr<Admin>> Admin::start(Loop& loop, const AdminOptions& options,
                                            LiveConfig& live, EventStream& stream,
                                            toxiproxy::Api& toxiproxy) {
  if (options.token_file.empty() && !is_loopback(options.where)) {
    return rules::config_error(
        "the API on " + rules::to_text(options.where) +
            " accepts other machines, so it needs a token",
        "give --token-file, or an address that only this machine can reach, e.g. 127.0.0.1:8474");
  }
  auto secrets = read_files(options);
  if (!secrets) return tl::unexpected(secrets.error());
  auto admin = std::unique_ptr<Admin>(new Admin(live, stream, toxiproxy, secrets->token, options));
  auto server = admin->serve(loop, options.where, std::move(secrets->tls));
  if (!server) return tl::unexpected(server.error());
  admin->server_ = std::move(*server);
  if (options.socket.empty()) return admin;
  auto local = admin->serve(loop, {"", 0, options.socket}, nullptr);
  if (!local) return tl::unexpected(local.error());
  admin->local_ = std::move(*local);
  return admin;
}

Result<std::unique_ptr<HttpServer>> Admin::serve(Loop& loop, const Endpoint& where,
                                                 std::shared_ptr<tls::ServerContexts> tls) {
  HttpServer::IsAuthorized is_authorized;
  if (!token_.empty()) {
    is_authorized = [this](const rules::HttpHead& head) { return has_token(head); };
  }
  return HttpServer::listen(
      loop, where, [this](const HttpServer::Request& request) { return handle(request); },
      std::move(tls), std::move(is_authorized));
}

Result<Admin::Secrets> Admin::read_files(const AdminOptions& options) {
  Secrets secrets;
  if (!options.token_file.empty()) {
    auto token = read_token(options.token_file);
    if (!token) return tl::unexpected(token.error());
    secrets.token = std::move(*token);
  }
  if (options.certificate.empty() && options.key.empty()) return secrets;
  rules::TlsServer files;
  files.certificate = options.certificate;
  files.key = options.key;
  auto made = tls::ServerContexts::make(files, tls::OfferedHttp::kHttp1);
  if (!made) return tl::unexpected(made.error());
  secrets.tls = std::move(*made);
  return secrets;
}

Result<void> Admin::renew(const AdminOptions& options) {
  auto secrets = read_files(options);
  if (!secrets) return tl::unexpected(secrets.error());
  token_ = std::move(secrets->token);
  server_->set_tls(std::move(secrets->tls));
  return {};
}

bool Admin::has_token(const rules::HttpHead& head) const { return has_bearer_token(head, token_); }

std::optional<HttpResponse> Admin::forbidden(const HttpServer::Request& request) const {
  const bool known = has_token(request.head);
  if (!token_.empty() && !known) {
    auto response = problem({.status = 401,
                             .what = "a token is needed (header Authorization: Bearer TOKEN; for "
                                     "`brownout ctl`, --token-file)"});
    response.headers.push_back({"WWW-Authenticate", "Bearer"});
    return response;
  }
  if (request.method == "GET" || request.method == "HEAD") return std::nullopt;
  const auto* origin = request.head.find("origin");
  const auto* host = request.head.find("host");
  if (origin != nullptr && (host == nullptr || !same_origin(*origin, *host))) {
    return problem({.status = 403,
                    .what = "refused: the change comes from a page of " + *origin +
                            ", another site; use the dashboard at the "
                            "address of this proxy"});
  }
  if (known || !request.path.starts_with("/api/")) return std::nullopt;
  const auto* type = request.head.find("content-type");
  if (type != nullptr && type->starts_with("application/json")) return std::nullopt;
  if (request.head.find("x-requested-with") != nullptr) return std::nullopt;
  return problem({.status = 403,
                  .what = "a change needs the header Content-Type: application/json, or "
                          "X-Requested-With, which pages of other sites cannot send"});
}

HttpResponse Admin::handle(const HttpServer::Request& request) {
  if (auto file = dashboard_file(request)) return std::move(*file);
  if (auto no = forbidden(request)) return std::move(*no);
  if (request.path.starts_with("/api/v1/")) return native_.handle(request);
  if (request.path == "/metrics") return metrics_.handle(request);
  return toxiproxy_.handle(request);
}

}  // namespace brownout::proxy
