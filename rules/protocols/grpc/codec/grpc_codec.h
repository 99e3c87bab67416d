// GrpcCodec reads and writes the messages of one gRPC call, over HTTP/2 or as gRPC-Web
// (github.com/grpc/grpc, doc/PROTOCOL-HTTP2.md and doc/PROTOCOL-WEB.md).
//
// A message is a flag byte, a length of 4 bytes and that many bytes. In gRPC-Web, a frame with the
// flag 0x80 has the trailers. A message of more than kMostMessage bytes is a violation if it is
// buffered. Owned by a MessageTunnel. No I/O; one thread.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "rules/protocols/codec/message_codec.h"
#include "rules/protocols/grpc/grpc_message.h"

namespace brownout::messages {

class GrpcCodec final : public MessageCodec {
 public:
  // `exchange` is borrowed: its response is read when the first message of the server arrives.
  // `types` may be empty.
  explicit GrpcCodec(const rules::HttpExchange& exchange, rules::GrpcDescriptors types = {});

  std::string_view name() const override { return "gRPC"; }
  rules::ProtocolSet protocols() const override {
    return rules::ProtocolSet::of(rules::GrpcMessage::protocol());
  }
  MessageReader& reader(Direction direction) override {
    return direction == Direction::kUpstream ? up_ : down_;
  }
  Bytes write(const rules::Chunk& chunk, Direction direction) override;
  const BodyAnswer* answer() const override { return answer_ ? &*answer_ : nullptr; }
  void take_trailers(const std::vector<rules::HttpHeader>& trailers) override;
  bool lacks_trailers() const override { return trailers_ == Trailers::kInMessage; }

 private:
  static constexpr std::size_t kPrefix = 5;

  class Reader final : public MessageReader {
   public:
    Reader(GrpcCodec& codec, Direction direction) : codec_(codec), direction_(direction) {}
    Step next(ByteView bytes, bool keep) override;
    std::size_t held() const override { return keep_ ? wire_.size() : 0; }
    std::optional<ReadMessage> last() override;
    Bytes rest() override;
    bool passing() const override { return within_ && !keep_; }
    void ask(Wanted& wanted) override { wanted_ = &wanted; }

   private:
    bool wants(ByteView bytes);
    std::string_view take(ByteView rest, std::size_t& taken);
    std::string_view read_prefix();
    rules::GrpcMessage head() const;
    ReadMessage finish();

    GrpcCodec& codec_;
    Direction direction_;
    Wanted* wanted_ = nullptr;
    std::array<std::byte, kPrefix> prefix_{};
    std::size_t known_ = 0;   // number of bytes of the prefix that have arrived
    std::uint32_t left_ = 0;  // number of bytes after the prefix that have not arrived yet
    Bytes wire_;              // received bytes of the message, if it is buffered
    bool within_ = false;     // whether a message has begun
    bool keep_ = false;
  };

  // State of the HTTP trailers: not received, received, part of a message that faults may change,
  // or sent.
  enum class Trailers { kNone, kReceived, kInMessage, kSent };

  // Returns no value if the compression is unknown or broken, or the result is too long.
  std::optional<std::string> decompressed(ByteView payload, Direction direction) const;

  const rules::HttpExchange& exchange_;
  std::shared_ptr<const rules::GrpcCall> call_;
  bool web_ = false;
  Trailers trailers_ = Trailers::kNone;
  std::optional<std::int64_t> status_;  // value of `grpc-status` in the trailers
  std::optional<BodyAnswer> answer_;
  Reader up_{*this, Direction::kUpstream};
  Reader down_{*this, Direction::kDownstream};
};

}  // namespace brownout::messages
