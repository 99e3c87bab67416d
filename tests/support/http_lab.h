// One HTTP connection through a Conversation, with a server that answers at once: what the client
// gets, as text. No sockets, no clock.
//
//   HttpLab lab("[[rule]]\nfault = { type = \"abort\", status = 500 }");
//   EXPECT_EQ(lab.get("/login"), "500");
//
// A response prints as its status and body, "+2s 200 hello" when its first byte came late; what
// happens to the connection follows: "(closed)", "(reset)", or "(silence)" when nothing came.
// A body that took time ends with "in 3s". Broken responses end with "(broken: why)".
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "rules/protocols/http1/codec/conversation.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {

class HttpLab final : private http::Conversation::Wire {
 public:
  explicit HttpLab(const std::string& rules = "", std::uint64_t seed = 1,
                   const std::string& protocol = "http");
  // Another connection of the same client, under the same rules, at the same time.
  explicit HttpLab(const HttpLab& other);
  ~HttpLab() override;

  // One request on this connection; a connection that is over is followed by a new one.
  std::string get(const std::string& target) { return ask("GET", target); }
  std::string ask(const std::string& method, const std::string& target,
                  const std::string& headers = "", const std::string& body = "");
  // Of `count` requests, how many get `answer`.
  int count(int count, const std::string& target, const std::string& answer);

  // Bytes as they are, and the time.
  void client(std::string_view bytes);
  void client_ends();
  void server(std::string_view bytes);
  void server_ends(bool reset = false);
  void advance(Duration by);
  void reload(const std::string& rules);
  // The next client of the same listener.
  void reconnect(const std::string& address = "10.1.2.3");

  // What the server answers to everything; with none it says nothing by itself.
  std::optional<std::string> reply;
  // The server's connection is an idle one that was used before.
  bool reuses = false;
  // No server can be reached.
  bool unreachable = false;
  // Reads and writes go in pieces of this size.
  std::size_t piece = SIZE_MAX;

  const std::string& to_client_bytes() const { return received_; }
  const std::string& to_server_bytes() const { return asked_; }
  const std::vector<std::string>& copies() const { return copies_; }
  const std::string& notes() const { return notes_; }        // "delay", one a line
  const std::string& outcomes() const { return outcomes_; }  // "200", "cut short", one a line
  const std::string& reports() const { return reports_; }
  int dials() const { return dials_; }
  bool closed() const { return closed_; }
  bool reset() const { return reset_; }
  http::Conversation& conversation() { return *conversation_; }
  const rules::RuleState& state(std::size_t rule = 0) const { return *set_->rules()[rule]->state; }

 private:
  void to_client(codecs::ByteView bytes) override;
  void to_server(codecs::ByteView bytes) override;
  void responds(int status) override { outcomes_ += std::to_string(status) + "\n"; }
  void cut_short() override { outcomes_ += "cut short\n"; }
  void ask_for_server(bool fresh) override;
  void drop_server() override { connected_ = false; }
  void close_client(rules::Close how) override;
  void finish_client() override { closed_ = true; }
  void finish_server() override { notes_ += "(half-closed)\n"; }
  void send_copy(std::string request, std::string_view) override { copies_.push_back(request); }
  const rules::RuleSet& rules() override { return *set_; }
  void watch(const rules::PlanHolds& holds) override {
    holds.watch([this] { freed_ = true; });
  }
  void record(const rules::FlowFacts&, const rules::Rule&, rules::Direction,
              const rules::Note& note) override {
    notes_ += std::string(note.action) + "\n";
  }
  void report(std::string_view event, std::string_view) override {
    reports_ += std::string(event) + "\n";
  }

  void settle();
  void hear();
  void answer_requests();
  std::string outcome(const std::string& method, std::size_t from, Instant asked);

  std::string protocol_;
  std::shared_ptr<const rules::RuleSet> set_;
  rules::FlowFacts facts_;
  std::unique_ptr<http::Conversation> conversation_;
  std::unique_ptr<codecs::Http1Parser> requests_;
  Instant now_{};
  std::uint64_t ordinal_ = 0;
  std::string received_;
  std::size_t mark_ = 0;  // in received_, where the response asked for begins
  Instant first_byte_{};
  Instant last_byte_{};
  std::string asked_;
  std::size_t read_by_server_ = 0;
  std::vector<std::string> copies_;
  std::string notes_;
  std::string reports_;
  std::string outcomes_;
  int dials_ = 0;
  bool freed_ = false;
  bool connected_ = false;
  bool dialling_ = false;
  bool closed_ = false;
  bool reset_ = false;
};

}  // namespace brownout::test
