// MessageTunnel passes the messages of one connection, in both directions, through the faults of
// the matching rules (stages, stage.h). A codec finds the messages in the received bytes; an Owner
// sends the resulting bytes.
//
// Owned by the connection: a Flow or, for WebSocket, a Conversation. No I/O and no clock: the
// caller passes bytes and the time. Used on the thread of the connection.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rules/engine/chain.h"
#include "rules/engine/rule_set.h"
#include "rules/protocols/codec/message_codec.h"

namespace brownout::messages {

using rules::Instant;

class MessageTunnel final {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    // Called with bytes, or with the end of the stream, to send in `direction`. tunnel_closed() is
    // called when a rule closes both ends.
    virtual void tunnel_bytes(Direction direction, ByteView bytes) = 0;
    virtual void tunnel_finished(Direction direction) = 0;
    virtual void tunnel_closed(rules::Close how) = 0;
    virtual void tunnel_injected(const rules::Rule& rule, Direction direction,
                                 const rules::Note& note) = 0;
    // Reports an event that no rule caused, such as "not MQTT". tunnel_warns() is for those that
    // users must see even if only warnings are shown.
    virtual void tunnel_report(std::string_view event, std::string_view why) = 0;
    virtual void tunnel_warns(std::string_view event, std::string_view why) {
      tunnel_report(event, why);
    }
    // Called when TLS begins after the bytes read so far (STARTTLS). An owner that terminates TLS
    // must push nothing more until it has called secured().
    virtual void tunnel_secures() {}
  };

  // The owner is borrowed. `flow` contains the facts about the connection, or about the HTTP
  // request that upgraded it.
  MessageTunnel(Owner& owner, std::unique_ptr<MessageCodec> codec, const rules::FlowFacts& flow);

  void set_rules(const rules::RuleSet& set, Instant now);
  // Must be called when the client's first bytes have shown the server's host name. Stores the
  // names, and selects the rules again.
  void named(std::shared_ptr<const std::vector<std::string>> names, const rules::RuleSet& set,
             Instant now);
  // Take received bytes, or the end of the stream, that the peer sent in `direction`.
  void push(Direction direction, ByteView bytes, Instant now);
  void finish(Direction direction, Instant now);
  // Returns the time at which advance() must be called.
  Instant deadline() const { return std::min(up_.deadline(), down_.deadline()); }
  void advance(Instant now);
  // Must be called when TLS has begun toward the client and the server.
  void secured() { codec_->secured(); }
  // The addresses that clients are told for servers have changed.
  void set_rewrite(const rules::AddressMap& map) { codec_->set_rewrite(map); }
  // For protocols with STARTTLS: returns the host that the client names, or "".
  std::string host() const { return codec_->host(); }
  // For messages in bodies of HTTP: returns the answer of a rule to the request, or null.
  const BodyAnswer* answer() const { return codec_->answer(); }
  // For messages in bodies of HTTP: takes the trailers of the response, before its end
  // (message_codec.h).
  void take_trailers(const std::vector<rules::HttpHeader>& trailers) {
    codec_->take_trailers(trailers);
  }
  bool lacks_trailers() const { return codec_->lacks_trailers(); }
  // Returns the bytes of memory used by messages that faults hold and by raw bytes queued after
  // them. An incomplete message is not counted, because the proxy must continue reading to complete
  // it. Its size is bounded by kMostMessage.
  std::size_t held(Direction direction) const {
    return *side(direction).held + side(direction).behind.size();
  }
  // Returns the bytes of the incomplete message in `direction`.
  std::size_t incomplete(Direction direction) const { return side(direction).reader.held(); }
  // Passes all further data in `direction` as unparsed bytes. Used when incomplete messages take
  // too much memory.
  void stop_parsing(Direction direction, std::string_view why) {
    if (!side(direction).raw) side(direction).degrade({.broken = why});
  }
  // Returns the rules that may act on messages in `direction`, in the order of the rule file.
  const std::vector<rules::RuleRef>& rules(Direction direction) const {
    return side(direction).rules;
  }
  // Returns the names of the rules in both directions.
  std::vector<std::string> rules() const;
  // Whether a rule may hold back messages in `direction`.
  bool ruled(Direction direction) const { return side(direction).chain != nullptr; }
  bool blackholed(Direction direction) const {
    const auto& chain = side(direction).chain;
    return chain && chain->blackholed();
  }

