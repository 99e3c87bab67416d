#include <array>

#include "rules/protocols/codec/codec_row.h"
#include "rules/protocols/grpc/codec/grpc_codec.h"

namespace brownout::messages {
namespace {

constexpr std::array kGrpcTypes =
    std::to_array<std::string_view>({"application/grpc", "application/grpc-web"});
constexpr std::array<std::string_view, 1> kGrpcTextTypes{"application/grpc-web-text"};

}  // namespace

extern const CodecRow kGrpcCodec{
    .protocol = rules::GrpcMessage::protocol,
    .body = [](const rules::Listener& listener,
               const rules::HttpExchange& exchange) -> std::unique_ptr<MessageCodec> {
      return std::make_unique<GrpcCodec>(exchange, listener.descriptors);
    },
    .media_types = kGrpcTypes,
    .base64_types = kGrpcTextTypes};

}  // namespace brownout::messages
