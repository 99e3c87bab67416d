// NativeApi is Brownout's HTTP API below /api/v1. Clients read and change the running configuration
// as JSON. Admin owns it.
//
// A change is a table of the rule file in JSON, with the same keys and error messages. Errors come
// as application/problem+json (RFC 9457), each with a JSON pointer. Every table has an ETag; a
// change whose If-Match is outdated fails with status 412. Used by the control loop's thread only.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/control/director.h"
#include "proxy/control/event_stream.h"
#include "proxy/control/history.h"
#include "proxy/control/http_server.h"
#include "proxy/control/live_config.h"

namespace brownout::proxy {

class NativeApi {
 public:
  // Borrows all arguments. With a director, clients of the API can only read the state and halt all
  // faults.
  NativeApi(LiveConfig& live, EventStream& stream, Director* director = nullptr)
      : live_(live), stream_(stream), director_(director), history_(live.loop(), live.engine()) {}

  HttpResponse handle(const HttpServer::Request& request);

  struct Call {
    const HttpServer::Request& request;
    std::vector<std::string> path;  // parts of the path that stand for {name}, {listener} and so on
    std::string kind;               // the rule file's key for the addressed tables, such as "rule"
  };
  // A method and path that the API serves. "{kind}" in a path stands for rules, listeners,
  // upstreams, zones or firewalls.
  struct Route {
    std::string_view method;
    std::string_view path;
    HttpResponse (NativeApi::*handler)(const Call&);
    std::string_view summary;
    std::string_view body = "";  // name of the JSON schema of the request body
  };
  static std::span<const Route> routes();

 private:
  HttpResponse status(const Call& call);
  HttpResponse openapi(const Call& call);
  HttpResponse faults(const Call& call);
  HttpResponse list(const Call& call);
  HttpResponse add(const Call& call);
  HttpResponse show(const Call& call);
  HttpResponse put(const Call& call);
  HttpResponse patch(const Call& call);
  HttpResponse remove(const Call& call);
  HttpResponse enable(const Call& call);
  HttpResponse disable(const Call& call);
  HttpResponse reset(const Call& call);
  HttpResponse recount(const Call& call);
  HttpResponse reset_all(const Call& call);
  HttpResponse flows(const Call& call);
  HttpResponse flow(const Call& call);
  HttpResponse cut(const Call& call);
  HttpResponse history(const Call& call);
  HttpResponse preview(const Call& call);
  HttpResponse halt(const Call& call);
  HttpResponse resume(const Call& call);
  HttpResponse leases(const Call& call);
  HttpResponse take_lease(const Call& call);
  HttpResponse end_lease(const Call& call);
  HttpResponse events(const Call& call);
  HttpResponse why(const Call& call);

  HttpResponse answer(const Call& call, std::string_view name, int status);
  // Applies a change and logs it. `how` is the verb of the log line: "added", "enabled".
  HttpResponse change(const Call& call, std::string name, std::optional<rules::Node> table,
                      std::string_view how, int status);
  HttpResponse switch_to(const Call& call, bool on);
  // Returns a response with status 412 if the request has an If-Match header without the table's
  // current ETag. Returns nothing if the request may proceed.
  std::optional<HttpResponse> outdated(const Call& call, const rules::Node& table) const;

  LiveConfig& live_;
  EventStream& stream_;
  Director* director_;  // null if API clients decide which rules act
  History history_;
  Instant started_ = Loop::now();
  std::string openapi_;  // the OpenAPI document, built at the first request for it
};

}  // namespace brownout::proxy
