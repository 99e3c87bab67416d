// The HTTP API of Toxiproxy 2.12, on this engine: suites that speak to toxiproxy-server need not
// change. Each change takes effect as a whole or not at all. Control loop's thread only.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "proxy/control/http_server.h"
#include "proxy/engine/engine.h"
#include "proxy/formats/toxiproxy_model.h"

namespace brownout::toxiproxy {

class Api {
 public:
  // The engine is borrowed; all of its listeners are this API's.
  explicit Api(proxy::Engine& engine)
      : Api(engine, [&engine](const auto& names, const auto& part) {
          return engine.replace(names, part);
        }) {}
  // Shared with others, who are told of each change (Engine::replace).
  using Replace = std::function<rules::Result<void>(const std::vector<std::string>& listeners,
                                                    const rules::Config& part)>;
  Api(proxy::Engine& engine, Replace replace) : engine_(engine), replace_(std::move(replace)) {}

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

  // Proxies as they will be; nothing for those that go.
  using Changes = std::map<std::string, std::optional<Proxy>>;

  // Null if there is none of that name.
  const Proxy* find(const std::string& name) const;
  Outcome<Changes> populated(const nlohmann::json& body, std::vector<std::string>& names) const;
  // Makes it so, or says why not and leaves everything as it is.
  Outcome<void> apply(Changes changes);
  std::string request_id();

  proxy::Engine& engine_;
  Replace replace_;
  // With its JSON text: whoever watches asks for all of them over and over.
  struct Known {
    Proxy proxy;
    std::string text;
  };
  std::map<std::string, Known> proxies_;
  std::uint64_t requests_ = 0;
};

}  // namespace brownout::toxiproxy
