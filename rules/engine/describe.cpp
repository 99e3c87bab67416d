#include "rules/engine/describe.h"

#include <algorithm>

#include "rules/message/message_protocol.h"
#include "rules/message/trace.h"

namespace brownout::rules {

void describe(const FlowFacts& flow, const Message* message, const Tell& tell) {
  if (flow.dns.question) {
    tell("qname", flow.dns.question->name);
    tell("qtype", to_text(flow.dns.question->type));
  }
  if (flow.dns.transport) tell("transport", name_of(*flow.dns.transport));
  if (flow.hello != nullptr) {
    if (!flow.hello->sni.empty()) tell("sni", flow.hello->sni);
    tell("ja3", flow.hello->ja3);
  }
  if (flow.node) tell("node", std::to_string(*flow.node));
  if (flow.http != nullptr) {
    const auto& head = flow.http->request;
    tell("method", head.method);
    tell("host", flow.http->host);
    tell("path", flow.http->path);
    const auto find = [&](std::string_view name) -> std::optional<std::string_view> {
      const auto* value = head.find(name);
      return value != nullptr ? std::optional<std::string_view>(*value) : std::nullopt;
    };
    tell_trace(find, tell);
  } else if (flow.names && !flow.names->empty()) {
    tell("host", flow.names->front());
  }
  if (message != nullptr && message->protocol != nullptr) {
    message->protocol->describe(*message, tell);
  }
}

std::vector<std::string> described_keys() {
  std::vector<std::string> keys{"qname",  "qtype", "transport", "sni",         "ja3", "node",
                                "method", "host",  "path",      "traceparent", "b3"};
  for (const auto* protocol : message_protocols()) {
    for (const auto& key : protocol->keys()) {
      const bool known = std::find(keys.begin(), keys.end(), key.info.name) != keys.end();
      if (!known) keys.push_back(key.info.name);
    }
  }
  return keys;
}

}  // namespace brownout::rules
