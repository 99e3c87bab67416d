#include "rules/protocols/http1/codec/http1.h"

#include <llhttp.h>

#include <algorithm>
#include <utility>

#include "rules/protocols/http1/codec/http1_shapes.h"

namespace brownout::codecs {
namespace {

constexpr std::size_t kMostHeaders = 256;
constexpr std::size_t kMostMethod = 128;

using rules::is_token;
using rules::same_header_name;
using BodyKind = Http1Body::Kind;

}  // namespace

struct Http1Parser::State {
  enum class Phase { kHead, kBody, kEnded };

  // A range of bytes in `raw`. llhttp reports a field in adjacent parts, which extend() joins.
  struct Piece {
    std::size_t at = 0;
    std::size_t size = 0;
  };
  struct Field {
    Piece name;
    Piece value;
  };

  explicit State(Side which) : side(which) {
    llhttp_settings_init(&settings);
    settings.on_url = [](llhttp_t* p, const char* at, std::size_t size) {
      of(p).extend(of(p).target, at, size);
      return 0;
    };
    settings.on_header_field = [](llhttp_t* p, const char* at, std::size_t size) {
      return of(p).header_field(at, size);
    };
    settings.on_header_value = [](llhttp_t* p, const char* at, std::size_t size) {
      return of(p).header_value(at, size);
    };
    settings.on_header_value_complete = [](llhttp_t* p) {
      of(p).fresh_field = true;
      return 0;
    };
    settings.on_headers_complete = [](llhttp_t* p) { return of(p).headers_complete(); };
    llhttp_init(&parser, side == Side::kRequests ? HTTP_REQUEST : HTTP_RESPONSE, &settings);
    parser.data = this;
    // Let llhttp accept any Transfer-Encoding, because refused_headers() and body_kind() check it.
    llhttp_set_lenient_transfer_encoding(&parser, 1);
    // An unknown minor version is treated as the highest known version (RFC 9110, 2.5).
    parser.lenient_flags |= LENIENT_VERSION;
  }

  static State& of(llhttp_t* p) { return *static_cast<State*>(p->data); }

  void begin() {
    llhttp_reset(&parser);
    framing = {};
    fields.clear();
    target = {};
    raw.clear();
    phase = Phase::kHead;
    started = true;
    in_method = in_line = side == Side::kRequests;
    fresh_field = true;
  }

  void extend(Piece& piece, const char* at, std::size_t size) const {
    if (piece.size == 0) piece.at = raw.size() + static_cast<std::size_t>(at - input);
    piece.size += size;
  }

  int header_field(const char* at, std::size_t size) {
    if (std::exchange(fresh_field, false)) {
      if (fields.size() >= kMostHeaders) return too_much("too many headers");
      fields.emplace_back();
    }
    extend(fields.back().name, at, size);
    return 0;
  }

  int header_value(const char* at, std::size_t size) {
    extend(fields.back().value, at, size);
    return 0;
  }

  int too_much(std::string_view what) {
    limit = what;
    return -1;
  }

  // Stop llhttp at the end of the head, because it parses only heads.
  int headers_complete() {
    if (parser.http_major != 1) return too_much("a version that is not HTTP/1.x");
    framing.minor = std::min<int>(parser.http_minor, 1);
    framing.keep_alive = framing.minor > 0 ? (parser.flags & F_CONNECTION_CLOSE) == 0
                                           : (parser.flags & F_CONNECTION_KEEP_ALIVE) != 0;
    if ((parser.flags & F_CONTENT_LENGTH) != 0) framing.content_length = parser.content_length;
    if (side == Side::kResponses) framing.status = parser.status_code;
    phase = Phase::kBody;
    return HPE_PAUSED;
  }

  std::string_view text(const Piece& piece) const {
    auto part = text_of(raw).substr(piece.at, piece.size);
    // White space after a value does not belong to the value (RFC 9110, 5.5).
    while (part.ends_with(' ') || part.ends_with('\t')) part.remove_suffix(1);
    return part;
  }

