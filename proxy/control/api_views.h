// JSON views of the running proxy for the HTTP API: rules, listeners, flows, status and errors.
// Control loop's thread only.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "proxy/control/http_server.h"
#include "proxy/control/live_config.h"

namespace brownout::proxy {

using Json = nlohmann::ordered_json;

// {"name", "source": "file" | "api" | "toxiproxy", "etag", "definition": {...}} and the counters of
// a rule, firewall or listener.
Json view_of(const LiveConfig& live, std::string_view kind, const rules::Node& table);
// Views of all tables of the kind, followed by those that Toxiproxy's API made.
Json list_of(const LiveConfig& live, std::string_view kind);
// Formatted as JSON text directly: lists have up to 10,000 flows and are polled.
std::string text_of(const FlowStatus& flow);
Json status_of(const LiveConfig& live, Instant started);
// Every fault with its keys, for forms that add a fault.
Json faults_view();

std::string etag_of(const rules::Node& table);
// An RFC 9457 response. `kind` and `name` identify the table that the request changes; errors in
// other tables name their table in "in".
HttpResponse problem(const Refusal& refusal, std::string_view kind = {},
                     std::string_view name = {});
HttpResponse answer_json(int status, const Json& body);
HttpResponse answer_json_text(int status, std::string text);

}  // namespace brownout::proxy
