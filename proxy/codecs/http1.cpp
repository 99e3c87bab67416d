#include "proxy/codecs/http1.h"

#include <llhttp.h>

#include <algorithm>
#include <cctype>
#include <utility>

namespace brownout::codecs {
namespace {

constexpr std::size_t kMostHeaders = 256;

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) ==
           std::tolower(static_cast<unsigned char>(y));
  });
}

// RFC 9110, 5.6.2.
bool is_token(std::string_view name) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](unsigned char c) {
    return std::isalnum(c) != 0 || kMarks.find(static_cast<char>(c)) != std::string_view::npos;
  });
}

std::string_view text_of(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
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

std::string_view refused_headers(const HttpHead& head, Http1Parser::Side side) {
  int lengths = 0;
  int encodings = 0;
  int hosts = 0;
  std::string_view encoding;
  for (const auto& header : head.headers) {
    if (!is_token(header.name)) return "a header name that is no token";
    lengths += same_name(header.name, "content-length");
    hosts += same_name(header.name, "host");
    if (!same_name(header.name, "transfer-encoding")) continue;
    ++encodings;
    encoding = header.value;
  }
  if (lengths > 1) return "several Content-Length headers";
  if (lengths > 0 && encodings > 0) return "Content-Length with Transfer-Encoding";
  if (encodings > 1) return "several Transfer-Encoding headers";
  if (encodings > 0 && !same_name(encoding, "chunked"))
    return "a Transfer-Encoding that is not chunked";
  if (encodings > 0 && head.minor == 0) return "Transfer-Encoding in HTTP/1.0";
  if (hosts > 1 && side == Http1Parser::Side::kRequests) return "several Host headers";
  return {};
}

bool never_has_body(int status) { return status < 200 || status == 204 || status == 304; }

}  // namespace

struct Http1Parser::State {
  enum class Phase { kHead, kBody, kEnded };

  explicit State(Side which) : side(which) {
    llhttp_settings_init(&settings);
    settings.on_message_begin = [](llhttp_t* p) { return of(p).begin(); };
    settings.on_url = [](llhttp_t* p, const char* at, std::size_t size) {
      of(p).head.target.append(at, size);
      return 0;
    };
    settings.on_header_field = [](llhttp_t* p, const char* at, std::size_t size) {
      return of(p).header_field({at, size});
    };
    settings.on_header_value = [](llhttp_t* p, const char* at, std::size_t size) {
      of(p).in_value = true;
      if (!of(p).trailers) of(p).head.headers.back().value.append(at, size);
      return 0;
    };
    settings.on_header_value_complete = [](llhttp_t* p) {
      of(p).in_value = false;
      of(p).fresh_field = true;
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
    head = {};
    raw.clear();
    phase = Phase::kHead;
    started = true;
    trailers = false;
    fresh_field = true;
    return 0;
  }

  int header_field(std::string_view part) {
    if (trailers) return 0;
    if (std::exchange(fresh_field, false)) {
      if (head.headers.size() >= kMostHeaders) {
        too_many = true;
        return -1;
      }
      head.headers.emplace_back();
    }
    head.headers.back().name.append(part);
    return 0;
  }

  int headers_complete() {
    head.major = parser.http_major;
    head.minor = parser.http_minor;
    head.keep_alive = llhttp_should_keep_alive(&parser) != 0;
    head.chunked = (parser.flags & F_CHUNKED) != 0;
    if ((parser.flags & F_CONTENT_LENGTH) != 0) head.content_length = parser.content_length;
    if (side == Side::kRequests) {
      head.method = llhttp_method_name(static_cast<llhttp_method_t>(parser.method));
      head.has_body = head.chunked || head.content_length.value_or(0) > 0;
      // That a request asks for another protocol does not mean that it gets it: the response says.
      parser.upgrade = 0;
    } else {
      head.status = parser.status_code;
      const bool tunnel = same_name(method, "CONNECT") && head.status / 100 == 2;
      const bool none = never_has_body(head.status) || same_name(method, "HEAD") || tunnel;
      // What returning 1 from here would do, had it not to pause (http.c of llhttp).
      if (none) parser.flags |= F_SKIPBODY;
      if (tunnel) parser.upgrade = 1;
      // Only this status says that the protocol changes (RFC 9110, 15.2.2).
      if (!tunnel && head.status != 101) parser.upgrade = 0;
      head.has_body = !none && (head.chunked || !head.content_length || *head.content_length > 0);
    }
    trailers = true;
    phase = Phase::kBody;
    return HPE_PAUSED;
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
    if (refused.empty()) refused = refused_headers(head, side);
    if (!refused.empty()) return broken(refused);
    return {What::kHead, taken};
  }

  llhttp_t parser{};
  llhttp_settings_t settings{};
  Side side;
  HttpHead head;
  Bytes raw;
  std::string method;  // of the request that a response answers
  std::string why;
  Phase phase = Phase::kHead;
  bool started = false;
  bool fresh_field = true;
  bool in_value = false;
  bool trailers = false;  // fields from here on are of a trailer, which is the caller's
  bool upgraded = false;
  bool after_cr = false;  // of an empty line
  bool too_many = false;
  bool dead = false;
};

Http1Parser::Http1Parser(Side side) : state_(std::make_unique<State>(side)) {}
Http1Parser::~Http1Parser() = default;

const std::string* HttpHead::find(std::string_view name) const {
  for (const auto& header : headers) {
    if (same_name(header.name, name)) return &header.value;
  }
  return nullptr;
}

void Http1Parser::answers(std::string_view method) { state_->method = method; }
const HttpHead& Http1Parser::head() const { return state_->head; }
ByteView Http1Parser::raw_head() const { return state_->raw; }
const std::string& Http1Parser::why() const { return state_->why; }
bool Http1Parser::in_message() const {
  return state_->started && state_->phase != State::Phase::kEnded;
}

Http1Parser::Step Http1Parser::next(ByteView bytes) {
  auto& state = *state_;
  if (state.dead) return {What::kBroken, 0};
  if (state.upgraded) return {What::kMore, bytes.size()};
  const std::size_t skipped = in_message() ? 0 : state.skip_empty_lines(text_of(bytes));
  if (state.dead) return {What::kBroken, 0};
  auto step = parse(bytes.subspan(skipped));
  if (step.what != What::kBroken) step.taken += skipped;
  return step;
}

Http1Parser::Step Http1Parser::parse(ByteView bytes) {
  auto& state = *state_;
  const auto text = text_of(bytes);
  const bool was_head = state.phase != State::Phase::kBody;
  const auto error = llhttp_execute(&state.parser, text.data(), text.size());
  std::size_t taken = text.size();
  if (error != HPE_OK) {
    taken = static_cast<std::size_t>(llhttp_get_error_pos(&state.parser) - text.data());
  }
  if (error != HPE_OK && error != HPE_PAUSED && error != HPE_PAUSED_UPGRADE) {
    if (state.too_many) return state.broken("too many headers");
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
