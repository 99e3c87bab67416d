// Lists the paths that the HTTP API serves, and generates the OpenAPI document from the list.
#include <algorithm>
#include <array>
#include <cctype>
#include <nlohmann/json.hpp>
#include <set>

#include "proxy/control/api_views.h"
#include "proxy/control/native_api.h"
#include "proxy/formats/json_text.h"
#include "proxy/formats/rule_schema.h"
#include "proxy/loop/url.h"

namespace brownout::proxy {
namespace {

constexpr std::string_view kBase = "/api/v1";

// Kinds of tables: the plural name in API paths, and the key in the rule file.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kKinds{
    {{"rules", "rule"},
     {"listeners", "listener"},
     {"upstreams", "upstream"},
     {"zones", "zone"},
     {"firewalls", "firewall"}}};

// Whether a path matches a pattern such as "rules/{name}". Stores the parts of the path that match
// the names in braces in `call`.
bool fits(const std::vector<std::string>& path, const std::vector<std::string>& pattern,
          NativeApi::Call& call) {
  if (path.size() != pattern.size()) return false;
  call.path.clear();
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (pattern[i] == "{kind}") {
      const auto kind = std::find_if(kKinds.begin(), kKinds.end(),
                                     [&](const auto& row) { return row.first == path[i]; });
      if (kind == kKinds.end()) return false;
      call.kind = kind->second;
    } else if (pattern[i].starts_with('{')) {
      if (path[i].empty()) return false;
      call.path.push_back(path[i]);
    } else if (pattern[i] != path[i]) {
      return false;
    }
  }
  return true;
}

Json schemas() {
  const Json view{
      {"type", "object"},
      {"required", {"name", "source", "definition"}},
      {"properties",
       {{"name", {{"type", "string"}}},
        {"source", {{"enum", {"file", "api", "toxiproxy"}}}},
        {"in_file", {{"type", "boolean"}}},
        {"etag", {{"type", "string"}}},
        {"lease", {{"type", "string"}}},
        {"turns",
         {{"type", "integer"},
          {"description",
           "of a listener: exchanges in traffic that is not parsed, counted when server bytes "
           "follow client bytes (tcp, tls, udp, framed, proxy, and after an upgrade)"}}},
        {"definition",
         {{"type", "object"}, {"description", "this table as it is in the rule file"}}}}}};
  const Json error{{"type", "object"},
                   {"required", {"detail", "pointer"}},
                   {"properties",
                    {{"detail", {{"type", "string"}}},
                     {"pointer", {{"type", "string"}, {"description", "RFC 6901"}}},
                     {"hint", {{"type", "string"}}},
                     {"in", {{"type", "string"}}}}}};
  auto schemas = Json::parse(codecs::table_schemas("#/components/schemas/"), nullptr, false);
  schemas.update(Json{
      {"Patch", {{"type", "object"}, {"description", "RFC 7396"}}},
      {"Lease",
       {{"type", "object"},
        {"required", {"ttl"}},
        {"properties",
         {{"ttl", {{"type", "string"}, {"examples", {"30s"}}}}, {"id", {{"type", "string"}}}}}}},
      {"View", view},
      {"Problem",
       {{"type", "object"},
        {"required", {"status", "title"}},
        {"properties",
         {{"status", {{"type", "integer"}}},
          {"title", {{"type", "string"}}},
          {"errors", {{"type", "array"}, {"items", error}}}}}}}});
  return schemas;
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  if (const auto at = text.find(what); at != std::string::npos) text.replace(at, what.size(), with);
  return text;
}

Json operation_of(const NativeApi::Route& route, const std::string& path, std::string_view kind) {
  const std::string summary(route.summary);
  Json operation{{"summary", kind.empty() ? summary : replaced(summary, "{kind}", kind)}};
  for (const auto& part : split_path(path)) {
    if (!part.starts_with('{')) continue;
    operation["parameters"].push_back({{"name", part.substr(1, part.size() - 2)},
                                       {"in", "path"},
                                       {"required", true},
                                       {"schema", {{"type", "string"}}}});
  }
  if (!route.body.empty()) {
    auto schema = std::string(route.body);
    if (schema == "{kind}") {
      schema = kind;
      schema[0] = static_cast<char>(std::toupper(schema[0]));
    }
    operation["requestBody"] = {
        {"required", true},
        {"content",
         {{"application/json", {{"schema", {{"$ref", "#/components/schemas/" + schema}}}}}}}};
  }
  operation["responses"] = {{"2XX", {{"description", "done"}}},
                            {"4XX",
                             {{"description", "not done; the body gives the reason"},
                              {"content",
                               {{"application/problem+json",
                                 {{"schema", {{"$ref", "#/components/schemas/Problem"}}}}}}}}}};
  return operation;
}

}  // namespace

