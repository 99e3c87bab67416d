// Api implements the HTTP API of Toxiproxy 2.13 on Brownout's engine, so that existing test suites
// for toxiproxy-server run unchanged. Each change takes effect completely or not at all. Control
// loop's thread only.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/control/http_server.h"
#include "proxy/engine/engine.h"
#include "proxy/formats/toxiproxy_model.h"

namespace brownout::toxiproxy {

// The version of Toxiproxy whose API this class implements. Clients use PATCH if the version is at
// least 2.6.0.
inline constexpr std::string_view kToxiproxyVersion = "2.13.0";

// Converts the engine's result to Toxiproxy's: an error becomes a response with status 500.
Outcome<void> outcome_of(const rules::Result<void>& done);

class Api {
 public:
  // Use this constructor if all listeners of the engine belong to this API. The engine must outlive
  // the Api.
  explicit Api(proxy::Engine& engine)
      : Api(engine, [&engine](const auto& names, const auto& part) {
          return outcome_of(engine.replace(names, part));
        }) {}
  // For an engine that also has other listeners, `replace` applies each change: it replaces the
  // named listeners by those in `part`.
  using Replace = std::function<Outcome<void>(const std::vector<std::string>& listeners,
                                              const rules::Config& part)>;
  Api(proxy::Engine& engine, Replace replace) : engine_(engine), replace_(std::move(replace)) {}

  // Sets the token that every later request needs (Authorization: Bearer). With "", no token is
  // needed.
  void set_token(std::string token) { token_ = std::move(token); }
  proxy::HttpResponse handle(const proxy::HttpServer::Request& request);
  // Returns the response to a request that lacks the token. Returns nothing if the request has the
  // token, or no token is set.
  std::optional<proxy::HttpResponse> unauthorized(const proxy::HttpServer::Request& request) const;
  // Loads a Toxiproxy configuration file: a JSON array of proxies, which may have toxics.
  Outcome<void> load(const std::string& text);
  // Returns the upstream address of every proxy, by the proxy's name.
  std::map<std::string, std::string> upstreams() const;

 private:
  using Response = proxy::HttpResponse;
  using Request = proxy::HttpServer::Request;
  using Path = std::vector<std::string>;

  Response route(const Request& request, const Path& path);
  Response all_proxies(const Request& request);
  Response one_proxy(const Request& request, const std::string& name);
  Response all_toxics(const Request& request, const std::string& name);
  Response one_toxic(const Request& request, const std::string& name, const std::string& toxic);
  Response populate(const Request& request);
  Response reset();

  // The new version of each changed proxy, by name; nothing for a deleted proxy.
  using Changes = std::map<std::string, std::optional<Proxy>>;

  const Proxy* find(const std::string& name) const;
  Outcome<Changes> populated(const nlohmann::json& body, std::vector<std::string>& names) const;
  // Applies all changes. After an error, no change has taken effect.
  Outcome<void> apply(Changes changes);
  std::string request_id();

  proxy::Engine& engine_;
  Replace replace_;
  std::string token_;
  // A proxy and its JSON text. The text is kept, since clients poll the list of all proxies.
  struct Known {
    Proxy proxy;
    std::string text;
  };
  std::map<std::string, Known> proxies_;
  std::uint64_t requests_ = 0;
};

}  // namespace brownout::toxiproxy
