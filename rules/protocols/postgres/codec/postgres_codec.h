// PostgresCodec reads and writes the messages of one PostgreSQL connection for the faults of rules.
//
// A refused statement is not answered by the proxy: the codec sends the server an Execute of a
// portal that does not exist, and puts the rule's error in place of the server's. So the error
// comes in the right place of a pipeline, and the transaction fails at the server, too
// (PostgreSQL documentation, 55.2.3, Extended Query).
//
// A message that a rule may act on is buffered; more than kMostMessage bytes are then a protocol
// violation. The owner is the connection's MessageTunnel or RequestWatch. No I/O; one thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "rules/protocols/codec/message_codec.h"
#include "rules/protocols/postgres/codec/postgres_wire.h"
#include "rules/protocols/postgres/postgres_message.h"

namespace brownout::messages {

class PostgresCodec final : public MessageCodec {
 public:
  std::string_view name() const override { return "PostgreSQL"; }
  rules::ProtocolSet protocols() const override {
    return rules::ProtocolSet::of(rules::PostgresMessage::protocol());
  }
  MessageReader& reader(Direction direction) override {
    return direction == Direction::kUpstream ? up_ : down_;
  }
  void secured() override { encrypted_ = false; }
  Bytes write(const rules::Chunk& chunk, Direction direction) override;

 private:
  using Statement = std::shared_ptr<const std::string>;

  // Size in bytes of the largest startup message that servers accept.
  static constexpr std::size_t kMostStartup = 10'000;
  // Bytes of a client's message that are read while it passes unbuffered, and characters of a
  // prepared statement that are stored.
  static constexpr std::size_t kMostPrefix = 4096;
  static constexpr std::size_t kMostStatements = 4096;  // the same for portals
  static constexpr std::size_t kMostRefusals = 1000;

  class Reader final : public MessageReader {
   public:
    Reader(PostgresCodec& codec, Direction direction) : codec_(codec), direction_(direction) {}
    Step next(ByteView bytes, bool keep) override;
    std::size_t held() const override { return keep_ ? wire_.size() : 0; }
    Bytes rest() override;
    bool passing() const override { return within_ && !keep_; }
    void ask(Wanted& wanted) override { wanted_ = &wanted; }

   private:
    // The meaning of the first bytes of a message.
    enum class Head { kTyped, kStartup, kAnswer };

    bool begin(char first, bool keep);
    bool wants(char letter) const;
    std::size_t head_size() const { return kind_ == Head::kTyped ? 5 : 8; }
    std::string_view take(ByteView bytes, std::size_t& taken);
    std::string_view read_head();
    bool reads_body() const;
    ByteView body() const;
    void finish(Step& step);
    void finish_client(rules::PostgresMessage& message);
    void finish_server(Step& step, rules::PostgresMessage& message);

    PostgresCodec& codec_;
    Direction direction_;
    Wanted* wanted_ = nullptr;
    Head kind_ = Head::kTyped;
    std::array<std::byte, 8> head_{};
    std::size_t got_ = 0;   // number of bytes in head_
    std::size_t left_ = 0;  // bytes of the body that have not arrived yet
    rules::PostgresType type_ = rules::PostgresType::kSync;
    Bytes wire_;    // received bytes of the message, if it is buffered
    Bytes prefix_;  // the first bytes of its body, if it is not
    bool within_ = false;
    bool keep_ = false;
  };

  void learn(rules::PostgresMessage& message, ByteView body);
  std::string refuse(const rules::PostgresMessage& message);
  // Returns the rule's error in place of the server's error `text`; null if no rule caused it.
  std::shared_ptr<const rules::PostgresError> take_refusal(std::string_view text);

  bool started_ = false;    // whether the client has sent a StartupMessage
  bool asked_ = false;      // whether it waits for the answer to an SSLRequest
  bool encrypted_ = false;  // whether bytes that cannot be read follow
  std::string tag_;         // of the last CommandComplete since the last ReadyForQuery
  std::unordered_map<std::string, Statement> statements_;
  std::unordered_map<std::string, Statement> portals_;
  std::uint64_t refused_ = 0;  // number of the last refused statement
  std::map<std::uint64_t, std::shared_ptr<const rules::PostgresError>> refusals_;
  Reader up_{*this, Direction::kUpstream};
  Reader down_{*this, Direction::kDownstream};
};

}  // namespace brownout::messages