std::span<const NativeApi::Route> NativeApi::routes() {
  using Api = NativeApi;
  static const std::array kRoutes{
      Route{"GET", "/status", &Api::status, "the proxy's current state"},
      Route{"GET", "/openapi.json", &Api::openapi, "this document"},
      Route{"GET", "/faults", &Api::faults, "all faults with their keys"},
      Route{"POST", "/halt", &Api::halt, "all faults off, on live connections too"},
      Route{"POST", "/resume", &Api::resume, "faults on again"},
      Route{"POST", "/reset", &Api::reset_all,
            "undo all changes of the API: restore the rule file's state"},
      Route{"GET", "/events", &Api::events, "faults and flows as they happen (text/event-stream)"},
      Route{"GET", "/why", &Api::why,
            "the last things that rules did, newest first; ?listener=, ?client= and ?rule= select "
            "by prefix, ?text= by a text in any property, ?path=, ?topic= or any other property by "
            "a text in it, ?limit= bounds the list (100); with a whole listener's name, `rules` "
            "says what each rule would do next, and why"},
      Route{"GET", "/lease", &Api::leases, "all leases"},
      Route{"PUT", "/lease", &Api::take_lease,
            "take or prolong a lease: changes with its id in the header Brownout-Lease are undone "
            "when the lease lapses",
            "Lease"},
      Route{"DELETE", "/lease/{id}", &Api::end_lease, "let a lease lapse now"},
      Route{"GET", "/history", &Api::history,
            "traffic of the last ten minutes, one point a second, and the last changes; ?after= "
            "leaves out the points up to that number"},
      Route{"POST", "/preview", &Api::preview,
            "the open connections that a rule would act on; changes nothing", "Rule"},
      Route{"GET", "/flows", &Api::flows,
            "connections and UDP sessions; ?listener= and ?client= select by prefix, ?limit= "
            "bounds the list"},
      Route{"GET", "/flows/{listener}/{flow}", &Api::flow, "one connection or UDP session"},
      Route{"DELETE", "/flows/{listener}/{flow}", &Api::cut,
            "reset one connection or end one UDP session"},
      Route{"GET", "/{kind}", &Api::list, "all {kind}s"},
      Route{"POST", "/{kind}", &Api::add, "add a {kind}", "{kind}"},
      Route{"GET", "/{kind}/{name}", &Api::show, "one {kind}"},
      Route{"PUT", "/{kind}/{name}", &Api::put, "add or replace a {kind}", "{kind}"},
      Route{"PATCH", "/{kind}/{name}", &Api::patch, "change some keys of a {kind}", "Patch"},
      Route{"DELETE", "/{kind}/{name}", &Api::remove, "delete a {kind}"},
      Route{"POST", "/{kind}/{name}/enable", &Api::enable, "switch a {kind} on"},
      Route{"POST", "/{kind}/{name}/disable", &Api::disable, "switch a {kind} off"},
      Route{"POST", "/{kind}/{name}/reset", &Api::reset,
            "undo the API's changes of a {kind}: restore the rule file's state"},
      Route{"POST", "/rules/{name}/recount", &Api::recount,
            "restart the count of the rule's matches at 1 (for first, after and every)"},
  };
  return kRoutes;
}

HttpResponse NativeApi::handle(const HttpServer::Request& request) {
  const auto path = split_path(request.path.substr(kBase.size()));
  std::set<std::string_view> allowed;
  for (const auto& route : routes()) {
    Call call{request, {}, {}};
    if (!fits(path, split_path(std::string(route.path)), call)) continue;
    const bool switches = route.path.ends_with("able");
    if (switches && call.kind != "rule" && call.kind != "listener") continue;
    if (route.method == request.method) {
      const bool reads = route.method == "GET" || route.path == "/halt" || route.path == "/preview";
      if (director_ != nullptr && !reads) {
        return problem({.status = 409,
                        .what = "a rehearsal is running, and its phases decide which rules act: "
                                "only a halt is possible"});
      }
      return (this->*route.handler)(call);
    }
    allowed.insert(route.method);
  }
  if (allowed.empty()) {
    return problem(
        {.status = 404,
         .what = "the API has no path " + request.path + "; /api/v1/openapi.json lists its paths"});
  }
  std::string list;
  for (const auto method : allowed) list += (list.empty() ? "" : ", ") + std::string(method);
  auto response =
      problem({.status = 405,
               .what = request.method + " is not possible at " + request.path + ", only " + list});
  response.headers.push_back({"Allow", list});
  return response;
}

HttpResponse NativeApi::openapi(const Call&) {
  if (!openapi_.empty()) return answer_json_text(200, openapi_);
  Json paths = Json::object();
  const auto add = [&](const Route& route, const std::string& path, std::string_view kind) {
    auto method = std::string(route.method);
    std::transform(method.begin(), method.end(), method.begin(), ::tolower);
    paths[path][method] = operation_of(route, path, kind);
  };
  for (const auto& route : routes()) {
    const auto path = std::string(kBase) + std::string(route.path);
    if (path.find("{kind}") == std::string::npos) {
      add(route, path, "");
      continue;
    }
    for (const auto& [plural, kind] : kKinds) {
      const bool switches = route.path.ends_with("able");
      if (switches && kind != "rule" && kind != "listener") continue;
      add(route, replaced(path, "{kind}", plural), kind);
    }
  }
  openapi_ = codecs::json_text(Json{{"openapi", "3.1.0"},
                                    {"info", {{"title", "Brownout"}, {"version", "1"}}},
                                    {"paths", paths},
                                    {"components", {{"schemas", schemas()}}}});
  return answer_json_text(200, openapi_);
}

}  // namespace brownout::proxy
