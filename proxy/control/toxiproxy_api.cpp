#include "proxy/control/toxiproxy_api.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "proxy/control/bearer_token.h"
#include "proxy/formats/json_text.h"
#include "proxy/loop/url.h"

namespace brownout::toxiproxy {
namespace {

using nlohmann::json;
using proxy::HttpResponse;

HttpResponse answer(int status, const json& body) {
  return {.status = status, .body = codecs::json_text(body)};
}
HttpResponse nothing() { return {.status = 204, .body = ""}; }
HttpResponse refuse(const Problem& problem) {
  return {
      .status = problem.status,
      .body = codecs::json_text(json{{"error", problem.what}, {"status", problem.status}}) + "\n",
      .type = "text/plain; charset=utf-8",
      .headers = {{"X-Content-Type-Options", "nosniff"}}};
}
HttpResponse not_found() {
  return {.status = 404,
          .body = "404 page not found\n",
          .type = "text/plain; charset=utf-8",
          .headers = {{"X-Content-Type-Options", "nosniff"}}};
}
HttpResponse wrong_method() { return {.status = 405, .body = ""}; }

const Problem kNoProxy{404, "proxy not found"};
const Problem kNoToxic{404, "toxic not found"};
const Problem kNoToken{401, "missing or invalid auth token"};

bool changes(const std::string& method) { return method == "POST" || method == "PATCH"; }

}  // namespace

Outcome<void> outcome_of(const rules::Result<void>& done) {
  if (done) return {};
  return tl::unexpected(Problem{500, done.error().what});
}

HttpResponse Api::handle(const Request& request) {
  const auto path = proxy::split_path(request.path);
  const bool routed =
      !path.empty() && !path.back().empty() &&
      (path[0] == "proxies" || path[0] == "populate" || path[0] == "reset" || path[0] == "version");
  if (!routed) return not_found();
  // Refuses requests of browsers, as Toxiproxy does: a web page must not control the proxy.
  const auto* agent = request.head.find("user-agent");
  auto response = HttpResponse{
      .status = 403, .body = "User agent not allowed\n", .type = "text/plain; charset=utf-8"};
  if (agent == nullptr || !agent->starts_with("Mozilla/")) {
    auto refused = unauthorized(request);
    response = refused ? std::move(*refused) : route(request, path);
  }
  response.headers.push_back({"X-Toxiproxy-Request-Id", request_id()});
  return response;
}

std::optional<HttpResponse> Api::unauthorized(const Request& request) const {
  if (token_.empty() || proxy::has_bearer_token(request.head, token_)) return std::nullopt;
  auto response = refuse(kNoToken);
  response.headers.push_back({"WWW-Authenticate", "Bearer"});
  return response;
}

HttpResponse Api::route(const Request& request, const Path& path) {
  const bool get = request.method == "GET";
  const bool post = request.method == "POST";
  if (path[0] != "proxies") {
    if (path.size() != 1) return not_found();
    if (path[0] == "version") {
      if (!get) return wrong_method();
      return {.body = fmt::format("{{\"version\": \"{}\"}}\n", kToxiproxyVersion),
              .type = "application/json;charset=utf-8"};
    }
    if (!post) return wrong_method();
    return path[0] == "populate" ? populate(request) : reset();
  }
  switch (path.size()) {
    case 1:
      return get || post ? all_proxies(request) : wrong_method();
    case 2:
      return one_proxy(request, path[1]);
    case 3:
      if (path[2] != "toxics") return not_found();
      return get || post ? all_toxics(request, path[1]) : wrong_method();
    case 4:
      if (path[2] != "toxics") return not_found();
      return one_toxic(request, path[1], path[3]);
    default:
      return not_found();
  }
}

const Proxy* Api::find(const std::string& name) const {
  const auto found = proxies_.find(name);
  return found == proxies_.end() ? nullptr : &found->second.proxy;
}

HttpResponse Api::all_proxies(const Request& request) {
  if (request.method == "GET") {
    std::string all = "{";
    for (const auto& [name, known] : proxies_) {
      if (all.size() > 1) all += ',';
      all += codecs::json_text(json(name)) + ':' + known.text;
    }
    return {.status = 200, .body = all + '}'};
  }
  const auto body = parse_body(request.body);
  if (!body) return refuse(body.error());
  auto made = read_proxy(*body);
  if (!made) return refuse(made.error());
  if (find(made->name) != nullptr) return refuse({409, "proxy already exists"});
  const auto name = made->name;
  if (auto done = apply({{name, std::move(*made)}}); !done) return refuse(done.error());
  return answer(201, to_json(*find(name)));
}

HttpResponse Api::one_proxy(const Request& request, const std::string& name) {
  const auto& method = request.method;
  if (method != "GET" && method != "DELETE" && !changes(method)) return wrong_method();
  const auto* found = find(name);
  if (found == nullptr) return refuse(kNoProxy);
  if (method == "GET") return answer(200, to_json(*found));
  if (method == "DELETE") {
    if (auto done = apply({{name, std::nullopt}}); !done) return refuse(done.error());
    return nothing();
  }
  const auto body = parse_body(request.body);
  if (!body) return refuse(body.error());
  auto changed = update_proxy(*found, *body);
  if (!changed) return refuse(changed.error());
  if (auto done = apply({{name, std::move(*changed)}}); !done) return refuse(done.error());
  return answer(200, to_json(*find(name)));
}

HttpResponse Api::all_toxics(const Request& request, const std::string& name) {
  const auto* found = find(name);
  if (found == nullptr) return refuse(kNoProxy);
  if (request.method == "GET") return answer(200, to_json(found->toxics));
  const auto body = parse_body(request.body);
  if (!body) return refuse(body.error());
  auto made = read_toxic(*body);
  if (!made) return refuse(made.error());
  if (found->find(made->name) != nullptr) return refuse({409, "toxic already exists"});
  const auto toxic = made->name;
  auto changed = *found;
  changed.add(std::move(*made));
  if (auto done = apply({{name, std::move(changed)}}); !done) return refuse(done.error());
  return answer(200, to_json(*find(name)->find(toxic)));
}

HttpResponse Api::one_toxic(const Request& request, const std::string& name,
                            const std::string& toxic) {
  const auto& method = request.method;
  if (method != "GET" && method != "DELETE" && !changes(method)) return wrong_method();
  const auto* found = find(name);
  if (found == nullptr) return refuse(kNoProxy);
  const auto* before = found->find(toxic);
  if (before == nullptr) return refuse(kNoToxic);
  if (method == "GET") return answer(200, to_json(*before));
  auto proxy = *found;
  auto& toxics = proxy.toxics;
  const auto mine = toxics.begin() + (before - found->toxics.data());
  if (method == "DELETE") {
    toxics.erase(mine);
  } else {
    const auto body = parse_body(request.body);
    if (!body) return refuse(body.error());
    auto changed = update_toxic(*mine, *body);
    if (!changed) return refuse(changed.error());
    *mine = std::move(*changed);
  }
  if (auto done = apply({{name, std::move(proxy)}}); !done) return refuse(done.error());
  return method == "DELETE" ? nothing() : answer(200, to_json(*find(name)->find(toxic)));
}

Outcome<Api::Changes> Api::populated(const json& body, std::vector<std::string>& names) const {
  if (!body.is_array())
    return tl::unexpected(Problem{400, "bad request body: an array is expected"});
  Changes changes;
  for (std::size_t i = 0; i < body.size(); ++i) {
    auto made = read_proxy(body[i], " at proxy " + std::to_string(i + 1));
    if (!made) return tl::unexpected(made.error());
    const auto name = made->name;
    names.push_back(name);
    const auto earlier = changes.find(name);
    const auto* old = earlier != changes.end() ? &*earlier->second : find(name);
    if (old == nullptr) {
      changes[name] = std::move(*made);
    } else if (!made->listens_at(*old) || made->upstream != old->upstream) {
      made->take_place_of(*old);
      changes[name] = std::move(*made);
    } else if (!made->toxics.empty()) {
      // Toxics in the request replace all toxics of the proxy. A request without toxics keeps those
      // of the proxy.
      auto kept = *old;
      kept.toxics = std::move(made->toxics);
      changes[name] = std::move(kept);
    }
  }
  return changes;
}

HttpResponse Api::populate(const Request& request) {
  std::vector<std::string> names;
  const auto fail = [](const Problem& problem) {
    return answer(problem.status,
                  {{"error", problem.what}, {"status", problem.status}, {"proxies", nullptr}});
  };
  const auto body = parse_body(request.body);
  if (!body) return fail(body.error());
  auto changes = populated(*body, names);
  if (!changes) return fail(changes.error());
  if (auto done = apply(std::move(*changes)); !done) return fail(done.error());
  json all = json::array();
  for (const auto& name : names) all.push_back(to_json(*find(name)));
  return answer(201, {{"proxies", all.empty() ? json(nullptr) : all}});
}

Outcome<void> Api::load(const std::string& text) {
  std::vector<std::string> names;
  const auto body = parse_body(text);
  if (!body) return tl::unexpected(body.error());
  auto changes = populated(*body, names);
  if (!changes) return tl::unexpected(changes.error());
  return apply(std::move(*changes));
}

std::map<std::string, std::string> Api::upstreams() const {
  std::map<std::string, std::string> all;
  for (const auto& [name, known] : proxies_) all[name] = known.proxy.upstream;
  return all;
}

HttpResponse Api::reset() {
  Changes changes;
  for (const auto& [name, known] : proxies_) {
    auto clean = known.proxy;
    clean.enabled = true;
    clean.toxics.clear();
    changes[name] = std::move(clean);
  }
  if (auto done = apply(std::move(changes)); !done) return refuse(done.error());
  return nothing();
}

Outcome<void> Api::apply(Changes changes) {
  std::vector<std::string> names;
  std::vector<Proxy> there;
  for (const auto& [name, proxy] : changes) {
    names.push_back(name);
    if (proxy) there.push_back(*proxy);
  }
  const auto config = config_of(there);
  if (!config) return tl::unexpected(config.error());
  const auto done = replace_(names, *config);
  if (!done) return done;
  // Cuts connections of a proxy that is deleted or disabled, or whose address or upstream is new.
  for (const auto& [name, now] : changes) {
    const auto* old = find(name);
    const bool stays = old != nullptr && now && now->enabled && now->asked == old->asked &&
                       now->server == old->server;
    if (old != nullptr && old->enabled && !stays) engine_.cut(name);
  }
  // Waits until all workers have taken the change. When the response is sent, the change then
  // applies to new connections, and a closed port is free.
  engine_.wait_for_workers();
  for (auto& [name, now] : changes) {
    if (!now) {
      proxies_.erase(name);
      continue;
    }
    if (now->enabled) now->listen = to_text(engine_.bound(name));
    // Stores the port of the disabled proxy, so that it gets the same port when it is enabled
    // again.
    if (!now->enabled) now->asked = *parse_listen(now->listen);
    auto text = codecs::json_text(to_json(*now));
    proxies_[name] = {std::move(*now), std::move(text)};
  }
  return {};
}

std::string Api::request_id() { return fmt::format("{:020x}", ++requests_); }

}  // namespace brownout::toxiproxy
