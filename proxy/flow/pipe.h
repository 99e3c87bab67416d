// Pipe: one direction of a flow. What its source says passes, in this order, each part only where
// a rule or the protocol needs it:
//
//   source -> stages ahead -> messages -> stages behind -> what waits -> sink
//
// The messages are those of the listener's protocol, through the stages of the rules that act on
// them (message_tunnel.h). Rules on bytes act ahead of them that stand in the rule file before the
// first rule on messages, all others behind (rules/engine/plan.h).
//
// Without a stage a pipe writes straight from the loop's read buffer to the sink and copies only
// what the sink would not take. Backpressure: reading pauses above the high watermark (bytes in
// stages and waiting for the sink) and resumes below half of it. Loop's thread only; owned by its
// flow.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "proxy/flow/end.h"
#include "proxy/flow/host.h"
#include "proxy/flow/watermark.h"
#include "proxy/net/splice_buffer.h"
#include "rules/engine/chain.h"
#include "rules/protocols/codec/message_tunnel.h"

namespace brownout::proxy {

class Pipe final {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    // It has been read; it has been written. `bytes` are empty where they were spliced.
    virtual void pipe_read(rules::Direction direction, std::size_t size,
                           std::span<const std::byte> bytes) = 0;
    virtual void pipe_wrote(rules::Direction direction, std::size_t size,
                            std::span<const std::byte> bytes) = 0;
    // Nothing is read for now.
    virtual bool pipe_waits() const = 0;
    virtual bool pipe_over() const = 0;
    virtual void pipe_failed(End& end) = 0;
    // All is written, and the source has ended.
    virtual void pipe_finished(rules::Direction direction) = 0;
    // By a fault; with a FIN once all is written.
    virtual void pipe_closed(rules::Close how) = 0;
    // By a fault: `bytes` back to the source, then the end of the flow.
    virtual void pipe_answered(End& source, std::string_view bytes) = 0;
    virtual void pipe_injected(const rules::Rule& rule, rules::Direction direction,
                               const rules::Note& note) = 0;
    // The listener's `buffer` is less than its stages would need.
    virtual void pipe_buffer_full() = 0;
  };

  // All are borrowed.
  Pipe(Owner& owner, Loop& loop, const rules::Listener& listener, const rules::FlowFacts& facts,
       rules::Direction direction, End& source, End& sink);

  // Reads what the source has, as far as watermarks and fairness allow.
  void read();
  // The sink takes bytes again.
  void flush();
  // Run the deadlines of stages.
  void advance_ahead(Instant now);
  void advance_behind(Instant now);
  // From here on what is read has messages. Borrowed.
  void set_messages(messages::MessageTunnel& tunnel) { tunnel_ = &tunnel; }
  // Those that act on bytes in this direction; the first `ahead` of them ahead of its messages.
  void set_rules(const std::vector<rules::RuleRef>& rules, std::size_t ahead, Instant now);

  // What comes out of the messages.
  void from_messages(std::span<const std::byte> bytes) { into(behind_, bytes); }
  void messages_finished();

  Instant deadline() const { return std::min(ahead_.deadline(), behind_.deadline()); }
  bool severed() const;
  // Nothing is read from the source: it would not be noticed that it fails.
  bool deaf() const { return paused_ || source_ended_; }
  bool finished() const { return fin_sent_; }
  std::size_t held() const;
  std::size_t waiting() const { return pending_.bytes() + (splice_ ? splice_->held() : 0); }

 private:
  // The rules on bytes at one side of the messages.
  struct Stages final : rules::ChainOutput {
    explicit Stages(Pipe& of) : pipe(of) {}

    void emit(rules::Chunk chunk) override;
    void finish() override;
    void close(rules::Close how) override;
    void answer(std::string_view bytes) override;
    void injected(const rules::Rule& rule, rules::Direction direction,
                  const rules::Note& note) override;
    void set_rules(const std::vector<rules::RuleRef>& rules, Instant now);
    bool transparent() const { return !chain || chain->transparent(); }
    Instant deadline() const { return chain ? chain->deadline() : rules::kNever; }

    Pipe& pipe;
    std::unique_ptr<rules::Chain> chain;  // null: no rule is there
  };

  bool straight() const { return ahead_.transparent() && !tunnel_ && behind_.transparent(); }
  bool may_read();
  bool read_once();
  bool splice_once();
  bool read_failed(int error);
  void source_ended();
  void take(std::span<const std::byte> bytes);
  void into(Stages& stages, std::span<const std::byte> bytes);
  void into_messages(std::span<const std::byte> bytes);
  void finish_messages();
  void write_through(std::span<const std::byte> bytes);
  bool send_pending();
  bool drain_splice();
  void sink_failed();
  void watch_level();
  Watermark mark() const;
  void send_fin();

  Owner& owner_;
  Loop& loop_;
  const rules::Listener& listener_;
  const rules::FlowFacts& facts_;
  End& source_;
  End& sink_;
  Stages ahead_{*this};
  messages::MessageTunnel* tunnel_ = nullptr;  // null: only bytes pass
  Stages behind_{*this};
  rules::ChunkQueue pending_;  // what the sink would not take yet
  std::unique_ptr<SpliceBuffer> splice_;
  rules::Direction direction_;
  bool paused_ = false;
  bool source_ended_ = false;
  bool closes_ = false;       // a stage closed: the end that arrives is that of the flow
  bool fin_waiting_ = false;  // behind what is pending
  bool fin_sent_ = false;
  bool close_waiting_ = false;
};

}  // namespace brownout::proxy
