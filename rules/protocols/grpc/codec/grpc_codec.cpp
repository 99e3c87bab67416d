#include "rules/protocols/grpc/codec/grpc_codec.h"

#include <algorithm>
#include <utility>

#include "rules/base/whole_number.h"
#include "rules/protocols/http1/content_coding.h"

namespace brownout::messages {
namespace {

constexpr std::uint8_t kCompressedFlag = 0x01;
constexpr std::uint8_t kTrailersFlag = 0x80;  // gRPC-Web only

std::uint32_t grpc_length(ByteView prefix) {
  std::uint32_t length = 0;
  for (std::size_t i = 1; i < 5; ++i) length = length << 8 | codecs::octet(prefix, i);
  return length;
}

Bytes with_grpc_prefix(std::uint8_t flags, ByteView payload) {
  const auto size = payload.size();
  Bytes bytes{std::byte{flags}};
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(std::byte((size >> shift) & 255));
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  return bytes;
}

// Reads the lines of trailers, which have the form of HTTP/1 headers.
std::vector<rules::HttpHeader> read_grpc_trailers(std::string_view text) {
  std::vector<rules::HttpHeader> all;
  while (!text.empty()) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    auto value = line.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    all.push_back({rules::lower_case(line.substr(0, colon)), std::string(value)});
  }
  return all;
}

std::optional<std::int64_t> grpc_status_of(const std::vector<rules::HttpHeader>& trailers) {
  const auto found = std::find_if(trailers.begin(), trailers.end(), [](const auto& field) {
    return rules::same_header_name(field.name, "grpc-status");
  });
  return found != trailers.end() ? rules::parse_whole_number<std::int64_t>(found->value, 1'000'000)
                                 : std::nullopt;
}

rules::GrpcCall grpc_call_of(const rules::HttpExchange& exchange, rules::GrpcDescriptors types) {
  rules::GrpcCall call;
  call.types = std::move(types);
  auto method = rules::grpc_method_of(exchange.path);
  call.service = std::move(method.service);
  call.rpc = std::move(method.rpc);
  for (const auto& header : exchange.request.headers) {
    call.metadata.emplace_back(rules::lower_case(header.name), header.value);
  }
  return call;
}

}  // namespace

GrpcCodec::GrpcCodec(const rules::HttpExchange& exchange, rules::GrpcDescriptors types)
    : exchange_(exchange),
      call_(std::make_shared<const rules::GrpcCall>(grpc_call_of(exchange, std::move(types)))),
      web_(exchange.request_type.starts_with("application/grpc-web") ||
           exchange.response_type.starts_with("application/grpc-web")) {}

MessageReader::Step GrpcCodec::Reader::next(ByteView bytes, bool keep) {
  Step step;
  while (step.taken < bytes.size()) {
    const auto rest = bytes.subspan(step.taken);
    if (!within_) {
      if (step.taken > 0 && keep_ && !keep) return step;
      const bool kept = keep && wants(rest);
      if (step.taken > 0 && step.kept != kept) return step;
      keep_ = kept;
      within_ = true;
    }
    std::size_t taken = 0;
    const auto why = take(rest, taken);
    if (!why.empty()) {
      // If earlier messages were taken, return these now. The next call reports the violation.
      return step.taken > 0 ? step : Step{.broken = why};
    }
    if (keep_) {
      wire_.insert(wire_.end(), rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(taken));
    }
    step.taken += taken;
    step.kept = keep_;
    if (known_ < kPrefix || left_ > 0) continue;
    within_ = false;
    known_ = 0;
    if (!keep_) continue;
    step.ended = finish();
    return step;
  }
  return step;
}

// Takes bytes of one message. Returns why they violate gRPC, or "".
std::string_view GrpcCodec::Reader::take(ByteView rest, std::size_t& taken) {
  if (known_ < kPrefix) {
    const auto before = known_;
    taken = std::min(kPrefix - known_, rest.size());
    std::copy_n(rest.begin(), taken, prefix_.begin() + static_cast<std::ptrdiff_t>(known_));
    known_ += taken;
    if (known_ < kPrefix) return {};
    const auto why = read_prefix();
    if (!why.empty()) known_ = before;
    return why;
  }
  taken = std::min<std::size_t>(left_, rest.size());
  left_ -= static_cast<std::uint32_t>(taken);
  return {};
}

std::string_view GrpcCodec::Reader::read_prefix() {
  const auto flags = codecs::octet(prefix_, 0);
  const auto known = kCompressedFlag | (codec_.web_ ? kTrailersFlag : 0);
  if ((flags & ~known) != 0) return "a message with unknown flags";
  left_ = grpc_length(prefix_);
  return keep_ && left_ > kMostMessage ? "a message of more than 16 MiB" : std::string_view();
}

