#include "rules/protocols/http1/codec/http1_link.h"

#include <algorithm>
#include <utility>

namespace brownout::http {
namespace {

using What = codecs::Http1Parser::What;

constexpr std::string_view kHttp2Why =
    "it begins with a frame of HTTP/2; if the server speaks only HTTP/2, its [[upstream]] needs "
    "http = \"2\"";

bool is_interim(int status) { return status < 200 && status != 101; }

// Whether the bytes begin with an HTTP/2 server's first frame: SETTINGS, or GOAWAY because it
// received no HTTP/2 (RFC 9113, 3.4 and 4.1). No value if more bytes are needed to decide.
std::optional<bool> begins_http2(ByteView bytes) {
  constexpr std::size_t kFrameHead = 9;
  constexpr std::uint8_t kSettings = 4;
  constexpr std::uint8_t kGoaway = 7;
  for (std::size_t at = 0; at < std::min(bytes.size(), kFrameHead); ++at) {
    const auto octet = codecs::octet(bytes, at);
    const bool is_size = at == 1 || at == 2;
    const bool fits = at == 3 ? octet == kSettings || octet == kGoaway : is_size || octet == 0;
    if (!fits) return false;
  }
  return bytes.size() < kFrameHead ? std::nullopt : std::optional(true);
}

}  // namespace

BodyWriter::Form body_form(const Exchange::Outgoing& out) {
  using Form = BodyWriter::Form;
  if (out.message.malformed == rules::Malformed::kChunkLength) return Form::kBadChunk;
  if (out.as_received && out.framing.major == 1) return Form::kAsReceived;
  return out.framing.chunked && !out.message.body ? Form::kChunked : Form::kPlain;
}

void make_http1(const Exchange::Outgoing& out, bool has_chunks) {
  auto& head = out.message.head;
  if (out.framing.major > 1) {
    head.start_line = out.direction == Direction::kUpstream
                          ? head.method + " " + head.target + " HTTP/1.1"
                          : rules::status_line(head.status);
  }
  const bool announced = out.message.body || head.find("content-length") != nullptr ||
                         head.find("transfer-encoding") != nullptr;
  if (has_chunks && out.message.edited && out.framing.chunked && !announced && out.may_have_body)
    head.set("transfer-encoding", "chunked");
}

void Http1Link::open(bool reused) {
  state_ = State::kOpen;
  reused_ = reused;
  speaks_http2_ = false;
  parser_.emplace(codecs::Http1Parser::Side::kResponses);
}

void Http1Link::server_finished(bool reset) {
  if (connected()) state_ = reset ? State::kReset : State::kEnded;
}

void Http1Link::send_head(const Exchange::Outgoing& request, ByteView raw) {
  const auto& message = request.message;
  method_ = request.framing.method;
  parser_->answers(method_);
  body_.begin(body_form(request));
  make_http1(request, true);
  copy_.reset();
  // A request that is sent again was copied before, so do not send a second copy.
  if (message.duplicate.count > 0 && !request.again) {
    most_copied_ =
        static_cast<std::size_t>(message.duplicate.count) + codecs::Http1Parser::kMostHead;
    copy_.emplace();
  }
  if (!message.edited && !raw.empty()) return write(raw);
  const auto text = message.head.text();
  write(codecs::bytes_of(text));
}

void Http1Link::write(ByteView bytes) {
  wire_.to_server(bytes);
  if (copy_) keep_copy(bytes);
}

void Http1Link::keep_copy(ByteView bytes) {
  if (copy_->size() + bytes.size() > most_copied_) {
    copy_.reset();
    return wire_.report("sent once", "the request's body is longer than `limit`");
  }
  copy_->append(codecs::text_of(bytes));
}

void Http1Link::send_body(ByteView raw, std::span<const ByteView> payload) {
  body_.part(raw, payload, [this](ByteView bytes) { write(bytes); });
}

void Http1Link::send_end(const std::vector<rules::HttpHeader>& trailers, bool whole) {
  if (!whole) return copy_.reset();
  const auto text = body_.end(trailers);
  if (!text.empty()) write(codecs::bytes_of(text));
  if (copy_) wire_.send_copy(*std::exchange(copy_, std::nullopt), method_);
}

std::string Http1Link::why() const {
  return speaks_http2_ ? std::string(kHttp2Why) : parser_->why();
}

ServerLink::Read Http1Link::read(ByteView& bytes, Exchange& exchange, rules::Instant now,
                                 Edit edit) {
  const bool in_head = exchange.phase(Direction::kDownstream) == Exchange::Phase::kHead;
  if (in_head ? bytes.empty() : !exchange.takes(Direction::kDownstream)) return Read::kWait;
  if (in_head && !parser_->in_message()) {
    const auto http2 = begins_http2(bytes);
    if (!http2 && !ended()) return Read::kWait;
    speaks_http2_ = http2.value_or(false);
    if (speaks_http2_) return Read::kBroken;
  }
  const auto step = parser_->next(bytes);
  if (step.what == What::kBroken) return Read::kBroken;
  exchange.response_begins();
  const auto part = bytes.first(step.taken);
  bytes = bytes.subspan(step.taken);
  switch (step.what) {
    case What::kHead: {
      const auto& framing = parser_->framing();
      if (is_interim(framing.status)) {
        parser_->next({});  // it has no body
        return Read::kInterim;
      }
      std::optional<rules::HttpHead> head;
      if (edit != nullptr) edit(head.emplace(parser_->head()), framing);
      exchange.response(framing, std::move(head), edit != nullptr, now);
      return Read::kMore;
    }
    case What::kBody:
    case What::kEnd:
      exchange.take(Direction::kDownstream, part, parser_->payload(), step.what == What::kEnd, now);
      return Read::kWait;
    case What::kUpgraded:
      return Read::kUpgraded;
    default:
      return Read::kWait;
  }
}

}  // namespace brownout::http
