// The part of Conversation that handles the client: it reads requests, and ends of the stream.
#include <algorithm>
#include <utility>

#include "rules/language/config.h"
#include "rules/protocols/http1/codec/conversation.h"
#include "rules/protocols/http1/forward.h"

namespace brownout::http {
namespace {

using What = codecs::Http1Parser::What;

using codecs::text_of;

}  // namespace

std::size_t Conversation::take_client(ByteView bytes, Instant now) {
  const auto all = bytes.size();
  while (!over() && client_step(bytes, now)) {
  }
  return all - bytes.size();
}

// Processes one step of the request. Returns false if the next step must wait for another event.
bool Conversation::client_step(ByteView& bytes, Instant now) {
  if (hung() || discards_client_) bytes = {};
  if (tunnel() && connected()) {
    if (!unparsed_prefix_.empty()) tunnel_to_server(std::exchange(unparsed_prefix_, {}));
    if (!bytes.empty()) {
      websocket_ ? websocket_->push(Direction::kUpstream, bytes, now) : tunnel_to_server(bytes);
    }
    bytes = {};
  }
  if (tunnel() || hung()) return false;
  const bool in_head = request_phase() == Phase::kHead;
  if (in_head ? bytes.empty() : !exchange_.takes(Direction::kUpstream)) return false;
  const auto step = requests_.next(bytes);
  if (step.what == What::kBroken) {
    request_broken(bytes, now);
    return tunnel();
  }
  const auto part = bytes.first(step.taken);
  bytes = bytes.subspan(step.taken);
  switch (step.what) {
    case What::kHead:
      request_head(now);
      return true;
    case What::kBody:
    case What::kEnd:
      exchange_.take(Direction::kUpstream, part, requests_.payload(), step.what == What::kEnd, now);
      return false;
    default:
      return false;
  }
}

void Conversation::request_head(Instant now) {
  ++count_;
  close_after_ = !requests_.framing().keep_alive;
  // Until this request has a connection, the facts contain the destination of the previous request.
  const bool named = connection_.intercepted && (!forwards_ || count_ == 1);
  Exchange::Request request{
      .connection = connection_, .framing = requests_.framing(), .number = count_};
  request.listener = listener_;
  if (forwards_) {
    auto& head = request.head.emplace(requests_.head());
    if (!is_authorized(head)) return demand_password(now);
    if (!read_target(head)) {
      return refuse_request("a request to a proxy needs a URL with http://", now);
    }
    request.edited = true;
  }
  // `Upgrade: h2c` is ignored, as RFC 9113, 3.1 lets servers do.
  const auto raw = text_of(requests_.raw_head());
  if (raw.find("h2c") != raw.npos && rules::offers_h2c(requests_.head())) {
    if (!request.head) request.head = requests_.head();
    rules::remove_h2c(*request.head);
    request.edited = true;
  }
  request.knows_server = connected() || named;
  exchange_.begin(std::move(request), now);
}

// Every request must have the password, not only the first: another proxy may send the requests of
// several users over one connection.
bool Conversation::is_authorized(const rules::HttpHead& head) const {
  if (!authorized_) return true;
  const auto* value = head.find("proxy-authorization");
  return authorized_(value != nullptr ? *value : std::string_view());
}

// Sets target_ to the server that the request's URL names, and rewrites the request for that
// server. Returns false if the request does not name a server.
bool Conversation::read_target(rules::HttpHead& head) {
  const auto server = rules::server_of(head.target);
  if (!server) return false;
  rules::make_direct(head);
  if (connected() && *server != target_) drop_server();
  target_ = *server;
  return true;
}

// Whether a malformed first request is meant as HTTP/1. Its first line must end like a request line
// (RFC 9112, 3), be an HTTP/0.9 request, or be incomplete and begin like a request line.
bool Conversation::looks_like_http(ByteView rest) const {
  std::string line(text_of(requests_.raw_head()));
  line += text_of(rest.first(std::min<std::size_t>(rest.size(), 8192)));
  const auto end = line.find_first_of("\r\n");
  if (end != std::string::npos) {
    line.resize(end);
    const bool without_version = line.starts_with("GET /") && line.find(' ', 4) == line.npos;
    return without_version || line.find(" HTTP/1.") != line.npos;
  }
  const auto space = line.find(' ');
  return space != std::string::npos && space > 0 &&
         std::all_of(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(space),
                     [](unsigned char c) { return c > ' ' && c < 127; });
}

void Conversation::request_broken(ByteView rest, Instant now) {
  if (count_ == 0 && !forwards_ && !looks_like_http(rest)) {
    wire_.report("not HTTP", requests_.why());
    return pass_as_bytes(now);
  }
  refuse_request(requests_.why(), now);
}

void Conversation::refuse_request(std::string why, Instant now) {
  refuse_with(
      {400, {{"content-type", "text/plain"}}, "brownout refuses this request: " + why + "\n"}, why,
      now);
}

void Conversation::demand_password(Instant now) {
  refuse_with({407,
               {{"content-type", "text/plain"}, {"proxy-authenticate", "Basic realm=\"brownout\""}},
               "this proxy requires a user name and a password\n"},
              "no valid Proxy-Authorization", now);
}

void Conversation::refuse_with(rules::HttpAnswer answer, std::string_view why, Instant now) {
  wire_.report("refused", why);
  if (response_phase() != Phase::kHead) return end(rules::Close::kFin);
  drop_server();
  close_after_ = true;
  exchange_.refuse(requests_.framing(), std::move(answer), now);
}

void Conversation::pass_as_bytes(Instant now) {
  // Bytes that the parser has already taken are sent to the server first.
  const auto before = requests_.raw_head();
  unparsed_prefix_.assign(before.begin(), before.end());
  start_tunnel(now);
}

void Conversation::client_end(Instant now) {
  if (tunnel()) {
    // The client's bytes wait for the server connection. The end of the client's stream must follow
    // them.
    if (!connected()) return;
    if (!websocket_) return tunnel_finished(Direction::kUpstream);
    if (upstream_ == End::kNotYet) {
      upstream_ = End::kInTunnel;
      websocket_->finish(Direction::kUpstream, now);
    }
    return end_abandoned();
  }
  const auto phase = request_phase();
  const bool body_ended = exchange_.source_ended(Direction::kUpstream);
  if (phase == Phase::kHead && !requests_.in_message()) {
    // Keep the server connection open, because another client may use it.
    mode_ = Mode::kOver;
    return wire_.close_client(rules::Close::kFin);
  }
  if (phase == Phase::kHead && count_ == 0 && !forwards_ && !looks_like_http({})) {
    return pass_as_bytes(now);
  }
  const bool unsent = phase == Phase::kHead || (phase == Phase::kCollecting && !body_ended);
  // While a rule lets nothing pass, no failed write shows that the client has left.
  if (hung() || unsent || exchange_.blackholed()) return end(rules::Close::kFin);
  if (phase == Phase::kBody && !body_ended) {
    // After a half-close, the client may still read a response, so the connection closes only after
    // it.
    close_after_ = true;
    exchange_.client_ended_in_body(now);
  }
  if (over()) return;
  const bool asked = exchange_.awaits_response() && exchange_.source_ended(Direction::kUpstream) &&
                     exchange_.passed(Direction::kUpstream);
  if (!asked || !connected() || exchange_.source_ended(Direction::kDownstream)) return;
  if (link_ == &http1_ && std::exchange(upstream_, End::kPassed) != End::kPassed)
    wire_.finish_server();
}

}  // namespace brownout::http
