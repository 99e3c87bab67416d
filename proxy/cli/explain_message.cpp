#include "proxy/cli/explain_message.h"

namespace brownout::cli {
namespace {

using rules::MessageProtocol;

// Returns the message protocol that a given option belongs to, among those that the connection may
// speak. Without such an option, the first of them.
const MessageProtocol* protocol_of(const ExplainOptions& options, rules::ProtocolSet spoken) {
  const MessageProtocol* first = nullptr;
  for (const auto* protocol : rules::message_protocols()) {
    if (!spoken.has(*protocol)) continue;
    if (first == nullptr) first = protocol;
    for (const auto& option : protocol->explain_options()) {
      if (option.decides && options.message.contains(option.name)) return protocol;
    }
  }
  return first;
}

std::string lines_of(const std::vector<std::string>& headers) {
  std::string lines;
  for (const auto& header : headers) lines += header + "\r\n";
  return lines;
}

}  // namespace

std::optional<rules::Message> message_of(const ExplainOptions& options, rules::Protocol protocol) {
  const bool headers = protocol.of_messages() != nullptr && !options.headers.empty();
  if (options.message.empty() && options.text.empty() && !headers) return std::nullopt;
  const auto* spoken = protocol_of(options, protocol.messages());
  if (spoken == nullptr) return std::nullopt;
  return spoken->message_from_options([&](std::string_view name) {
    if (name == "text") return options.text;
    if (name == "header") return lines_of(options.headers);
    const auto given = options.message.find(std::string(name));
    return given != options.message.end() ? given->second : std::string();
  });
}

}  // namespace brownout::cli
