// Converts Envoy's configuration to a rule file: the listeners that have fault filters, and the
// faults. A fault filter alone is enough. Then `place` says where clients and servers are.
#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "proxy/draft/envoy_match.h"
#include "proxy/draft/sources.h"
#include "proxy/formats/toml_text.h"
#include "proxy/formats/yaml_document.h"
#include "rules/base/address.h"
#include "rules/base/units.h"

namespace brownout::draft {
namespace {

using codecs::toml_string;
using rules::Node;
using rules::Result;

constexpr std::string_view kFaultFilter = "envoy.filters.http.fault";

// Calls found(node) for `node` and all nodes below it, until found() returns true.
template <class Found>
bool visit_all(const Node& node, const Found& found) {
  if (found(node)) return true;
  if (const auto* array = node.array()) {
    return std::any_of(array->begin(), array->end(),
                       [&](const Node& element) { return visit_all(element, found); });
  }
  const auto* table = node.table();
  return table != nullptr && std::any_of(table->begin(), table->end(), [&](const auto& member) {
           return visit_all(member.node, found);
         });
}

bool is_fault(const Node& node) {
  const auto* type = node.find("@type");
  return type != nullptr && type->string() != nullptr && type->string()->ends_with("HTTPFault");
}

// Returns the field at a path of names. A list on the path stands for its first element. Returns
// null if a field is absent.
const Node* field_at(const Node* node, std::initializer_list<std::string_view> path) {
  for (const auto name : path) {
    if (node != nullptr && node->array() != nullptr) {
      node = node->array()->empty() ? nullptr : &node->array()->front();
    }
    if (node != nullptr) node = envoy_field(*node, name);
  }
  return node;
}

const std::string* text_in(const Node* node) { return node == nullptr ? nullptr : node->string(); }

std::optional<double> number_in(const Node* node) {
  if (node == nullptr) return std::nullopt;
  if (const auto* whole = std::get_if<std::int64_t>(&node->value)) {
    return static_cast<double>(*whole);
  }
  const auto* value = std::get_if<double>(&node->value);
  return value == nullptr ? std::nullopt : std::optional(*value);
}

// Returns "10.0.0.1:8080" for { socket_address: { address, port_value } }.
std::optional<std::string> address_in(const Node* address) {
  const auto* socket = field_at(address, {"socket_address"});
  const auto* host = text_in(field_at(socket, {"address"}));
  const auto port = number_in(field_at(socket, {"port_value"}));
  if (host == nullptr || !port || *port < 0 || *port > 65535) return std::nullopt;
  const auto ip = rules::IpAddress::parse(*host);
  const auto number = static_cast<std::uint16_t>(*port);
  return ip ? to_text(*ip, number) : *host + ":" + std::to_string(number);
}

std::vector<std::string> servers_in(const Node& cluster) {
  std::vector<std::string> servers;
  visit_all(cluster, [&](const Node& node) {
    const auto address = address_in(field_at(&node, {"endpoint", "address"}));
    if (address && std::find(servers.begin(), servers.end(), *address) == servers.end()) {
      servers.push_back(*address);
    }
    return false;
  });
  return servers;
}

// Returns the share of requests, or nothing if it is malformed. Without a percentage the share is
// 0, since Envoy then never injects the fault.
std::optional<rules::Ratio> share_of(const Node* percentage) {
  if (percentage == nullptr) return rules::Ratio{};
  const auto numerator = number_in(envoy_field(*percentage, "numerator"));
  const auto* unit = text_in(envoy_field(*percentage, "denominator"));
  double whole = 100;
  if (unit != nullptr && *unit == "TEN_THOUSAND") whole = 1e4;
  if (unit != nullptr && *unit == "MILLION") whole = 1e6;
  const double count = numerator.value_or(0);
  if (!(count >= 0)) return std::nullopt;
  return rules::Ratio::of(std::min(count / whole, 1.0));
}

class FaultReader {
 public:
  FaultReader(std::string listener, Names& names, Draft& draft)
      : listener_(std::move(listener)), names_(names), draft_(draft) {}

  // Adds the rules of a fault filter. `route` is the match of the route to which the fault belongs;
  // null for all routes.
  Result<void> add(const Node& fault, const Node* route) {
    match_ = {};
    if (!listener_.empty()) match_.add("listener", toml_string(listener_));
    if (route != nullptr) add_route(*route, match_);
    if (const auto* headers = envoy_field(fault, "headers")) add_headers(*headers, match_);
    if (envoy_field(fault, "downstream_nodes") != nullptr) {
      match_.left_out.emplace_back("downstream_nodes");
    }
    most_ = number_in(envoy_field(fault, "max_active_faults"));
    if (const auto* delay = envoy_field(fault, "delay")) {
      if (auto added = add_delay(*delay); !added) return added;
    }
    if (const auto* abort = envoy_field(fault, "abort")) {
      if (auto added = add_abort(*abort); !added) return added;
    }
    if (const auto* limit = envoy_field(fault, "response_rate_limit")) return add_limit(*limit);
    return {};
  }

