#include "proxy/formats/flow_record.h"

#include <nlohmann/json.hpp>

#include "proxy/formats/json_text.h"
#include "rules/message/trace.h"

namespace brownout::codecs {
namespace {

using Json = nlohmann::json;
using rules::Carrier;
using rules::IpAddress;

constexpr const char* kLostSyns = "lost_syns";
constexpr const char* kAnsweredSyns = "answered_syns";
constexpr std::string_view kForm =
    R"(e.g. {"protocol":"tcp","client":"10.1.2.3:50000","destination":"192.0.2.1:1883"})";

bool read_end(const Json& object, const char* key, std::optional<IpAddress>& address,
              std::uint16_t& port) {
  const auto found = object.find(key);
  if (found == object.end()) return true;
  if (!found->is_string()) return false;
  const auto text = found->get<std::string>();
  // The text is empty for a client or server on a unix socket, which has no IP address.
  if (text.empty()) return true;
  const auto end = rules::parse_address_port(text);
  if (!end) return false;
  address = end->address;
  port = end->port;
  return true;
}

std::string end_text(const std::optional<IpAddress>& address, std::uint16_t port) {
  return address ? to_text(*address, port) : "";
}

}  // namespace

std::string write_lost_syns(const LostSyns& lost, std::string_view time) {
  const nlohmann::ordered_json object{{"time", time},
                                      {"listener", lost.listener},
                                      {"protocol", "tcp"},
                                      {"rule", lost.rule},
                                      {lost.answered ? kAnsweredSyns : kLostSyns, lost.count}};
  return json_text(object) + "\n";
}

bool is_lost_syns(std::string_view line) {
  const auto read = read_json(line);
  return read && read->is_object() && (read->contains(kLostSyns) || read->contains(kAnsweredSyns));
}

rules::Result<rules::FlowFacts> read_flow(std::string_view line) {
  const auto read = read_json(line);
  const auto bad = [](const std::string& what) {
    return rules::config_error(what, std::string(kForm));
  };
  if (!read || !read->is_object()) return bad("the line is not a JSON object");
  const auto& object = *read;
  rules::FlowFacts flow;
  flow.ordinal = 1;
  const auto listener = object.find("listener");
  if (listener != object.end() && listener->is_string())
    flow.listener = listener->get<std::string>();
  const auto protocol = object.find("protocol");
  if (protocol != object.end() && *protocol != "tcp" && *protocol != "udp") {
    return bad("the flow's protocol is neither tcp nor udp");
  }
  if (protocol != object.end() && *protocol == "udp") flow.carrier = Carrier::kDatagram;
  const bool good = read_end(object, "source", flow.client, flow.client_port) &&
                    read_end(object, "client", flow.client, flow.client_port) &&
                    read_end(object, "destination", flow.destination, flow.destination_port);
  if (!good) return bad("client or destination is not an address with a port");
  if (const auto names = object.find("names"); names != object.end() && names->is_array()) {
    std::vector<std::string> list;
    for (const auto& name : *names) {
      if (name.is_string()) list.push_back(name.get<std::string>());
    }
    flow.names = std::make_shared<const std::vector<std::string>>(std::move(list));
  }
  if (!flow.client && !flow.destination) return bad("the flow has neither client nor destination");
  return flow;
}

std::string write_flow(const rules::FlowFacts& flow, std::string_view time, FlowOutcome outcome) {
  nlohmann::ordered_json object{{"time", time},
                                {"listener", flow.listener},
                                {"flow", flow.ordinal},
                                {"protocol", flow.carrier == Carrier::kDatagram ? "udp" : "tcp"},
                                {"client", end_text(flow.client, flow.client_port)},
                                {"destination", end_text(flow.destination, flow.destination_port)}};
  if (flow.names != nullptr && !flow.names->empty()) object["names"] = *flow.names;
  if (outcome == FlowOutcome::kStopped) object["stopped"] = true;
  if (flow.http != nullptr) {
    const auto& head = flow.http->request;
    const auto find = [&](std::string_view name) -> std::optional<std::string_view> {
      const auto* value = head.find(name);
      return value != nullptr ? std::optional<std::string_view>(*value) : std::nullopt;
    };
    rules::tell_trace(find, [&](std::string_view name, std::string_view value) {
      object[std::string(name)] = value;
    });
  }
  return json_text(object) + "\n";
}

}  // namespace brownout::codecs
