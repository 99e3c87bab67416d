// HttpLab runs one HTTP connection through a Conversation, with a server that answers at once.
// Tests compare the client's result as text. The lab uses no sockets and no clock.
//
//   HttpLab lab("[[rule]]\nfault = { type = \"abort\", status = 500 }");
//   EXPECT_EQ(lab.get("/login"), "500");
//
// A response prints as status and body. If its first byte is delayed, "+2s " precedes it. If its
// body takes time, "in 3s" follows it. The end of the connection follows: "(closed)", "(reset)", or
// "(silence)" if nothing arrived. A malformed response ends with "(broken: why)".
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
  // Opens another connection of the same client at the same time, with the same rules.
  explicit HttpLab(const HttpLab& other);
  ~HttpLab() override;

  // Sends a request on this connection, or on a new one if this one has ended.
  std::string get(const std::string& target) { return ask("GET", target); }
  std::string ask(const std::string& method, const std::string& target,
                  const std::string& headers = "", const std::string& body = "");
  // Sends `count` requests. Returns how many of them get `answer`.
  int count(int count, const std::string& target, const std::string& answer);

  // These functions send raw bytes, end connections, and advance the time.
  void client(std::string_view bytes);
  void client_ends();
  void server(std::string_view bytes);
  void server_ends(bool reset = false);
  void advance(Duration by);
  void reload(const std::string& rules);
  // Replaces this connection by one of another client.
  void reconnect(const std::string& address = "10.1.2.3");

  // The server's response to every request. Without a value the server does not respond.
  std::optional<std::string> reply;
  // Whether requests go to an idle server connection that was used before.
  bool reuses = false;
  // Whether connecting to the server fails.
  bool unreachable = false;
  // The size of the pieces into which input is cut.
  std::size_t piece = SIZE_MAX;

  const std::string& to_client_bytes() const { return received_; }
  const std::string& to_server_bytes() const { return asked_; }
  const std::vector<std::string>& copies() const { return copies_; }
  // One line for each event of a rule, such as "delay".
  const std::string& notes() const { return notes_; }
  // One line for each response: its status, or "cut short".
  const std::string& outcomes() const { return outcomes_; }
  const std::string& reports() const { return reports_; }
  const std::string& reasons() const { return reasons_; }  // of the reports, one a line
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
    holds.watch([this] { released_ = true; });
  }
  void record(const rules::FlowFacts&, const rules::Rule&, rules::Direction,
              const rules::Note& note) override {
    notes_ += std::string(note.action) + "\n";
  }
  void report(std::string_view event, std::string_view why) override {
    reports_ += std::string(event) + "\n";
    reasons_ += std::string(why) + "\n";
  }

  void settle();
  void run_released();
  void answer_requests();
  std::string outcome(const std::string& method, std::size_t from, Instant asked);

  std::string protocol_;
  rules::Config config_;
  std::shared_ptr<const rules::RuleSet> set_;
  rules::FlowFacts facts_;
  std::unique_ptr<http::Conversation> conversation_;
  std::unique_ptr<codecs::Http1Parser> requests_;
  Instant now_{};
  std::uint64_t ordinal_ = 0;
  std::string received_;
  std::size_t mark_ = 0;  // offset of the current response in received_
  Instant first_byte_{};
  Instant last_byte_{};
  std::string asked_;
  std::size_t read_by_server_ = 0;
  std::vector<std::string> copies_;
  std::string notes_;
  std::string reports_;
  std::string reasons_;
  std::string outcomes_;
  int dials_ = 0;
  bool released_ = false;
  bool connected_ = false;
  bool dialling_ = false;
  bool closed_ = false;
  bool reset_ = false;
};

}  // namespace brownout::test