 private:
  static tl::unexpected<rules::Error> wrong(const Node& node, std::string what, std::string hint) {
    return rules::config_error("line " + std::to_string(node.where.line) + ": " + std::move(what),
                               std::move(hint));
  }

  Result<void> add_delay(const Node& delay) {
    if (envoy_field(delay, "header_delay") != nullptr) return add_by_header(delay, "delay");
    const auto* text = text_in(envoy_field(delay, "fixed_delay"));
    // Protobuf writes a duration in seconds: "5s", "0.25s".
    const auto length = text != nullptr ? rules::parse_duration(*text)
                                        : Result<rules::Duration>(rules::config_error("none"));
    if (!length) return wrong(delay, "delay has no fixed_delay", "e.g. fixed_delay: 0.5s");
    return add_rule("delay", delay,
                    R"({ type = "delay", delay = )" + toml_string(rules::to_text(*length)) + " }");
  }

  Result<void> add_abort(const Node& abort) {
    if (envoy_field(abort, "header_abort") != nullptr) return add_by_header(abort, "abort");
    const auto status = number_in(envoy_field(abort, "http_status"));
    const auto grpc = number_in(envoy_field(abort, "grpc_status"));
    const auto number = status ? status : grpc;
    if (!number || *number != std::floor(*number) || !(std::abs(*number) < 1e6)) {
      return wrong(abort, "abort has neither http_status nor grpc_status", "e.g. http_status: 503");
    }
    const auto key = std::string(status ? "status" : "grpc_status");
    const std::string fault =
        R"({ type = "abort", )" + key + " = " + std::to_string(std::llround(*number)) + " }";
    return add_rule("abort", abort, fault);
  }

  Result<void> add_limit(const Node& limit) {
    if (envoy_field(limit, "header_limit") != nullptr) return add_by_header(limit, "throughput");
    const auto rate = number_in(field_at(&limit, {"fixed_limit", "limit_kbps"}));
    if (!rate || !(*rate >= 1) || !(*rate < 1e9)) {
      return wrong(limit, "response_rate_limit has no fixed_limit with a limit_kbps",
                   "e.g. fixed_limit: { limit_kbps: 100 }");
    }
    // Envoy's limit_kbps is in KiB per second.
    const auto text = std::to_string(std::llround(*rate)) + " KiB/s";
    return add_rule("rate", limit,
                    R"({ type = "response_rate", rate = )" + toml_string(text) + " }");
  }

  // Adds a rule whose fault clients choose by Envoy's headers. `key` is the kind of fault that they
  // may choose.
  Result<void> add_by_header(const Node& part, const std::string& key) {
    std::string fault = R"({ type = "envoy_headers")";
    for (const std::string_view kind : {"delay", "abort", "throughput"}) {
      fault += ", " + std::string(kind) + (kind == key ? " = true" : " = false");
    }
    return add_rule(key + " by header", part, fault + " }");
  }

  // Adds a rule. If `off` is not empty, the rule is switched off, and `off` is the reason in its
  // comment.
  Result<void> add_rule(const std::string& what, const Node& part, std::string fault,
                        std::string off = {}) {
    const auto share = share_of(envoy_field(part, "percentage"));
    if (!share)
      return wrong(part, "percentage is not a percentage that Envoy accepts",
                   "e.g. { numerator: 10 }");
    const auto label = listener_.empty() ? "envoy" : listener_;
    Table rule{.kind = "rule", .lines = {{"name", toml_string(names_.take(label + ": " + what))}}};
    if (const auto match = match_.text(); !match.empty()) rule.lines.push_back({"match", match});
    rule.on = off.empty();
    rule.about = std::move(off);
    if (share->parts_per_billion == 0) {
      rule.about += "Envoy never injects this fault: its percentage is 0 or missing. ";
      rule.on = false;
    } else if (share->parts_per_billion < rules::Ratio::kOne) {
      rule.lines.push_back({"probability", toml_string(to_text(*share))});
      rule.lines.push_back({"per", toml_string("request")});
    }
    if (!match_.left_out.empty()) {
      std::string list;
      for (const auto& text : match_.left_out) list += (list.empty() ? "" : ", ") + text;
      rule.about +=
          "This rule is off, because it would act on more requests than Envoy's filter does: a "
          "rule cannot express " +
          list + ".";
      rule.on = false;
    }
    if (most_ && *most_ >= 1 && *most_ < 1e9) {
      rule.lines.push_back({"max_active_faults", std::to_string(std::llround(*most_))});
    }
    rule.lines.push_back({"fault", std::move(fault)});
    draft_.tables.push_back(std::move(rule));
    return {};
  }

