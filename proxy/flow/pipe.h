// Pipe: one direction of a flow. source socket -> chain of stages -> sink socket.
//
// A pipe without a stage in its chain writes straight from the loop's read buffer to the sink and
// copies only what the sink would not take. Backpressure: reading pauses above the high watermark
// (bytes in the chain and waiting for the sink) and resumes below half of it. Loop's thread only;
// owned by its Flow.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "proxy/loop/loop.h"
#include "proxy/net/splice_buffer.h"
#include "proxy/net/stream.h"
#include "rules/engine/chain.h"
#include "rules/engine/plan.h"

namespace brownout::proxy {

class Flow;

// One socket of a flow, and what the kernel has said of it (edge-triggered).
struct End final : Ready {
  void on_ready(std::uint32_t events) noexcept override;

  Flow* flow = nullptr;
  Stream stream;
  bool readable = false;
  bool writable = false;
  bool peer_finished = false;  // FIN or worse has arrived; there may be bytes before it
  bool gone = false;           // reset, while that must not be passed on yet
  // Urgent data is in the stream: reading stops short of it, and splice(2) never passes it.
  bool urgent = false;
};

class Pipe final : public rules::ChainOutput {
 public:
  Pipe(Flow& flow, rules::Direction direction);

  // Reads what the source has, as far as watermarks and fairness allow.
  void read();
  // The sink takes bytes again.
  void flush();
  // Runs the chain's deadlines.
  void advance(Instant now);
  void set_rules(const std::vector<rules::RuleRef>& rules, Instant now);

  // What the source said, behind the tunnel if there is one.
  void forward(std::span<const std::byte> bytes);
  void end_of_source();

  Instant deadline() const { return chain_ ? chain_->deadline() : kNever; }
  bool severed() const;
  // Nothing is read from the source: it would not be noticed that it fails.
  bool deaf() const { return paused_ || source_ended_; }
  bool finished() const { return fin_sent_; }
  std::size_t held() const;
  std::size_t waiting() const { return pending_.bytes() + (splice_ ? splice_->held() : 0); }

  // ChainOutput: what comes out of the chain.
  void emit(rules::Chunk chunk) override;
  void finish() override;
  void close(rules::Close how) override;
  void answer(std::string_view bytes) override;
  void injected(const rules::Rule& rule, rules::Direction direction,
                const rules::Note& note) override;

 private:
  End& source();
  End& sink();
  bool straight() const { return !chain_ || chain_->transparent(); }
  bool may_read();
  bool read_once();
  bool splice_once();
  bool read_failed(int error);
  void source_ended();
  void take(std::span<const std::byte> bytes);
  void write_through(std::span<const std::byte> bytes);
  bool send_pending();
  bool drain_splice();
  void sink_failed();
  void watch_level();
  void send_fin();

  Flow& flow_;
  std::unique_ptr<rules::Chain> chain_;
  std::unique_ptr<SpliceBuffer> splice_;
  rules::ChunkQueue pending_;  // what the sink would not take yet
  rules::Direction direction_;
  bool paused_ = false;
  bool source_ended_ = false;
  bool fin_waiting_ = false;  // behind what is pending
  bool fin_sent_ = false;
  bool close_waiting_ = false;
};

}  // namespace brownout::proxy