// Whether a rule may act on the message at the start of `bytes`. Asks `wanted_` if the prefix is
// complete, and returns true otherwise.
bool GrpcCodec::Reader::wants(ByteView bytes) {
  if (wanted_ == nullptr || bytes.size() < kPrefix) return true;
  std::copy_n(bytes.begin(), kPrefix, prefix_.begin());
  const auto flags = codecs::octet(prefix_, 0);
  if ((flags & kTrailersFlag) != 0) return true;
  return wanted_->wants({.protocol = &rules::GrpcMessage::protocol(),
                         .view = std::make_shared<const rules::GrpcMessage>(head())});
}

// Returns the properties of the message that its prefix shows.
rules::GrpcMessage GrpcCodec::Reader::head() const {
  const auto flags = codecs::octet(prefix_, 0);
  rules::GrpcMessage message;
  message.call = codec_.call_;
  message.from_server = direction_ == Direction::kDownstream;
  message.compressed = (flags & kCompressedFlag) != 0;
  message.trailers = (flags & kTrailersFlag) != 0;
  return message;
}

ReadMessage GrpcCodec::Reader::finish() {
  auto message = std::make_shared<rules::GrpcMessage>(head());
  const auto payload = ByteView(wire_).subspan(kPrefix);
  if (message->compressed) message->plain = codec_.decompressed(payload, direction_);
  if (message->trailers) {
    const auto text = message->plain ? *message->plain : std::string(codecs::text_of(payload));
    message->status = grpc_status_of(read_grpc_trailers(text));
  }
  ReadMessage read;
  read.payload.assign(payload.begin(), payload.end());
  read.message =
      std::make_shared<rules::Message>(rules::Message{.protocol = &rules::GrpcMessage::protocol(),
                                                      .view = std::move(message),
                                                      .wire = std::exchange(wire_, {})});
  return read;
}

// Returns the trailers as the last message. If the message before them is incomplete, the call did
// not end regularly, and rules get no trailers.
std::optional<ReadMessage> GrpcCodec::Reader::last() {
  const bool down = direction_ == Direction::kDownstream;
  if (!down || within_ || codec_.trailers_ != Trailers::kReceived) return std::nullopt;
  codec_.trailers_ = Trailers::kInMessage;
  auto message = std::make_shared<rules::GrpcMessage>();
  message->call = codec_.call_;
  message->from_server = message->trailers = message->of_http = true;
  message->status = codec_.status_;
  ReadMessage read;
  read.message = std::make_shared<rules::Message>(rules::Message{
      .protocol = &rules::GrpcMessage::protocol(), .view = std::move(message), .wire = {}});
  return read;
}

void GrpcCodec::take_trailers(const std::vector<rules::HttpHeader>& trailers) {
  status_ = grpc_status_of(trailers);
  if (status_) trailers_ = Trailers::kReceived;
}

Bytes GrpcCodec::Reader::rest() {
  within_ = false;
  known_ = 0;
  left_ = 0;
  return std::exchange(wire_, {});
}

std::optional<std::string> GrpcCodec::decompressed(ByteView payload, Direction direction) const {
  const bool request = direction == Direction::kUpstream;
  if (!request && !exchange_.response) return std::nullopt;
  const auto& head = request ? exchange_.request : *exchange_.response;
  const auto* encoding = head.find("grpc-encoding");
  if (encoding == nullptr) return std::nullopt;
  auto body = rules::decode_body(*encoding, codecs::text_of(payload), kMostMessage);
  return body ? std::optional(std::move(body->text)) : std::nullopt;
}

Bytes GrpcCodec::write(const rules::Chunk& chunk, Direction) {
  const auto& wire = chunk.message()->wire;
  if (!chunk.touched() && !wire.empty()) return wire;
  const auto& message = *rules::view_as<rules::GrpcMessage>(chunk.message());
  if (message.of_http) {
    trailers_ = Trailers::kSent;
    return {};
  }
  const auto flags = static_cast<std::uint8_t>((message.compressed ? kCompressedFlag : 0) |
                                               (message.trailers ? kTrailersFlag : 0));
  auto bytes = with_grpc_prefix(flags, chunk.bytes());
  if (!message.trailers || !wire.empty()) return bytes;
  // A rule answers the call. The answer is stored separately, since its form depends on the
  // client's HTTP version.
  answer_ = BodyAnswer{read_grpc_trailers(codecs::text_of(chunk.bytes())), {}};
  if (web_) answer_->body = std::move(bytes);
  return {};
}

}  // namespace brownout::messages