  // Returns the value of a field, including the white space around it.
  std::string_view whole_value(const Field& field) const {
    auto line = text_of(raw).substr(field.name.at + field.name.size);
    line = line.substr(0, line.find("\r\n"));
    return line.substr(std::min<std::size_t>(1, line.size()));
  }

  // Returns why the head is refused, or "". Sets `codings` to the transfer codings of the body.
  std::string_view refused_headers(Codings& codings) {
    int lengths = 0;
    int hosts = 0;
    std::string_view encoding;
    for (const auto& field : fields) {
      const auto name = text(field.name);
      if (!is_token(name)) return "a header name that is not a token";
      lengths += same_header_name(name, "content-length");
      hosts += same_header_name(name, "host");
      if (same_header_name(name, "expect")) {
        framing.expects_continue = same_header_name(text(field.value), "100-continue");
      }
      if (!same_header_name(name, "transfer-encoding")) continue;
      if (!encoding.empty()) return "several Transfer-Encoding headers";
      encoding = whole_value(field);
      codings = codings_of(encoding);
      if (codings == Codings::kMalformed) return "a malformed Transfer-Encoding";
    }
    if (lengths > 1) return "several Content-Length headers";
    if (lengths > 0 && codings != Codings::kNone) return "Content-Length with Transfer-Encoding";
    if (codings != Codings::kNone && framing.minor == 0) return "Transfer-Encoding in HTTP/1.0";
    if (side == Side::kResponses) return {};
    if (codings == Codings::kOther) return "a Transfer-Encoding whose last coding is not chunked";
    if (hosts > 1) return "several Host headers";
    return {};
  }

  // Returns how the length of the body is determined (RFC 9112, 6.3).
  BodyKind body_kind(Codings codings) {
    const bool tunnel = rules::is_connect(method) && framing.status / 100 == 2;
    if (side == Side::kResponses && (tunnel || !rules::may_have_body(method, framing.status))) {
      // An Upgrade header is only an offer: the protocol changes with status 101 (RFC 9110,
      // 15.2.2).
      const int asks = F_UPGRADE | F_CONNECTION_UPGRADE;
      upgrades = tunnel || (framing.status == 101 && (parser.flags & asks) == asks);
      return BodyKind::kNone;
    }
    if (codings == Codings::kChunkedLast) return BodyKind::kChunked;
    if (framing.content_length)
      return *framing.content_length > 0 ? BodyKind::kLength : BodyKind::kNone;
    return side == Side::kRequests ? BodyKind::kNone : BodyKind::kUntilEnd;
  }

  // Skips empty lines before a message (RFC 9112, 2.2) and returns their size in bytes. A CR or LF
  // alone is a syntax error.
  std::size_t skip_empty_lines(std::string_view bytes) {
    std::size_t at = 0;
    for (; at < bytes.size(); ++at) {
      if (bytes[at] == '\n' && !std::exchange(after_cr, false)) break;
      if (bytes[at] == '\n') continue;
      if (bytes[at] != '\r' || after_cr) break;
      after_cr = true;
    }
    const bool bare = at < bytes.size() && (after_cr || bytes[at] == '\n');
    if (bare) broken("a CR or LF alone, before a message");
    return at;
  }

  Step broken(std::string_view what) {
    dead = true;
    why = what;
    return {What::kBroken, 0};
  }

