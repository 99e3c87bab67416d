// Http1To2Lab runs the connection of one HTTP/1 client through a Conversation to a server of
// HTTP/2, which answers every request with 200 and "hello". No sockets, no clock, no rules.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "rules/protocols/http1/codec/conversation.h"
#include "rules/protocols/http2/codec/server_connection.h"
#include "tests/support/http2_lab.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {

class Http1To2Lab final : private http::Conversation::Wire, private http2::ServerConnection::Wire {
 public:
  Http1To2Lab() {
    server.on_event = [this](const std::string& event, StreamId id) {
      if (server.ends.contains(id) && event != "closed" && event != "sent") answer(id);
    };
  }
  ~Http1To2Lab() override {
    left_.clear();
    link_.reset();
  }

  void client(std::string_view bytes) {
    conversation_.client_bytes(codecs::bytes_of(bytes), now_);
    run();
  }

  H2Peer server{Session::Role::kServer};
  std::string received;  // bytes to the client
  bool closed = false;

 private:
  void answer(StreamId id) {
    if (!answered_.insert(id).second) return;
    const bool no_body = server.heads[id].method == "HEAD";
    server.session.send_response(id, h2_response(200, {{"content-length", "5"}}), no_body);
    if (no_body) return;
    server.session.send_data(id, codecs::bytes_of("hello"));
    server.session.send_end(id, {});
  }
  void run() {
    for (bool moved = true; moved;) {
      moved = std::exchange(dialling_, false);
      if (moved) {
        link_ = to_server_.open(conversation_);
        if (link_) conversation_.server_ready(*link_, now_);
        if (!link_) conversation_.server_failed("no stream is allowed", false, now_);
      }
      left_.clear();
      while (true) {
        const auto bytes = to_server_.output(64 * 1024);
        if (bytes.empty()) break;
        server.receive(codecs::text_of(bytes));
        moved = true;
      }
      to_server_.tell_users(now_);
      const auto down = server.output();
      if (down.empty()) continue;
      to_server_.receive(codecs::bytes_of(down), now_);
      moved = true;
    }
  }

  void to_client(codecs::ByteView bytes) override { received += codecs::text_of(bytes); }
  void to_server(codecs::ByteView) override {}
  void responds(int) override {}
  void cut_short() override {}
  void ask_for_server(bool) override { dialling_ = true; }
  // The caller may be the link.
  void drop_server() override {
    if (link_) left_.push_back(std::move(link_));
  }
  void close_client(rules::Close) override { closed = true; }
  void finish_client() override { closed = true; }
  void finish_server() override {}
  void send_copy(std::string, std::string_view) override {}
  const rules::RuleSet& rules() override { return *set_; }
  void record(const rules::FlowFacts&, const rules::Rule&, rules::Direction,
              const rules::Note&) override {}
  void watch(const rules::PlanHolds&) override {}
  void report(std::string_view, std::string_view) override {}
  void has_output() override {}

  Instant now_{};
  rules::Config config_ = config_of("", "http");
  std::shared_ptr<const rules::RuleSet> set_ = rules::RuleSet::activate(config_.rules, 1, now_);
  rules::FlowFacts facts_ = flow_of();
  std::set<StreamId> answered_;
  bool dialling_ = false;
  http2::ServerConnection to_server_{static_cast<http2::ServerConnection::Wire&>(*this), false};
  http::Conversation conversation_{static_cast<http::Conversation::Wire&>(*this), facts_};
  std::unique_ptr<http2::StreamLink> link_;
  std::vector<std::unique_ptr<http2::StreamLink>> left_;
};

}  // namespace brownout::test
