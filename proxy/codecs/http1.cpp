#include "proxy/codecs/http1.h"

#include <llhttp.h>

#include <algorithm>
#include <cctype>
#include <utility>

namespace brownout::codecs {
namespace {

constexpr std::size_t kMostHeaders = 256;

using rules::same_header_name;

// RFC 9110, 5.6.2.
bool is_token(std::string_view name) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](unsigned char c) {
    return std::isalnum(c) != 0 || kMarks.find(static_cast<char>(c)) != std::string_view::npos;
  });
}

// What the bytes of a head must not hold, whatever a parser makes of them; "" when all is well.
std::string_view refused_bytes(std::string_view head) {
  for (std::size_t i = 0; i < head.size(); ++i) {
    if (head[i] == '\0') return "a NUL in the head";
    if (head[i] == '\r' && (i + 1 == head.size() || head[i + 1] != '\n')) return "a CR without LF";
    if (head[i] != '\n') continue;
    if (i == 0 || head[i - 1] != '\r') return "a LF without CR";
    const bool folded = i + 1 < head.size() && (head[i + 1] == ' ' || head[i + 1] == '\t');
    if (folded) return "a folded header line (obs-fold)";
  }
  return {};
}

bool never_has_body(int status) { return status < 200 || status == 204 || status == 304; }

}  // namespace

struct Http1Parser::State {
  enum class Phase { kHead, kBody, kEnded };

  // A piece of raw: callbacks give a field in parts, which lie behind each other.
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
    settings.on_message_begin = [](llhttp_t* p) { return of(p).begin(); };
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
    settings.on_body = [](llhttp_t* p, const char* at, std::size_t size) {
      of(p).payload.push_back(bytes_of({at, size}));
      return 0;
    };
    settings.on_headers_complete = [](llhttp_t* p) { return of(p).headers_complete(); };
    settings.on_message_complete = [](llhttp_t* p) {
      of(p).phase = Phase::kEnded;
      return static_cast<int>(HPE_PAUSED);
    };
    llhttp_init(&parser, side == Side::kRequests ? HTTP_REQUEST : HTTP_RESPONSE, &settings);
    parser.data = this;
  }

  static State& of(llhttp_t* p) { return *static_cast<State*>(p->data); }

  int begin() {
    framing = {};
    fields.clear();
    trailers.clear();
    trailer_bytes = 0;
    target = {};
    raw.clear();
    phase = Phase::kHead;
    started = true;
    in_trailer = false;
    fresh_field = true;
    return 0;
  }

  void extend(Piece& piece, const char* at, std::size_t size) const {
    if (piece.size == 0) piece.at = raw.size() + static_cast<std::size_t>(at - input);
    piece.size += size;
  }

  int header_field(const char* at, std::size_t size) {
    if (in_trailer) return trailer_part(at, size, false);
    if (std::exchange(fresh_field, false)) {
      if (fields.size() >= kMostHeaders) return too_much("too many headers");
      fields.emplace_back();
    }
    extend(fields.back().name, at, size);
    return 0;
  }

  int header_value(const char* at, std::size_t size) {
    if (in_trailer) return trailer_part(at, size, true);
    extend(fields.back().value, at, size);
    return 0;
  }

  int trailer_part(const char* at, std::size_t size, bool of_value) {
    if (!of_value && std::exchange(fresh_field, false)) trailers.emplace_back();
    trailer_bytes += size;
    if (trailer_bytes > kMostHead || trailers.size() > kMostHeaders) {
      return too_much("a trailer of more than 64 KiB or 256 fields");
    }
    auto& field = trailers.back();
    (of_value ? field.value : field.name).append(at, size);
    return 0;
  }

  int too_much(std::string_view what) {
    limit = what;
    return -1;
  }

  int headers_complete() {
    framing.minor = parser.http_minor;
    framing.keep_alive = llhttp_should_keep_alive(&parser) != 0;
    framing.chunked = (parser.flags & F_CHUNKED) != 0;
    if ((parser.flags & F_CONTENT_LENGTH) != 0) framing.content_length = parser.content_length;
    if (side == Side::kRequests) {
      framing.method = llhttp_method_name(static_cast<llhttp_method_t>(parser.method));
      framing.has_body = framing.chunked || framing.content_length.value_or(0) > 0;
      // That a request asks for another protocol does not mean that it gets it: the response says.
      parser.upgrade = 0;
    } else {
      framing.status = parser.status_code;
      const bool tunnel = method == "CONNECT" && framing.status / 100 == 2;
      const bool none = never_has_body(framing.status) || method == "HEAD" || tunnel;
      // What returning 1 from here would do, had it not to pause (http.c of llhttp).
      if (none) parser.flags |= F_SKIPBODY;
      if (tunnel) parser.upgrade = 1;
      // Only this status says that the protocol changes (RFC 9110, 15.2.2).
      if (!tunnel && framing.status != 101) parser.upgrade = 0;
      framing.has_body =
          !none && (framing.chunked || !framing.content_length || *framing.content_length > 0);
    }
    in_trailer = true;
    phase = Phase::kBody;
    return HPE_PAUSED;
  }

  std::string_view text(const Piece& piece) const {
    auto part = text_of(raw).substr(piece.at, piece.size);
    // White space behind a value is not of it (RFC 9110, 5.5).
    while (part.ends_with(' ') || part.ends_with('\t')) part.remove_suffix(1);
    return part;
  }

  // Why the head must not be passed on; "" when all is well.
  std::string_view refused_headers() {
    int lengths = 0;
    int encodings = 0;
    int hosts = 0;
    std::string_view encoding;
    for (const auto& field : fields) {
      const auto name = text(field.name);
      if (!is_token(name)) return "a header name that is no token";
      lengths += same_header_name(name, "content-length");
      hosts += same_header_name(name, "host");
      if (same_header_name(name, "expect")) {
        framing.expects_continue = same_header_name(text(field.value), "100-continue");
      }
      if (!same_header_name(name, "transfer-encoding")) continue;
      ++encodings;
      encoding = text(field.value);
    }
    if (lengths > 1) return "several Content-Length headers";
    if (lengths > 0 && encodings > 0) return "Content-Length with Transfer-Encoding";
    if (encodings > 1) return "several Transfer-Encoding headers";
    // llhttp knows the word only as it stands: with a tab behind it, it is another.
    if (encodings > 0 && (!framing.chunked || !same_header_name(encoding, "chunked")))
      return "a Transfer-Encoding that is not chunked";
    if (encodings > 0 && framing.minor == 0) return "Transfer-Encoding in HTTP/1.0";
    if (hosts > 1 && side == Side::kRequests) return "several Host headers";
    return {};
  }

  // Empty lines before a message (RFC 9112, 2.2), which belong to none. How many bytes they are;
  // what they must not be breaks the stream.
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

  // Behind a head that ended `taken` bytes on.
  Step head_ended(std::size_t taken) {
    auto refused = refused_bytes(text_of(raw));
    if (refused.empty()) refused = refused_headers();
    if (!refused.empty()) return broken(refused);
    return {What::kHead, taken};
  }

  llhttp_t parser{};
  llhttp_settings_t settings{};
  Side side;
  HttpFraming framing;
  Bytes raw;
  const char* input = nullptr;  // what is being parsed
  Piece target;
  std::vector<Field> fields;
  std::vector<rules::HttpHeader> trailers;
  std::size_t trailer_bytes = 0;
  std::vector<ByteView> payload;
  std::string method;  // of the request that a response answers
  std::string why;
  std::string limit;  // that was passed
  Phase phase = Phase::kHead;
  bool started = false;
  bool fresh_field = true;
  bool in_trailer = false;  // fields from here on are of a trailer
  bool upgraded = false;
  bool after_cr = false;  // of an empty line
  bool dead = false;
};

