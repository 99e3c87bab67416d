// The HTTP API of Toxiproxy 2.12, on this engine: suites that speak to toxiproxy-server need not
// change. Each change takes effect as a whole or not at all. Control loop's thread only.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "proxy/codecs/toxiproxy_model.h"
#include "proxy/control/http_server.h"
#include "proxy/engine/engine.h"

namespace brownout::toxiproxy {

class Api {
 public:
  // The engine is borrowed; all of its listeners are this API's.
  explicit Api(proxy::Engine& engine)
      : Api(engine, [&engine](const rules::Config& config) { return engine.reload(config); }) {}
  // Shared with others, by way of `reload`.
  using Reload = std::function<rules::Result<void>(const rules::Config&)>;
  Api(proxy::Engine& engine, Reload reload) : engine_(engine), reload_(std::move(reload)) {}

  proxy::HttpResponse handle(const proxy::HttpServer::Request& request);
  // The text of a configuration file: an array of proxies, which may have toxics.
  Outcome<void> load(const std::string& text);
  // Of every proxy, by its name.
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

  Outcome<Proxies> populated(const nlohmann::json& body, std::vector<std::string>& names) const;
  // Makes it so, or says why not and leaves everything as it is.
  Outcome<void> apply(Proxies proxies);
  std::string request_id();

  proxy::Engine& engine_;
  Reload reload_;
  Proxies proxies_;
  std::uint64_t requests_ = 0;
};

}  // namespace brownout::toxiproxy
