// Pipe: forwards the bytes of one direction of a flow. Bytes pass these parts in order; a part
// exists only where a rule or the protocol needs it. A stage is the state machine of one fault
// (rules/engine/stage.h).
//
//  source -> stages ahead -> messages -> stages behind -> pending bytes -> sink
//
// The part "messages" decodes the listener's protocol and applies the rules on messages
// (rules/protocols/codec/message_tunnel.h). A rule on bytes acts ahead of this part if the rule
// file lists it before the first rule on messages, and behind this part otherwise
// (rules/engine/plan.h).
//
// Without stages, a pipe writes from the loop's read buffer to the sink and copies only bytes that
// the sink does not accept. Reading pauses above the high watermark (bytes in stages and pending)
// and resumes below half of it. Owned by its flow; use only on the event loop's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
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
    // Called after each read from the source and each write to the sink. `bytes` is empty if
    // splice(2) moved the bytes.
    virtual void pipe_read(rules::Direction direction, std::size_t size,
                           std::span<const std::byte> bytes) = 0;
    virtual void pipe_wrote(rules::Direction direction, std::size_t size,
                            std::span<const std::byte> bytes) = 0;
    // Whether reading must pause, because the flow is closing or STARTTLS is in progress.
    virtual bool pipe_waits() const = 0;
    // Whether the flow has ended. The pipe then does nothing more.
    virtual bool pipe_over() const = 0;
    // Called when a read or write at `end` has failed.
    virtual void pipe_failed(End& end) = 0;
    // Called when the source has sent its last byte and all bytes are written to the sink.
    virtual void pipe_finished(rules::Direction direction) = 0;
    // Called when a fault closes the flow. Unless `how` is kReset, the call comes only after all
    // bytes are written.
    virtual void pipe_closed(rules::Close how) = 0;
    // Called when a fault answers in place of the sink. The owner sends `bytes` back to the source,
    // then ends the flow.
    virtual void pipe_answered(End& source, std::string_view bytes) = 0;
    virtual void pipe_injected(const rules::Rule& rule, rules::Direction direction,
                               const rules::Note& note) = 0;
    // Called when the listener's `buffer` is smaller than the faults need.
    virtual void pipe_buffer_full() = 0;
  };

  // All arguments are borrowed, and must outlive this object.
  Pipe(Owner& owner, Loop& loop, const rules::Listener& listener, const rules::FlowFacts& facts,
       rules::Direction direction, End& source, End& sink);

  // Reads from the source, up to the high watermark and at most kReadsPerTurn times.
  void read();
  // Writes pending bytes to the sink.
  void flush();
  // Run the deadlines that are due by `now`, of faults on bytes. advance_ahead() is for faults that
  // act before messages are decoded, advance_behind() for faults that act after.
  void advance_ahead(Instant now);
  void advance_behind(Instant now);
  // Decodes the bytes that are read from now on as messages. `tunnel` is not owned.
  void set_messages(messages::MessageTunnel& tunnel) { tunnel_ = &tunnel; }
  // Sets the rules on bytes in this direction. The first `ahead` of them act before messages are
  // decoded.
  void set_rules(const std::vector<rules::RuleRef>& rules, std::size_t ahead, Instant now);

  // Takes bytes of messages that have passed the rules on messages.
  void from_messages(std::span<const std::byte> bytes) { into(behind_, bytes); }
  // Takes the end of the messages.
  void messages_finished();

  Instant deadline() const { return std::min(ahead_.deadline(), behind_.deadline()); }
  bool blackholed() const;
  // Whether reading has stopped, so that no read would report a failure of the source.
  bool stopped_reading() const { return paused_ || source_ended_; }
  bool finished() const { return fin_sent_; }
  // Number of bytes in faults, in messages and pending.
  std::size_t held() const;
  // Number of pending bytes, which only the sink holds up.
  std::size_t waiting() const { return pending_.bytes() + (splice_ ? splice_->held() : 0); }

 private:
  // The faults on bytes, either before or after messages are decoded.
  struct Stages final : rules::ChainOutput {
    explicit Stages(Pipe& of) : pipe(of) {}

    void emit(rules::Chunk chunk) override;
    void finish() override;
    void close(rules::Close how) override;
    bool resets_after_data() const override { return true; }
    void answer(std::string_view bytes) override;
    void injected(const rules::Rule& rule, rules::Direction direction,
                  const rules::Note& note) override;
    void set_rules(const std::vector<rules::RuleRef>& rules, Instant now);
    bool transparent() const { return !chain || chain->transparent(); }
    Instant deadline() const { return chain ? chain->deadline() : rules::kNever; }

    Pipe& pipe;
    std::unique_ptr<rules::Chain> chain;  // null if no fault acts at this place
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
  bool may_write(std::size_t bytes);
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
  messages::MessageTunnel* tunnel_ = nullptr;  // decodes messages; null if the protocol has none
  Stages behind_{*this};
  rules::ChunkQueue pending_;  // bytes that the sink has not accepted yet
  std::unique_ptr<SpliceBuffer> splice_;
  rules::Direction direction_;
  bool paused_ = false;
  bool source_ended_ = false;
  // how a fault closes the whole flow, so that a half-close is not passed on
  std::optional<rules::Close> closes_;
  bool fin_waiting_ = false;  // a FIN follows once pending_ is empty
  bool fin_sent_ = false;
  bool close_waiting_ = false;
  // the latest iteration of the event loop in which may_write() postponed a write
  std::uint64_t waits_in_ = 0;
};

}  // namespace brownout::proxy