  // Reads bytes of the method and returns their number; an invalid method is a syntax error. Any
  // token is a valid method (RFC 9110, 9.1), but llhttp accepts only the methods in its table.
  // Therefore llhttp gets one of these methods instead.
  std::size_t read_method(std::string_view bytes) {
    const auto end = std::find_if_not(bytes.begin(), bytes.end(), rules::is_token_char);
    const auto part = bytes.substr(0, static_cast<std::size_t>(end - bytes.begin()));
    framing.method += part;
    const auto taken = bytes_of(part);
    raw.insert(raw.end(), taken.begin(), taken.end());
    if (framing.method.size() > kMostMethod) {
      broken("a method of more than 128 bytes");
    } else if (end != bytes.end() && (*end != ' ' || framing.method.empty())) {
      broken("a request line that does not begin with a method");
    } else if (end != bytes.end()) {
      in_method = false;
      const std::string_view known = rules::is_connect(framing.method) ? "CONNECT" : "GET";
      llhttp_execute(&parser, known.data(), known.size());
    }
    return part.size();
  }

  // Parses a part of the head and returns whether the head ends in this part. Sets `executed` to
  // the number of bytes that belong to the head. Bytes that llhttp refuses are a syntax error.
  bool execute(std::string_view part) {
    const std::string line = in_line && !is_ascii(part) ? in_ascii(part) : std::string();
    const auto text = line.empty() ? part : std::string_view(line);
    input = text.data();
    const auto error = llhttp_execute(&parser, text.data(), text.size());
    executed = text.size();
    if (error == HPE_PAUSED) {
      executed = static_cast<std::size_t>(llhttp_get_error_pos(&parser) - text.data());
    } else if (error != HPE_OK) {
      const auto* reason = llhttp_get_error_reason(&parser);
      broken(!limit.empty() ? limit : reason != nullptr ? reason : llhttp_errno_name(error));
      return false;
    }
    const auto taken = bytes_of(part.substr(0, executed));
    raw.insert(raw.end(), taken.begin(), taken.end());
    if (raw.size() > kMostHead) broken("a head of more than 64 KiB");
    return error == HPE_PAUSED;
  }

  // Checks a complete head and begins its body. `taken` is the number of input bytes that belong to
  // the head.
  Step head_ended(std::size_t taken) {
    auto codings = Codings::kNone;
    auto refused = refused_bytes(text_of(raw));
    if (refused.empty()) refused = refused_headers(codings);
    if (!refused.empty()) return broken(refused);
    const auto kind = body_kind(codings);
    framing.chunked = codings == Codings::kChunkedLast;
    framing.has_body = kind != BodyKind::kNone;
    if (kind == BodyKind::kUntilEnd) framing.keep_alive = false;
    body.begin(kind, framing.content_length.value_or(0));
    return {What::kHead, taken};
  }

