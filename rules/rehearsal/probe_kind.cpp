#include "rules/rehearsal/probe_kind.h"

#include <algorithm>

namespace brownout::rules {

std::vector<std::string_view> ProbeKind::names() {
  std::vector<std::string_view> names;
  for (const auto kind :
       {kTcp, kHttp, kSse, kDns, kWebSocket, kTls, kExec, kPrometheus, kPostgres}) {
    names.push_back(kind.name());
  }
  for (const auto* protocol : message_protocols()) {
    if (protocol->has_users()) names.push_back(protocol->name());
  }
  return names;
}

std::optional<ProbeKind> ProbeKind::named(std::string_view wanted) {
  const auto names = ProbeKind::names();
  const auto found = std::find(names.begin(), names.end(), wanted);
  if (found == names.end()) return std::nullopt;
  return ProbeKind(*found);
}

std::string ValueKind<ProbeKind>::name() {
  std::string text;
  for (const auto name : ProbeKind::names()) text += (text.empty() ? "" : " | ") + in_quotes(name);
  return text;
}

Result<ProbeKind> ValueKind<ProbeKind>::read(const Node& node) {
  const auto* text = node.string();
  const auto kind = text != nullptr ? ProbeKind::named(*text) : std::nullopt;
  if (kind) return *kind;
  const auto names = ProbeKind::names();
  return unknown_name(node, names);
}

}  // namespace brownout::rules
