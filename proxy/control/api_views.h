// What the API shows of the proxy, as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "proxy/control/http_server.h"
#include "proxy/control/live_config.h"

namespace brownout::proxy {

using Json = nlohmann::ordered_json;

// {"name", "source": "file" | "api" | "toxiproxy", "etag", "definition": {...}} and what it has
// done so far.
Json view_of(const LiveConfig& live, std::string_view kind, const rules::Node& table);
// All of that kind, Toxiproxy's behind them.
Json list_of(const LiveConfig& live, std::string_view kind);
// As JSON text: there may be thousands, and whoever watches asks for them over and over.
std::string text_of(const FlowStatus& flow);
Json status_of(const LiveConfig& live, Instant started);
// Every fault with its keys, for a page that lets one be added.
Json faults_view();

std::string etag_of(const rules::Node& table);
// RFC 9457; `kind` and `name` are what was to be changed: mistakes elsewhere say where.
HttpResponse problem(const Refusal& refusal, std::string_view kind = {},
                     std::string_view name = {});
HttpResponse answer_json(int status, const Json& body);
HttpResponse answer_json_text(int status, std::string text);

}  // namespace brownout::proxy
