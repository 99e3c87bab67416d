#include "rules/message/message_protocol.h"

#include <algorithm>

#include "rules/base/list_text.h"

namespace brownout::rules {

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool MessageProtocol::has_text(const Message& message, std::span<const std::byte> payload,
                               const std::vector<TextPattern>& wanted) const {
  const auto said = text(message, payload);
  return said && any_matches(wanted, *said);
}

std::optional<std::string> MessageProtocol::words(const Chunk& chunk) const {
  if (is_control(*chunk.message())) return std::nullopt;
  return std::string(text_of(chunk.bytes()));
}

ProtocolSet ProtocolSet::of(const MessageProtocol& protocol) {
  const auto all = message_protocols();
  const auto place = std::find(all.begin(), all.end(), &protocol) - all.begin();
  return ProtocolSet(1U << static_cast<unsigned>(place));
}

ProtocolSet ProtocolSet::any() {
  return ProtocolSet((1U << static_cast<unsigned>(message_protocols().size())) - 1);
}

ProtocolSet ProtocolSet::where(bool (MessageProtocol::*property)() const) {
  ProtocolSet set;
  for (const auto* protocol : message_protocols()) {
    if ((protocol->*property)()) set = set | of(*protocol);
  }
  return set;
}

std::string ProtocolSet::text() const {
  std::vector<std::string_view> titles;
  for (const auto* protocol : message_protocols()) {
    if (has(*protocol)) titles.push_back(protocol->title());
  }
  return and_text(titles);
}

const ProtocolOption* ProtocolOptions::find(const MessageProtocol& protocol,
                                            std::string_view key) const {
  for (const auto& given : given_) {
    if (given.protocol == &protocol && given.key == key) return given.option.get();
  }
  return nullptr;
}

void report_own_mistakes(const MessageProtocol& protocol,
                         std::vector<OptionKey> (MessageProtocol::*keys)() const, const Node& table,
                         Diagnostics& problems) {
  const auto reads = [&](const MessageProtocol& other, const std::string& name, const Node& value) {
    const auto all = (other.*keys)();
    return std::any_of(all.begin(), all.end(), [&](const OptionKey& key) {
      Diagnostics ignored;
      return key.info.name == name && key.read(value, ignored) != nullptr;
    });
  };
  for (const auto& key : (protocol.*keys)()) {
    const auto* value = table.find(key.info.name);
    Diagnostics wrong;
    if (value == nullptr || key.read(*value, wrong)) continue;
    const auto& others = message_protocols();
    const bool understood = std::any_of(others.begin(), others.end(), [&](const auto* other) {
      return reads(*other, key.info.name, *value);
    });
    if (understood) problems.add_all(wrong);
  }
}

std::optional<Refusal> refusal_of(const Chunk& asked, const RefusalOptions& how) {
  const auto* message = asked.message();
  if (message == nullptr || message->protocol == nullptr) return std::nullopt;
  return message->protocol->refuse(asked, how);
}

std::optional<Chunk> pong_of(const Chunk& ping) {
  const auto* message = ping.message();
  if (message == nullptr || message->protocol == nullptr) return std::nullopt;
  return message->protocol->pong(ping);
}

bool must_be_text(const Message& message) {
  return message.protocol != nullptr && message.protocol->must_be_text(message);
}

std::optional<std::string> words_of(const Chunk& chunk) {
  const auto* protocol = chunk.message()->protocol;
  return protocol != nullptr ? protocol->words(chunk) : std::nullopt;
}

std::optional<Chunk> with_text(const Chunk& chunk, std::string_view text) {
  const auto* message = chunk.message();
  if (message == nullptr || message->protocol == nullptr) return std::nullopt;
  return message->protocol->with_text(chunk, text);
}

Chunk message_chunk(const MessageProtocol& protocol, std::shared_ptr<const MessageView> view,
                    std::string_view payload) {
  auto message = std::make_shared<Message>();
  message->protocol = &protocol;
  message->view = std::move(view);
  return Chunk::of(std::as_bytes(std::span(payload.data(), payload.size())), std::move(message));
}

}  // namespace brownout::rules
