// Builds the JSON responses of the HTTP API: rules, listeners, flows, status and errors. Used by
// the control loop's thread only.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "proxy/control/http_server.h"
#include "proxy/control/live_config.h"

namespace brownout::proxy {

using Json = nlohmann::ordered_json;

// Returns a table of the rule file as JSON, with its counters if it is a rule, firewall or
// listener. The form is {"name", "source": "file" | "api" | "toxiproxy", "etag", "definition":
// {...}}.
Json view_of(const LiveConfig& live, std::string_view kind, const rules::Node& table);
// Returns a JSON list of all tables of a kind such as "rule". The tables of proxies that were made
// by Toxiproxy's API come last.
Json list_of(const LiveConfig& live, std::string_view kind);
// Returns a flow as JSON text without building a JSON object first, since clients often ask for up
// to 10,000 flows.
std::string text_of(const FlowStatus& flow);
Json status_of(const LiveConfig& live, Instant started);
// Lists every fault type with its keys, for forms that add a fault.
Json faults_view();

std::string etag_of(const rules::Node& table);
// Returns an error response (RFC 9457). `kind` and `name` identify the table that the request
// changes. If an error is in another table, its member "in" names this other table.
HttpResponse problem(const Refusal& refusal, std::string_view kind = {},
                     std::string_view name = {});
HttpResponse answer_json(int status, const Json& body);
HttpResponse answer_json_text(int status, std::string text);

}  // namespace brownout::proxy
