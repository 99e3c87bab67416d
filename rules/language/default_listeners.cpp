#include "rules/language/default_listeners.h"

#include <algorithm>
#include <array>

#include "rules/match/protocol.h"

namespace brownout::rules {
namespace {

struct DefaultListener {
  std::string_view name;  // name of the listener and of its protocol
  std::int64_t port;      // destination port; 0 means all other ports
};
constexpr std::array kDefaultListeners{DefaultListener{"dns", 53}, DefaultListener{"http", 80},
                                       DefaultListener{"tls", 443}, DefaultListener{"tcp", 0},
                                       DefaultListener{"udp", 0}};

Member text(std::string_view key, std::string_view value) {
  return {std::string(key), {}, Node{std::string(value)}};
}

Node listener(const DefaultListener& wanted) {
  Node::Table table{text("name", wanted.name), text("protocol", wanted.name),
                    text("listen", "127.0.0.1:0"), text("intercept", "redirect")};
  // An empty table `tls` enables interception of the hosts that rules match.
  if (wanted.name == Protocol::kTls.name()) table.push_back({"tls", {}, Node{Node::Table{}}});
  if (wanted.port != 0) table.push_back({"ports", {}, Node{Node::Array{Node{wanted.port}}}});
  return Node{std::move(table)};
}

bool is(const Node& table, std::string_view key, std::string_view value) {
  const auto* found = table.find(key);
  return found != nullptr && found->string() != nullptr && *found->string() == value;
}

}  // namespace

Node with_default_listeners(Node document) {
  auto* table = std::get_if<Node::Table>(&document.value);
  if (table == nullptr) return document;
  auto list = std::find_if(table->begin(), table->end(),
                           [](const Member& member) { return member.key == "listener"; });
  if (list == table->end()) {
    table->push_back({"listener", {}, Node{Node::Array{}}});
    list = std::prev(table->end());
  }
  auto* listeners = std::get_if<Node::Array>(&list->node.value);
  // The value of "listener" is not a list. The reader of the rule file reports this error.
  if (listeners == nullptr) return document;
  for (const auto& wanted : kDefaultListeners) {
    const bool taken = std::any_of(listeners->begin(), listeners->end(),
                                   [&](const Node& node) { return is(node, "name", wanted.name); });
    if (!taken) listeners->push_back(listener(wanted));
  }
  return document;
}

}  // namespace brownout::rules