  llhttp_t parser{};
  llhttp_settings_t settings{};
  Side side;
  HttpFraming framing;
  Bytes raw;
  const char* input = nullptr;  // the part that llhttp is parsing
  std::size_t executed = 0;     // number of bytes of the part that belong to the head
  Piece target;
  std::vector<Field> fields;
  Http1Body body;
  std::vector<ByteView> payload;
  std::string method;  // method of the request that the next response answers
  std::string why;
  std::string limit;  // why a callback stopped llhttp, or empty
  Phase phase = Phase::kHead;
  bool started = false;
  bool fresh_field = true;
  bool in_method = false;
  bool in_line = false;   // whether the parser is in a request line, before its LF
  bool upgrades = false;  // whether the protocol changes after this response
  bool upgraded = false;
  bool after_cr = false;  // whether the parser is in an empty line, after its CR
  bool dead = false;
};

Http1Parser::Http1Parser(Side side) : state_(std::make_unique<State>(side)) {}
Http1Parser::~Http1Parser() = default;

void Http1Parser::answers(std::string_view method) { state_->method = method; }
const HttpFraming& Http1Parser::framing() const { return state_->framing; }
std::span<const ByteView> Http1Parser::payload() const { return state_->payload; }
const std::vector<rules::HttpHeader>& Http1Parser::trailers() const {
  return state_->body.trailers();
}
ByteView Http1Parser::raw_head() const { return state_->raw; }
const std::string& Http1Parser::why() const { return state_->why; }
rules::HttpHead Http1Parser::head() const {
  const auto raw = text_of(state_->raw);
  rules::HttpHead head;
  head.start_line = raw.substr(0, raw.find("\r\n"));
  head.method = state_->framing.method;
  head.status = state_->framing.status;
  head.target = state_->text(state_->target);
  head.headers.reserve(state_->fields.size());
  for (const auto& field : state_->fields) {
    const auto end = raw.find("\r\n", field.name.at);
    head.headers.push_back({std::string(state_->text(field.name)),
                            std::string(state_->text(field.value)),
                            std::string(raw.substr(field.name.at, end - field.name.at))});
  }
  return head;
}

bool Http1Parser::in_message() const {
  return state_->started && state_->phase != State::Phase::kEnded;
}

Http1Parser::Step Http1Parser::next(ByteView bytes) {
  auto& state = *state_;
  if (state.dead) return {What::kBroken, 0};
  if (state.upgraded) return {What::kMore, bytes.size()};
  const std::size_t skipped = in_message() ? 0 : state.skip_empty_lines(text_of(bytes));
  if (state.dead) return {What::kBroken, 0};
  if (skipped == bytes.size() && !in_message()) return {What::kMore, skipped};
  const bool goes_on = in_message();
  const auto before = goes_on ? state.raw.size() : 0;
  if (!goes_on) state.begin();
  state.payload.clear();
  const auto rest = bytes.subspan(skipped);
  auto step = state.phase == State::Phase::kBody ? parse_body(rest) : parse_head(rest);
  if (step.what != What::kBroken) {
    step.taken += skipped;
  } else {
    state.payload.clear();
    state.raw.resize(std::min(before, state.raw.size()));
  }
  return step;
}

Http1Parser::Step Http1Parser::parse_head(ByteView bytes) {
  auto& state = *state_;
  std::size_t taken = state.in_method ? state.read_method(text_of(bytes)) : 0;
  if (state.dead) return {What::kBroken, 0};
  if (state.in_method) return {What::kMore, taken};
  while (true) {
    const auto text = text_of(bytes.subspan(taken));
    const auto part = state.in_line ? text.substr(0, text.find('\n')) : text;
    // execute() replaces non-ASCII bytes in the request line only, so the line is parsed apart from
    // the headers. Its LF is parsed with the headers.
    const bool line_ends = state.in_line && part.size() < text.size();
    const bool ended = state.execute(part);
    if (state.dead) return {What::kBroken, 0};
    taken += state.executed;
    if (ended) return state.head_ended(taken);
    if (!line_ends) return {What::kMore, taken};
    state.in_line = false;
    // An HTTP/0.9 request consists of this line, so waiting for headers would hang.
    if (state.parser.http_major == 1) continue;
    // The preface of HTTP/2 (RFC 9113, 3.4) looks like a request.
    return state.broken(state.framing.method == "PRI"
                            ? "an incomplete preface of HTTP/2, or one to a forward proxy"
                            : "a version that is not HTTP/1.x (none: HTTP/0.9)");
  }
}

Http1Parser::Step Http1Parser::parse_body(ByteView bytes) {
  auto& state = *state_;
  const auto taken = state.body.take(bytes, state.payload);
  if (!state.body.why().empty()) return state.broken(state.body.why());
  if (!state.body.ended()) return {What::kBody, taken};
  state.phase = State::Phase::kEnded;
  if (!std::exchange(state.upgrades, false)) return {What::kEnd, taken};
  state.upgraded = true;
  return {What::kUpgraded, taken};
}

Http1Parser::What Http1Parser::finish() {
  auto& state = *state_;
  if (state.dead) return What::kBroken;
  if (state.upgraded || !in_message()) return What::kMore;
  const auto kind = state.body.kind();
  if (state.phase == State::Phase::kBody && (state.body.ended() || kind == BodyKind::kUntilEnd)) {
    state.phase = State::Phase::kEnded;
    return What::kEnd;
  }
  state.broken("the stream ends in the middle of a message");
  return What::kBroken;
}

}  // namespace brownout::codecs
