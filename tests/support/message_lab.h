// MessageLab runs one connection of a text protocol, or the bodies of one HTTP exchange, through a
// MessageTunnel, and collects the bytes that each end receives. The lab uses no sockets and no
// clock.
//
//   MessageLab lab("xmpp", "[[rule]]\nfault = { type = \"ack_loss\" }");
//   lab.from_server("<a xmlns='urn:xmpp:sm:3' h='1'/>");
//   EXPECT_EQ(lab.at_client(), "");
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "rules/engine/rule_set.h"
#include "rules/language/config.h"
#include "rules/protocols/codec/message_tunnel.h"

namespace brownout::test {

// Returns the codec for the messages of a listener's connections. If its messages are in bodies of
// HTTP, the codec is that of a POST to /shop.Orders/Watch whose bodies have the first media type of
// the protocol.
std::unique_ptr<messages::MessageCodec> codec_for(const rules::Listener& listener);

class MessageLab : messages::MessageTunnel::Owner {
 public:
  // `listener` adds keys to the listener. Input is cut into pieces of `piece` bytes.
  MessageLab(std::string protocol, const std::string& rules = "", std::string listener = "",
             std::size_t piece = 1 << 20);

  void from_client(std::string_view bytes) { push(rules::Direction::kUpstream, bytes); }
  void from_server(std::string_view bytes) { push(rules::Direction::kDownstream, bytes); }
  // Reports that the TLS handshakes of client and server are complete.
  void secured() { tunnel_.secured(); }
  std::string host() const { return tunnel_.host(); }
  void client_finishes() { tunnel_.finish(rules::Direction::kUpstream, now_); }
  void server_finishes() { tunnel_.finish(rules::Direction::kDownstream, now_); }
  void pass(rules::Duration time);
  void set_rules(const std::string& rules);

  // The bytes that arrived since the last call.
  std::string at_server() { return std::exchange(to_server, {}); }
  std::string at_client() { return std::exchange(to_client, {}); }

  std::string to_server;
  std::string to_client;
  std::string reports;
  std::string closed;   // "fin" or "reset" once a rule has closed the connection
  int client_ends = 0;  // how often the client got the end of the server's stream
  int injected = 0;
  int secures = 0;  // the number of times that TLS began

 private:
  void tunnel_bytes(rules::Direction direction, codecs::ByteView bytes) override;
  void tunnel_finished(rules::Direction direction) override {
    client_ends += direction == rules::Direction::kDownstream ? 1 : 0;
  }
  void tunnel_closed(rules::Close how) override {
    closed = how == rules::Close::kFin ? "fin" : "reset";
  }
  void tunnel_injected(const rules::Rule&, rules::Direction, const rules::Note&) override {
    ++injected;
  }
  void tunnel_report(std::string_view event, std::string_view why) override {
    reports += std::string(event) + ": " + std::string(why) + "\n";
  }
  void tunnel_secures() override { ++secures; }
  void push(rules::Direction direction, std::string_view bytes);

  std::string protocol_;
  std::string listener_;
  std::size_t piece_;
  rules::Instant now_{};
  rules::Config config_;
  std::shared_ptr<const rules::RuleSet> set_;
  messages::MessageTunnel tunnel_;
};

// The XMPP stream openings of client and server.
std::string xmpp_opening_of_client();
std::string xmpp_opening_of_server();
// A lab whose XMPP connection is open and has bound the resource ann@x.org/phone.
std::unique_ptr<MessageLab> bound_xmpp(const std::string& rules = "", std::size_t piece = 1 << 20);

}  // namespace brownout::test
