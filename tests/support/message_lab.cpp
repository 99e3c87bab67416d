#include "tests/support/message_lab.h"

#include <algorithm>
#include <map>

#include "rules/protocols/codec/codec_of.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {

using rules::Direction;

std::unique_ptr<messages::MessageCodec> codec_for(const rules::Listener& listener) {
  if (!listener.protocol.has_body_messages()) return messages::codec_of(listener);
  const auto name = listener.protocol.name();
  const std::string type = name == "sse"      ? "text/event-stream"
                           : name == "ndjson" ? "application/x-ndjson"
                                              : "application/grpc";
  rules::HttpHead request;
  request.method = "POST";
  request.target = "/shop.Orders/Watch";
  request.append("content-type", type);
  request.append("last-event-id", "41");
  request.append("x-tenant", "blue");
  // The codec borrows it.
  static const auto exchanges = std::make_unique<std::map<std::string, rules::HttpExchange>>();
  const auto& exchange =
      exchanges->try_emplace(type, rules::HttpExchange::of(std::move(request))).first->second;
  return messages::codec_of_body(listener, exchange, Direction::kUpstream);
}

MessageLab::MessageLab(std::string protocol, const std::string& rules, std::string listener,
                       std::size_t piece)
    : protocol_(std::move(protocol)),
      listener_(std::move(listener)),
      piece_(piece),
      config_(config_of(rules, protocol_, listener_)),
      set_(rules::RuleSet::activate(config_.rules, 1, now_)),
      tunnel_(static_cast<messages::MessageTunnel::Owner&>(*this),
              codec_for(config_.listeners.front()), flow_of(1)) {
  tunnel_.set_rules(*set_, now_);
}

void MessageLab::push(rules::Direction direction, std::string_view bytes) {
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece_, bytes.size()))) {
    tunnel_.push(direction, codecs::bytes_of(bytes.substr(0, piece_)), now_);
  }
}

void MessageLab::pass(rules::Duration time) {
  const auto until = now_ + time;
  while (tunnel_.deadline() <= until) {
    now_ = tunnel_.deadline();
    tunnel_.advance(now_);
  }
  now_ = until;
}

void MessageLab::set_rules(const std::string& rules) {
  set_ =
      rules::RuleSet::activate(config_of(rules, protocol_, listener_).rules, 1, now_, set_.get());
  tunnel_.set_rules(*set_, now_);
}

void MessageLab::tunnel_bytes(rules::Direction direction, codecs::ByteView bytes) {
  (direction == rules::Direction::kUpstream ? to_server : to_client) += codecs::text_of(bytes);
}

std::string xmpp_opening_of_client() {
  return "<?xml version='1.0'?><stream:stream to='x.org' xmlns='jabber:client' "
         "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";
}

std::string xmpp_opening_of_server() {
  return "<?xml version='1.0'?><stream:stream id='1' from='x.org' xmlns='jabber:client' "
         "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
         "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>";
}

std::unique_ptr<MessageLab> bound_xmpp(const std::string& rules, std::size_t piece) {
  auto owned = std::make_unique<MessageLab>("xmpp", "", "", piece);
  auto& lab = *owned;
  lab.from_client(xmpp_opening_of_client());
  lab.from_server(xmpp_opening_of_server());
  lab.from_client("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
  lab.from_server(
      "<iq type='result' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
      "<jid>ann@x.org/phone</jid></bind></iq>");
  lab.set_rules(rules);
  lab.at_client();
  lab.at_server();
  return owned;
}

}  // namespace brownout::test
