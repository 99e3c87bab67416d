// Flow: forwards one client connection to one server connection, as bytes or as messages of the
// listener's protocol.
//
// accepted -> (accept_delay) -> (connect_delay) -> dialling -> serving -> over
//
// With STARTTLS, serving pauses when the server agrees to it, both TLS handshakes run, and serving
// resumes inside TLS.
//
// A fault may close both ends by RST after data: resetting is the state in which the peers still
// acknowledge this data.
//
// FIN, RST and half-close pass through unchanged. A client whose server cannot be reached gets a
// RST, not a silent close. Owned by its worker (proxy/engine/worker.h), which destroys it between
// iterations of the event loop. Use only on the event loop's thread.
#pragma once

#include <memory>
#include <optional>

#include "proxy/flow/client_flow.h"
#include "proxy/flow/pipe.h"
#include "rules/protocols/codec/message_tunnel.h"

namespace brownout::proxy {

class Flow final : public ClientFlow,
                   private End::Owner,
                   private Pipe::Owner,
                   private messages::MessageTunnel::Owner {
 public:
  Flow(FlowHost& host, HandOver from);
  ~Flow() override;

  void start() override;
  void apply(const rules::RuleSet& set) override;
  void set_rewrite(const rules::AddressMap& map) override;
  void end(CloseMode mode) override;

  bool over() const {
    return state_ == State::kOver || state_ == State::kLingering || state_ == State::kResetting;
  }

 private:
  enum class State {
    kWaiting,
    kHanging,
    kAnswering,
    kDialling,
    kServing,
    kSecuring,
    kLingering,
    kResetting,
    kOver
  };

  void on_end_ready(End& end, std::uint32_t events) noexcept override;
  void on_due(Instant now) noexcept override;
  void on_connected(Stream stream, const SocketAddress& server, std::uint32_t events) override;
  void on_connect_failed(const Error& error) override;
  void on_connect_stopped(rules::Admission admission) override;
  void admitted() override;
  Stream& client() override { return client_.stream; }
  std::size_t held(rules::Direction direction) const override { return pipe(direction).held(); }
  std::vector<std::string> message_rules() const override {
    return tunnel_ ? tunnel_->rules() : std::vector<std::string>();
  }
  void send_and_close(std::string_view bytes) override { answer(client_, bytes); }
  void hang() override { state_ = State::kHanging; }
  bool hanging() const override { return state_ == State::kHanging; }
  void answer_when_asked(std::string answer) override;
  void answer(End& end, std::string_view bytes);

  // Overrides of Pipe::Owner.
  void pipe_read(rules::Direction direction, std::size_t size,
                 std::span<const std::byte> bytes) override {
    passed(direction, size);
    if (direction == rules::Direction::kUpstream) turns_.from_client(size, bytes);
  }
  void pipe_wrote(rules::Direction direction, std::size_t size,
                  std::span<const std::byte> bytes) override {
    if (direction == rules::Direction::kDownstream) turns_.to_client(size, bytes);
  }
  bool pipe_waits() const override { return closing_.has_value() || securing_; }
  bool pipe_over() const override { return over(); }
  void pipe_failed(End& end) override { end_failed(end); }
  void pipe_finished(rules::Direction direction) override;
  void pipe_closed(rules::Close how) override { close(how); }
  void pipe_answered(End& source, std::string_view bytes) override { answer(source, bytes); }
  void pipe_injected(const rules::Rule& rule, rules::Direction direction,
                     const rules::Note& note) override {
    host_.record(facts_, rule, direction, note);
  }
  void pipe_buffer_full() override { host_.buffer_full(listener()); }

  // Overrides of MessageTunnel::Owner.
  void tunnel_bytes(rules::Direction direction, std::span<const std::byte> bytes) override {
    if (!over()) pipe(direction).from_messages(bytes);
  }
  void tunnel_finished(rules::Direction direction) override {
    if (!over()) pipe(direction).messages_finished();
  }
  void tunnel_closed(rules::Close how) override;
  void tunnel_injected(const rules::Rule& rule, rules::Direction direction,
                       const rules::Note& note) override {
    host_.record(facts_, rule, direction, note);
  }
  void tunnel_report(std::string_view event, std::string_view why) override {
    host_.report(facts_, event, why);
  }
  void tunnel_warns(std::string_view event, std::string_view why) override {
    host_.report(facts_, event, why, true);
  }
  void tunnel_secures() override { securing_ = listener_->starts_tls() && group_->starts_tls(); }

  void start_dialling();
  void serve(std::uint32_t events);
  void secure();
  void secure_server();
  void serve_secured();
  void end_failed(End& end);
  void set_pipe_rules(const rules::RuleSet& set, Instant now);
  void close(rules::Close how);
  void linger();
  void reset_when_acknowledged();
  void await_acknowledgement(Instant now);
  void discard_both();
  void release();
  void arm();
  void check_abandoned();
  bool learn_name();
  void close_when_sent();
  void flush_both();
  const Pipe& pipe(rules::Direction direction) const {
    return direction == rules::Direction::kUpstream ? upstream_ : downstream_;
  }
  Pipe& pipe(rules::Direction direction) {
    return direction == rules::Direction::kUpstream ? upstream_ : downstream_;
  }
  Pipe& from(const End& end) { return &end == &client_ ? upstream_ : downstream_; }
  Pipe& to(const End& end) { return &end == &client_ ? downstream_ : upstream_; }

  End client_{*this};
  End server_{*this};
  Pipe upstream_;
  Pipe downstream_;
  // decodes messages; null if the listener's protocol has none
  std::unique_ptr<messages::MessageTunnel> tunnel_;
  std::optional<rules::AddressMap> rewrite_;  // since a reload, in place of the listener's
  std::string answer_;
  std::string server_host_;  // the server's host as written in [[upstream]], for STARTTLS
  State state_ = State::kWaiting;
  std::optional<rules::Close> closing_;        // how to close both sockets once all bytes are sent
  std::optional<AcknowledgementWait> resets_;  // set while a RST waits for data to arrive
  // STARTTLS: whether the server has agreed, and which TLS handshakes have completed since then.
  bool securing_ = false;
  bool client_secured_ = false;
  bool server_secured_ = false;
};

}  // namespace brownout::proxy