  std::string listener_;
  Names& names_;
  Draft& draft_;
  EnvoyMatch match_;
  std::optional<double> most_;
};

// Adds all faults below `node`. `route` is the match of the innermost route that contains `node`,
// or null.
Result<void> add_faults(const Node& node, const Node* route, FaultReader& reader) {
  if (is_fault(node)) return reader.add(node, route);
  if (const auto* array = node.array()) {
    for (const auto& element : *array) {
      if (auto added = add_faults(element, route, reader); !added) return added;
    }
  }
  if (node.table() == nullptr) return {};
  const auto* match = node.find("match");
  const bool is_route = match != nullptr && match->table() != nullptr;
  for (const auto& member : *node.table()) {
    if (auto added = add_faults(member.node, is_route ? match : route, reader); !added) {
      return added;
    }
  }
  return {};
}

bool has_fault(const Node& node) { return visit_all(node, is_fault); }

class EnvoyDraft {
 public:
  EnvoyDraft(const Node& document, const Place& place, Draft& draft)
      : document_(document), place_(place), draft_(draft) {
    visit_all(document, [&](const Node& node) {
      const auto* name = text_in(envoy_field(node, "name"));
      const bool cluster = name != nullptr && envoy_field(node, "load_assignment") != nullptr;
      if (cluster) clusters_.try_emplace(*name, &node);
      return false;
    });
  }

  Result<void> add_all() {
    std::vector<const Node*> listeners;
    visit_all(document_, [&](const Node& node) {
      if (envoy_field(node, "filter_chains") != nullptr && has_fault(node)) {
        listeners.push_back(&node);
      }
      return false;
    });
    for (const auto* listener : listeners) {
      if (auto added = add_listener(*listener); !added) return added;
    }
    if (!listeners.empty()) return {};
    if (!place_.is_known()) say_unknown("a fault filter alone has no addresses");
    auto listener = listener_of(as_http(place_));
    if (!listener) return tl::unexpected(listener.error());
    draft_.tables.push_back(std::move(*listener));
    FaultReader reader("", rule_names_, draft_);
    return add_faults(document_, nullptr, reader);
  }

 private:
  static Place as_http(Place place) {
    place.protocol = "http";
    return place;
  }

  // Returns the servers of the first known cluster that the listener's routes name.
  std::vector<std::string> servers_of(const Node& listener) const {
    std::vector<std::string> servers;
    visit_all(listener, [&](const Node& node) {
      const auto* name = text_in(field_at(&node, {"cluster"}));
      const auto found = name == nullptr ? clusters_.end() : clusters_.find(*name);
      if (found != clusters_.end()) servers = servers_in(*found->second);
      return found != clusters_.end();
    });
    return servers;
  }

  void say_unknown(const std::string& why) {
    draft_.about.push_back("Change `listen` and `upstream` below: " + why + ".");
  }

  Result<void> add_listener(const Node& node) {
    Place place;
    const auto listen = address_in(envoy_field(node, "address"));
    place.listen = listen.value_or(place_.listen);
    place.servers = servers_of(node);
    if (place.servers.empty()) place.servers = place_.servers;
    if (place.servers.empty() || place.listen.empty()) {
      say_unknown("the file does not name the address of a listener, or of its cluster's servers");
    }
    const auto* own = text_in(envoy_field(node, "name"));
    const auto name = names_.take(own != nullptr && !own->empty() ? *own : "envoy");
    auto listener = listener_of(as_http(place));
    if (!listener) return tl::unexpected(listener.error());
    listener->lines.insert(listener->lines.begin(), {"name", toml_string(name)});
    const auto has_tls = [](const Node& part) {
      return envoy_field(part, "transport_socket") != nullptr;
    };
    if (visit_all(node, has_tls)) {
      listener->about =
          "Envoy terminates TLS at this listener. For the same in Brownout, add tls = { "
          "certificate = \"...\", key = \"...\" }.";
    }
    draft_.tables.push_back(std::move(*listener));
    FaultReader reader(name, rule_names_, draft_);
    return add_faults(node, nullptr, reader);
  }

  const Node& document_;
  const Place& place_;
  Draft& draft_;
  std::map<std::string, const Node*> clusters_;
  Names names_;
  Names rule_names_;
};

}  // namespace

Result<Draft> draft_of_envoy(std::string_view text, const Place& place) {
  const auto document = codecs::parse_yaml(text);
  if (!document) return tl::unexpected(document.error());
  if (!has_fault(*document)) {
    return rules::config_error(
        "the file has no fault filter of Envoy",
        "give an Envoy configuration with a typed_config whose @type ends with HTTPFault (" +
            std::string(kFaultFilter) + ")");
  }
  Draft draft{introduction("Envoy's fault filter"), {}};
  draft.about.push_back(
      "Brownout takes Envoy's place between clients and servers. Requests are "
      "those of HTTP/1: HTTP/2 and gRPC pass through untouched.");
  if (auto added = EnvoyDraft(*document, place, draft).add_all(); !added) {
    return tl::unexpected(added.error());
  }
  return draft;
}

}  // namespace brownout::draft
