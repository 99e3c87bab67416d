// Fuzzes gRPC and gRPC-Web with any bytes.
#include <cstdint>

#include "rules/protocols/grpc/codec/grpc_codec.h"
#include "tests/fuzz/message_fuzz.h"
#include "tests/support/protobuf_words.h"

using namespace brownout;

namespace {

// Each message that is read must be written in the same bytes. Compressed ones are decompressed.
void web(codecs::ByteView bytes) {
  static const auto exchange = [] {
    rules::HttpHead request;
    request.method = "POST";
    request.target = "/shop.Orders/Watch";
    request.append("content-type", "application/grpc-web");
    request.append("grpc-encoding", "gzip");
    return rules::HttpExchange::of(std::move(request));
  }();
  messages::GrpcCodec codec(exchange);
  while (!bytes.empty()) {
    const auto step = codec.reader(rules::Direction::kUpstream).next(bytes, true);
    if (!step.broken.empty()) return;
    if (step.ended) {
      auto chunk = rules::Chunk::of(step.ended->payload, step.ended->message);
      chunk.mutable_bytes();
      const auto anew = codec.write(chunk, rules::Direction::kUpstream);
      require(step.ended->message->wire == anew);
    }
    bytes = bytes.subspan(step.taken);
  }
}

// Any bytes as a message with known types, and as a file of types.
void types(codecs::ByteView bytes) {
  static const auto shop = rules::GrpcDescriptors::parse(test::shop_descriptors()).value();
  const auto text = codecs::text_of(bytes);
  for (const auto* path : {"order.count", "others.tags", "price", "kind"}) {
    shop.values("shop.Orders", "Watch", true, text, path);
  }
  shop.from_json("shop.Orders", "Watch", true, text);
  const auto other = rules::GrpcDescriptors::parse(text);
  if (other) other->values("shop.Orders", "Watch", false, text, "id");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  static const auto config = test::config_of(
      "[[rule]]\nmatch = { text = \"none such\" }\nfault = { type = \"drop\" }", "grpc");
  static const auto none = test::config_of("", "grpc");
  const codecs::ByteView bytes(reinterpret_cast<const std::byte*>(data + 1), size - 1);
  test::passes(none, bytes, 1U + data[0]);
  test::passes(config, bytes, 1U + data[0]);
  test::differential(config, bytes);
  web(bytes);
  types(bytes);
  return 0;
}
