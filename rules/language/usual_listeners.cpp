#include "rules/language/usual_listeners.h"

#include <algorithm>
#include <array>

namespace brownout::rules {
namespace {

struct Usual {
  std::string_view name;  // and protocol
  std::int64_t port;      // 0: all that are left
};
constexpr std::array kUsual{Usual{"dns", 53}, Usual{"http", 80}, Usual{"tls", 443}, Usual{"tcp", 0},
                            Usual{"udp", 0}};

Member text(std::string_view key, std::string_view value) {
  return {std::string(key), {}, Node{std::string(value)}};
}

Node listener(const Usual& usual) {
  Node::Table table{text("name", usual.name), text("protocol", usual.name),
                    text("listen", "127.0.0.1:0"), text("intercept", "redirect")};
  if (usual.port != 0) table.push_back({"ports", {}, Node{Node::Array{Node{usual.port}}}});
  return Node{std::move(table)};
}

bool is(const Node& table, std::string_view key, std::string_view value) {
  const auto* found = table.find(key);
  return found != nullptr && found->string() != nullptr && *found->string() == value;
}

}  // namespace

Node with_usual_listeners(Node document) {
  auto* table = std::get_if<Node::Table>(&document.value);
  if (table == nullptr) return document;
  auto list = std::find_if(table->begin(), table->end(),
                           [](const Member& member) { return member.key == "listener"; });
  if (list == table->end()) {
    table->push_back({"listener", {}, Node{Node::Array{}}});
    list = std::prev(table->end());
  }
  auto* listeners = std::get_if<Node::Array>(&list->node.value);
  // Not a list: whoever reads it says so.
  if (listeners == nullptr) return document;
  for (const auto& usual : kUsual) {
    const bool taken = std::any_of(listeners->begin(), listeners->end(),
                                   [&](const Node& node) { return is(node, "name", usual.name); });
    if (!taken) listeners->push_back(listener(usual));
  }
  return document;
}

}  // namespace brownout::rules