 private:
  struct Side final : rules::ChainOutput, MessageReader::Wanted {
    Side(MessageTunnel& tunnel, Direction which)
        : owner(tunnel), direction(which), reader(tunnel.codec_->reader(which)) {
      reader.ask(*this);
    }

    void push(ByteView bytes, Instant now);
    // Passes what follows as bytes, because of `broken` and `too_large` in `why`.
    void degrade(const MessageReader::Step& why);
    // Passes bytes that are not messages. They stay in order, after the messages that faults still
    // hold.
    void pass_raw(ByteView bytes);
    void release_raw();
    Instant deadline() const { return chain ? chain->deadline() : rules::kNever; }
    void deliver(ReadMessage read, Instant now);

    // Inserts a message that a rule created, as soon as no other message is partly sent.
    void insert(Bytes bytes);
    void release_inserted();

    // Whether to buffer the message. A message may pass unbuffered, around the faults, only if no
    // earlier message or byte is still waiting.
    bool wants(const rules::Message& head) override {
      return *held > 0 || !behind.empty() || !inserted.empty() || !chain ||
             !chain->may_bypass(head);
    }
    bool wants_answers() const override {
      const auto& back = direction == Direction::kUpstream ? owner.down_ : owner.up_;
      return back.chain && !back.chain->transparent();
    }

    void emit(rules::Chunk chunk) override;
    void finish() override;
    void close(rules::Close how) override;
    bool resets_after_data() const override { return true; }
    void reply(rules::Chunk message) override;
    void answer(std::string_view) override {}
    void injected(const rules::Rule& rule, Direction where, const rules::Note& note) override {
      owner.owner_.tunnel_injected(rule, where, note);
    }
    void unchanged(const std::string& why) override {
      owner.owner_.tunnel_report("message unchanged", why);
    }

    MessageTunnel& owner;
    Direction direction;
    MessageReader& reader;
    std::unique_ptr<rules::Chain> chain;
    std::vector<rules::RuleRef> rules;
    Bytes behind;    // raw bytes to send after the messages that faults still hold
    Bytes inserted;  // messages to insert at the end of a partly sent message
    Bytes gathered;  // output collected while one event is handled, and then sent
    std::shared_ptr<std::size_t> held = std::make_shared<std::size_t>(0);
    bool raw = false;    // whether the protocol was violated, so that bytes pass unparsed
    bool ended = false;  // whether the end of the stream was sent, after which nothing follows
  };

  const Side& side(Direction direction) const {
    return direction == Direction::kUpstream ? up_ : down_;
  }
  // Collects small messages into one write. `last` means that no more output follows while the
  // current event is handled.
  void write(Direction direction, ByteView bytes, bool last = false);
  void flush(Direction direction);
  void begin_turn() { ++turns_; }
  void end_turn();
  void report(const std::vector<CodecReport>& reports);
  void finished(Direction direction);
  void closed(rules::Close how);
  bool waits_to_insert() const { return !up_.inserted.empty() || !down_.inserted.empty(); }
  Side& side(Direction direction) { return direction == Direction::kUpstream ? up_ : down_; }

  Owner& owner_;
  std::unique_ptr<MessageCodec> codec_;
  rules::FlowFacts facts_;
  std::optional<rules::Close> closes_;  // how to close once the inserted messages are sent
  bool over_ = false;  // whether the connection was closed, so that nothing passes any more
  int turns_ = 0;      // number of begin_turn() calls that have no end_turn() yet
  Side up_{*this, Direction::kUpstream};
  Side down_{*this, Direction::kDownstream};
};

}  // namespace brownout::messages
