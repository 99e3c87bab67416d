// H2ClientLab runs the HTTP/2 connection of one client through a ClientConnection, with rules and
// in virtual time. Its server is a text of HTTP/1 that answers every request, or an H2Peer behind a
// ServerConnection.
//
//   H2ClientLab lab("[[rule]]\nfault = { type = \"abort\", status = 500 }");
//   lab.get("/");
//   EXPECT_EQ(lab.seen(), "head 1 500\nend 1\n");
//
// seen() has one line for each event of the client since the last call: "head 1 200", "data 1
// hello", "end 1 [grpc-status: 0]", "reset 1 CODE", "goaway LAST CODE", "ping", "settings N",
// "(closed)". After advance(), "+2s " precedes the events.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "rules/protocols/http2/codec/client_connection.h"
#include "rules/protocols/http2/codec/server_connection.h"
#include "tests/support/http2_lab.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {

class H2ClientLab final : private http2::ClientConnection::Wire,
                          private http2::ServerConnection::Wire {
 public:
  explicit H2ClientLab(const std::string& rules = "", bool http2_server = false,
                       const std::string& protocol = "http");
  ~H2ClientLab() override;

  StreamId get(const std::string& path) { return ask("GET", path); }
  // Sends a request; it ends with `body`, unless `open`.
  StreamId ask(const std::string& method, const std::string& path, const std::string& body = "",
               bool open = false, const std::vector<rules::HttpHeader>& headers = {});
  void client_bytes(std::string_view bytes);
  // Advances the time from deadline to deadline.
  void advance(Duration by);
  void reload(const std::string& rules);
  std::string seen();
  // Returns the number of PINGs of the client that were answered.
  std::size_t acks() const { return acks_; }
  // Returns how often the first of the rules at the beginning has matched.
  std::uint64_t matched() const { return first_->matched; }
  // Lets the client, the proxy and the server exchange what they have.
  void run();
  // For the HTTP/1 server of a stream: sends more bytes, or ends the connection.
  void server(StreamId id, std::string_view bytes);
  void server_ends(StreamId id, bool reset = false);

  // The HTTP/1 server's response to every request. Without a value, the server does not respond.
  std::optional<std::string> reply =
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";
  H2Peer client{Session::Role::kClient};
  // The server of HTTP/2, which the test lets answer.
  H2Peer upstream{Session::Role::kServer};
  std::map<StreamId, std::string> asked;  // bytes that the HTTP/1 server of each stream got
  std::string notes;                      // one line for each event of a rule
  std::string reports;
  bool client_takes_bytes = true;
  bool unreachable = false;
  http2::ClientConnection& connection() { return *connection_; }

 private:
  struct Server {
    http2::ClientStream* stream = nullptr;
    std::unique_ptr<codecs::Http1Parser> requests;
    std::size_t read = 0;
    bool dialling = true;
    std::unique_ptr<http2::StreamLink> link;
  };

  void to_client(http2::ByteView bytes) override;
  bool client_takes() const override { return client_takes_bytes; }
  void close_client(rules::Close) override {}
  void ask_for_server(http2::ClientStream& stream, bool fresh) override;
  void drop_server(http2::ClientStream& stream) override;
  void to_server(http2::ClientStream& stream, http2::ByteView bytes) override {
    asked[stream.id()] += codecs::text_of(bytes);
  }
  bool server_takes(const http2::ClientStream&) const override { return true; }
  void finish_server(http2::ClientStream& stream) override { asked[stream.id()] += "<FIN>"; }
  void resume_server(http2::ClientStream&) override {}
  const rules::FlowFacts& facts(const http2::ClientStream&) override { return facts_; }
  const rules::FlowFacts& client_facts() override { return facts_; }
  void begins(const http2::ClientStream&) override {}
  void responds(const http2::ClientStream&, int) override {}
  void cut_short(const http2::ClientStream&) override {}
  void ended(const http2::ClientStream&) override {}
  void send_copy(http2::ClientStream&, std::string, std::string_view) override {}
  const rules::RuleSet& rules() override { return *set_; }
  void record(const rules::FlowFacts&, const rules::Rule&, rules::Direction,
              const rules::Note& note) override {
    notes += std::string(note.action) + "\n";
  }
  void watch(http2::ClientStream&, const rules::PlanHolds&) override {}
  void report(std::string_view event, std::string_view why) override {
    reports += std::string(event) + ": " + std::string(why) + "\n";
  }
  void has_output() override {}
  bool serve();

  bool http2_server_;
  std::string protocol_;
  rules::Config config_;
  std::shared_ptr<const rules::RuleSet> set_;
  rules::FlowFacts facts_;
  Instant now_{};
  Duration waited_{};
  std::string seen_;
  std::size_t acks_ = 0;
  std::shared_ptr<rules::RuleState> first_;
  std::map<StreamId, Server> servers_;
  std::vector<Server> left_;
  std::unique_ptr<http2::ServerConnection> to_upstream_;
  std::unique_ptr<http2::ClientConnection> connection_;
};

}  // namespace brownout::test