Http1Parser::Http1Parser(Side side) : state_(std::make_unique<State>(side)) {}
Http1Parser::~Http1Parser() = default;

void Http1Parser::answers(std::string_view method) { state_->method = method; }
const HttpFraming& Http1Parser::framing() const { return state_->framing; }
std::span<const ByteView> Http1Parser::payload() const { return state_->payload; }
const std::vector<rules::HttpHeader>& Http1Parser::trailers() const { return state_->trailers; }
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
  const bool was_in_message = in_message();
  const auto before = state.raw.size();
  auto step = parse(bytes.subspan(skipped));
  if (step.what != What::kBroken) {
    step.taken += skipped;
  } else if (!was_in_message) {
    state.raw.clear();
  } else {
    state.raw.resize(std::min(before, state.raw.size()));
  }
  return step;
}

Http1Parser::Step Http1Parser::parse(ByteView bytes) {
  auto& state = *state_;
  const auto text = text_of(bytes);
  const bool was_head = state.phase != State::Phase::kBody;
  state.input = text.data();
  state.payload.clear();
  const auto error = llhttp_execute(&state.parser, text.data(), text.size());
  std::size_t taken = text.size();
  if (error != HPE_OK) {
    taken = static_cast<std::size_t>(llhttp_get_error_pos(&state.parser) - text.data());
  }
  if (error != HPE_OK && error != HPE_PAUSED && error != HPE_PAUSED_UPGRADE) {
    if (!state.limit.empty()) return state.broken(state.limit);
    const auto* reason = llhttp_get_error_reason(&state.parser);
    return state.broken(error == HPE_PAUSED_H2_UPGRADE ? "HTTP/2"
                        : reason != nullptr            ? reason
                                                       : "");
  }
  if (was_head) {
    const auto part = bytes.first(taken);
    state.raw.insert(state.raw.end(), part.begin(), part.end());
    if (state.raw.size() > kMostHead) return state.broken("a head of more than 64 KiB");
  }
  if (error == HPE_OK) return {was_head ? What::kMore : What::kBody, taken};
  llhttp_resume(&state.parser);
  if (was_head) return state.head_ended(taken);
  if (state.parser.upgrade != 0) {
    state.upgraded = true;
    return {What::kUpgraded, taken};
  }
  return {What::kEnd, taken};
}

Http1Parser::What Http1Parser::finish() {
  auto& state = *state_;
  if (state.dead) return What::kBroken;
  if (state.upgraded || !state.started) return What::kMore;
  if (state.phase == State::Phase::kEnded) return What::kMore;
  const auto error = llhttp_finish(&state.parser);
  if (state.phase == State::Phase::kEnded) return What::kEnd;
  if (error == HPE_OK) return What::kMore;
  state.broken("the stream ends in the middle of a message");
  return What::kBroken;
}

}  // namespace brownout::codecs
