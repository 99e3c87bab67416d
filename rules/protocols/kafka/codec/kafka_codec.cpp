#include "rules/protocols/kafka/codec/kafka_codec.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "rules/protocols/kafka/codec/kafka_addresses.h"
#include "rules/protocols/kafka/codec/kafka_head.h"
#include "rules/protocols/kafka/kafka_wire.h"

namespace brownout::messages {
namespace {

using rules::KafkaMessage;
using rules::KafkaTree;

constexpr std::size_t kKafkaLength = 4;       // bytes of the length in front of a message
constexpr std::size_t kKafkaCorrelation = 4;  // bytes of a correlation id
// The shortest request has the key and version of its API, the correlation id, and no client id.
constexpr std::size_t kLeastKafkaRequest = 10;
// Bounds that recognize other protocols. A TLS ClientHello would have a length of 352 MiB.
constexpr std::size_t kMostKafkaRequest = 256 << 20;
constexpr std::size_t kMostKafkaResponse = INT32_MAX;
constexpr std::int16_t kNoKafkaKey = -1;  // of a response to no request
constexpr int kMostKafkaKey = 255;
constexpr int kMostKafkaVersion = 127;
constexpr std::size_t kKafkaHeadStep = 512;  // bytes of a head that are parsed first
// Most tagged fields at the end of a response that are buffered, in bytes.
constexpr std::size_t kMostKafkaTail = 64 << 10;
// Longest head of a request. The client id has 32 KiB at most, and tagged fields follow it.
constexpr std::size_t kMostKafkaHead = 1 << 20;

std::size_t kafka_length_in(ByteView bytes) {
  return static_cast<std::size_t>(rules::KafkaBytesReader(bytes).number(kKafkaLength)) & UINT32_MAX;
}

// Returns the size of a response's header: the correlation id, and tagged fields in flexible
// versions. ApiVersions has none, so that a client can read it from any broker (KIP-511).
std::size_t kafka_header_size(const KafkaMessage& view, ByteView response) {
  const auto* api = view.api();
  const bool tagged =
      api != nullptr && api->is_flexible(view.version) && api->decodes(view.version);
  if (!tagged || view.key == rules::kKafkaApiVersionsKey) return kKafkaCorrelation;
  rules::KafkaBytesReader from(response.subspan(kKafkaCorrelation));
  const auto count = from.varint();
  for (std::uint32_t i = 0; i < count && from.ok(); ++i) {
    from.varint();
    from.take(from.varint());
  }
  return from.ok() ? response.size() - from.left() : kKafkaCorrelation;
}

// Returns the header of a response that a rule made.
Bytes kafka_header_for(const KafkaMessage& response) {
  rules::KafkaBytesWriter to;
  to.number(response.correlation, kKafkaCorrelation);
  const auto* api = response.api();
  const bool tagged = api != nullptr && api->is_flexible(response.version);
  if (tagged && response.key != rules::kKafkaApiVersionsKey) to.varint(0);
  return std::move(to.bytes);
}

// A broker that does not know the version of an ApiVersions request answers in version 0 (KIP-511).
std::int16_t kafka_response_version(const KafkaMessage& request, ByteView body) {
  constexpr std::int16_t kUnsupportedVersion = 35;
  const bool unsupported = request.key == rules::kKafkaApiVersionsKey &&
                           rules::KafkaBytesReader(body).number(2) == kUnsupportedVersion;
  return unsupported ? std::int16_t{0} : request.version;
}

}  // namespace

MessageReader::Step KafkaCodec::Reader::next(ByteView bytes, bool keep) {
  Step step;
  while (step.taken < bytes.size()) {
    if (!std::exchange(within_, true)) begin(keep);
    // The bytes of one step are either all buffered or all unbuffered.
    if (step.taken > 0 && (keep_ || in_tail_) != step.kept) return step;
    broken_.clear();
    too_large_ = false;
    const auto seen = see(bytes.subspan(step.taken));
    if (!broken_.empty()) {
      // If earlier bytes were valid, return these now. The next call reports the violation.
      if (step.taken > 0) return step;
      return {.broken = broken_, .too_large = too_large_};
    }
    step.taken += seen.taken;
    step.kept = seen.kept;
    if (!seen.ended) continue;
    within_ = false;
    if (in_tail_) step.replaced = finish_tail();
    is_request() ? finish_request(step, seen.frame) : finish_response(step, seen.frame);
    wire_.clear();
    if (keep || step.kept || step.ended || !reports_.empty()) break;
  }
  step.reports = std::exchange(reports_, {});
  return step;
}

// Decides whether to buffer the message that begins.
void KafkaCodec::Reader::begin(bool keep) {
  const auto next = is_request() ? NextResponse::kPasses : codec_.next_response();
  const bool must = next == NextResponse::kKept;
  keep_ = keep || must;
  examines_ = keep_ || (is_request() && wanted_ != nullptr && wanted_->wants_answers());
  asks_ = keep && !must && wanted_ != nullptr;
  got_ = size_ = 0;
  headed_ = false;
  next_head_ = 0;
  if (!is_request()) begin_response(next);
}

void KafkaCodec::Reader::begin_response(NextResponse next) {
  auto& pairing = codec_.pairing_;
  // A rule that does not match the request of a Fetch cannot match its response, which has no other
  // topics and partitions. So records need not be buffered.
  if (asks_ && pairing.next()->key == rules::kKafkaFetchKey && pairing.next()->decoded) {
    keep_ = asks_ = wants(response_to(pairing.next()));
  }
  examines_ = keep_;
  walk_.reset();
  walked_.reset();
  tail_.clear();
  in_tail_ = false;
  if (!keep_ && next == NextResponse::kRewrittenAtEnd) {
    walked_ = pairing.next();
    walk_.emplace(*walked_->api(), walked_->version);
  }
  keep_ ? pairing.passes_no_more() : pairing.passes();
}

KafkaCodec::Reader::Seen KafkaCodec::Reader::see(ByteView bytes) {
  if (got_ > 0 || bytes.size() < kKafkaLength || walk_) return gather(bytes);
  check(bytes);
  if (!broken_.empty()) return {};
  const auto size = kKafkaLength + kafka_length_in(bytes);
  if (bytes.size() < size) return gather(bytes);
  const auto frame = bytes.first(size);
  whole_ = true;
  check_end(frame);
  return {.taken = size, .ended = true, .frame = frame, .kept = keep_};
}

// Takes a part of a message that arrives in pieces.
KafkaCodec::Reader::Seen KafkaCodec::Reader::gather(ByteView bytes) {
  const auto before = std::pair(wire_.size(), std::pair(got_, size_));
  asks_ = false;
  std::size_t taken = 0;
  const auto take = [&](std::size_t count, bool store) {
    const auto part = bytes.subspan(taken, count);
    if (store) wire_.insert(wire_.end(), part.begin(), part.end());
    taken += count;
    got_ += count;
  };
  if (got_ < kKafkaLength) take(std::min(kKafkaLength - got_, bytes.size()), true);
  if (size_ == 0 && got_ >= kKafkaLength) size_ = kKafkaLength + kafka_length_in(wire_);
  if (examines_ && !keep_ && size_ > kMostKafkaMessage) {
    examines_ = false;
    report_too_large(size_);
  }
  const auto left = [&] { return std::min(size_ - got_, bytes.size() - taken); };
  while (size_ > 0 && !headed_ && left() > 0) {
    // The head is parsed again only after its size has doubled, so that the cost stays linear.
    const auto wanted =
        is_request() ? std::max(next_head_, wire_.size() + 1) : kKafkaLength + kKafkaCorrelation;
    take(std::min(left(), wanted - wire_.size()), true);
    if (wire_.size() < wanted && got_ < size_) break;
    next_head_ = std::max(kKafkaHeadStep, 2 * wire_.size());
    headed_ = is_request() ? codecs::read_kafka_head(ByteView(wire_).subspan(kKafkaLength)).whole
                           : wire_.size() >= kKafkaLength + kKafkaCorrelation;
  }
  bool kept = keep_;
  if (walk_ && headed_ && !in_tail_) {
    take(walk_->next(bytes.subspan(taken, left())), false);
    in_tail_ = walk_->at_tail() && size_ - got_ <= kMostKafkaTail;
    if (!in_tail_ && (walk_->at_tail() || walk_->failed())) walk_.reset();
  }
  // The bytes of one step are either all buffered or all unbuffered, so the tail has its own.
  if (in_tail_ && taken == 0) {
    tail_.insert(tail_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(left()));
    kept = true;
  }
  const bool waits = in_tail_ && !kept;
  if (size_ > 0 && left() > 0 && !waits) take(left(), keep_ || examines_);
  const bool ended = size_ > 0 && got_ == size_;
  whole_ = keep_ || examines_;
  check(wire_);
  if (!headed_ && wire_.size() > kMostKafkaHead) broken_ = "a request head of more than 1 MiB";
  if (broken_.empty() && ended) check_end(wire_);
  if (broken_.empty()) return {.taken = taken, .ended = ended, .frame = wire_, .kept = kept};
  wire_.resize(before.first);
  std::tie(got_, size_) = before.second;
  headed_ = false;
  next_head_ = 0;
  return {};
}

// Checks the beginning of a message, as far as it is there.
void KafkaCodec::Reader::check(ByteView frame) {
  if (codec_.raw_sasl_) broken_ = "SASL tokens without messages, after SaslHandshake version 0";
  if (codec_.pairing_.is_full()) broken_ = "too many requests without a response";
  if (frame.size() < kKafkaLength || !broken_.empty()) return;
  const auto length = kafka_length_in(frame);
  const bool fits = is_request() ? length >= kLeastKafkaRequest && length <= kMostKafkaRequest
                                 : length >= kKafkaCorrelation && length <= kMostKafkaResponse;
  if (!fits) broken_ = "a length that no message has";
  if (keep_ && fits && length > kMostKafkaMessage - kKafkaLength) {
    broken_ = too_large(kKafkaLength + length) + ", and act no more on this connection";
    too_large_ = true;
  }
  if (!is_request() || frame.size() < kKafkaLength + 4) return;
  rules::KafkaBytesReader from(frame.subspan(kKafkaLength));
  const auto key = from.number(2);
  const auto version = from.number(2);
  if (key < 0 || key > kMostKafkaKey || version < 0 || version > kMostKafkaVersion) {
    broken_ = "a request of an impossible API";
    too_large_ = false;
  }
}

// Checks a complete message.
void KafkaCodec::Reader::check_end(ByteView frame) {
  if (is_request()) {
    if (!codecs::read_kafka_head(frame.subspan(kKafkaLength)).complete) {
      broken_ = "a request without a header";
    }
    return;
  }
  const auto correlation =
      rules::KafkaBytesReader(frame.subspan(kKafkaLength)).number(kKafkaCorrelation);
  answer_ = codec_.pairing_.answered(static_cast<std::int32_t>(correlation));
}

void KafkaCodec::Reader::finish_request(Step& step, ByteView frame) {
  const auto message = frame.subspan(kKafkaLength);
  const auto head = codecs::read_kafka_head(message);
  auto view = std::make_shared<KafkaMessage>();
  view->key = head.key;
  view->version = head.version;
  view->correlation = head.correlation;
  view->client_id = head.client_id;
  view->topics = codec_.topics_;
  view->slot = codec_.slot_;
  const auto body = message.subspan(head.size);
  if (whole_ && (keep_ || examines_)) {
    if (const auto tree = examine(*view, body)) codec_.session_.follow(*view, *tree);
  } else if (const auto* api = view->api(); api == nullptr || !api->decodes(head.version)) {
    report_unknown(*view);
  }
  if (head.answered) codec_.pairing_.sent(view);
  if (head.key == rules::kKafkaSaslHandshakeKey && head.version == 0) codec_.raw_sasl_ = true;
  if (asks_ && !wants(view)) step.kept = false;
  if (!step.kept) return codec_.pairing_.asked(std::move(view));
  end(step, std::move(view), message.first(head.size), body);
}

void KafkaCodec::Reader::finish_response(Step& step, ByteView frame) {
  const auto message = frame.subspan(kKafkaLength);
  const auto answer = std::exchange(answer_, std::nullopt);
  codec_.pairing_.passes_no_more();
  if (!answer) return finish_unpaired(step, message);
  if (answer->unwanted) return;
  const auto& request = *answer->request;
  if (!keep_) return codec_.pairing_.passed(request.ordinal);
  auto view = response_to(answer->request);
  const auto header = kafka_header_size(*view, message);
  const auto body = message.subspan(header);
  view->version = kafka_response_version(request, body);
  auto tree = examine(*view, body);
  Bytes changed;
  if (tree && changes(*tree, request)) {
    changed = tree->write();
    rules::set_kafka_facts(*view, *tree);
  }
  if (asks_ && changed.empty() && !wants(view)) {
    step.kept = false;
    return codec_.pairing_.passed(request.ordinal);
  }
  end(step, std::move(view), message.first(header), changed.empty() ? body : ByteView(changed));
}

Bytes KafkaCodec::Reader::finish_tail() {
  auto tail = std::exchange(tail_, {});
  in_tail_ = false;
  if (!answer_ || answer_->request != walked_) return tail;
  return codecs::rewrite_kafka_tail(codec_.rewrite_, *walked_->api(), walked_->version, tail);
}

// Handles a response to no request that reached the server. It passes as it came.
void KafkaCodec::Reader::finish_unpaired(Step& step, ByteView message) {
  if (!keep_) return;
  auto view = std::make_shared<KafkaMessage>();
  view->key = kNoKafkaKey;
  view->response = true;
  end(step, std::move(view), message.first(kKafkaCorrelation), message.subspan(kKafkaCorrelation));
}

std::shared_ptr<KafkaMessage> KafkaCodec::Reader::response_to(const KafkaRequest& request) const {
  auto view = std::make_shared<KafkaMessage>();
  view->key = request->key;
  view->version = request->version;
  view->correlation = request->correlation;
  view->response = true;
  view->client_id = request->client_id;
  view->request = request;
  view->topics = codec_.topics_;
  view->slot = codec_.slot_;
  return view;
}

bool KafkaCodec::Reader::wants(const std::shared_ptr<const KafkaMessage>& view) {
  return wanted_->wants({.protocol = &KafkaMessage::protocol(), .view = view});
}

void KafkaCodec::Reader::end(Step& step, std::shared_ptr<const KafkaMessage> view, ByteView header,
                             ByteView body) {
  step.ended.emplace();
  step.ended->message =
      std::make_shared<rules::Message>(rules::Message{.protocol = &KafkaMessage::protocol(),
                                                      .view = std::move(view),
                                                      .wire = {header.begin(), header.end()}});
  step.ended->payload.assign(body.begin(), body.end());
}

// Returns the buffered bytes. Discards them if the client must not get them, because an earlier
// response is missing.
Bytes KafkaCodec::Reader::rest() {
  within_ = false;
  auto wire = std::exchange(wire_, {});
  if (std::exchange(in_tail_, false)) return std::exchange(tail_, {});
  // A response must not pass ahead of a missing one.
  const bool waits = !is_request() && !codec_.pairing_.is_intact();
  return keep_ && !waits ? wire : Bytes{};
}

KafkaCodec::NextResponse KafkaCodec::next_response() const {
  if (!pairing_.in_order()) return NextResponse::kKept;
  const auto& request = *pairing_.next();
  const auto* api = request.api();
  if (api == nullptr || !api->decodes(request.version)) return NextResponse::kPasses;
  if (request.key == rules::kKafkaMetadataKey || !request.edits.empty()) return NextResponse::kKept;
  if (rewrite_.empty()) return NextResponse::kPasses;
  switch (codecs::kafka_broker_place(*api, request.version)) {
    case codecs::KafkaBrokerPlace::kAnywhere:
      return NextResponse::kKept;
    case codecs::KafkaBrokerPlace::kAtEnd:
      return NextResponse::kRewrittenAtEnd;
    case codecs::KafkaBrokerPlace::kNowhere:
      break;
  }
  return NextResponse::kPasses;
}

// Changes a response as rules have ordered, and replaces addresses. Returns whether it changed.
bool KafkaCodec::Reader::changes(KafkaTree& response, const KafkaMessage& request) {
  for (const auto& edit : request.edits) edit->apply(response, request);
  if (codec_.rewrite_.empty()) return !request.edits.empty();
  const auto rewriting = codecs::rewrite_kafka_addresses(codec_.rewrite_, response);
  report_left_out(rewriting.left_out);
  return rewriting.any || !request.edits.empty();
}

Bytes KafkaCodec::write(const rules::Chunk& chunk, Direction direction) {
  slot_->last.reset();
  const auto& message = *chunk.message();
  auto view = rules::shared_kafka_view(chunk);
  const auto header = message.wire.empty() ? kafka_header_for(*view) : message.wire;
  const auto body = chunk.bytes();
  rules::KafkaBytesWriter to;
  to.bytes.reserve(kKafkaLength + header.size() + body.size());
  to.number(static_cast<std::int64_t>(header.size() + body.size()), kKafkaLength);
  to.bytes.insert(to.bytes.end(), header.begin(), header.end());
  to.bytes.insert(to.bytes.end(), body.begin(), body.end());
  if (direction == Direction::kDownstream) {
    if (!view->request) return std::move(to.bytes);
    return pairing_.release(view->request->ordinal, std::move(to.bytes));
  }
  pairing_.asked(std::move(view));
  return std::move(to.bytes);
}

}  // namespace brownout::messages
