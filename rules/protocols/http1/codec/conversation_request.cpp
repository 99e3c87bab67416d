// The part of Conversation that handles requests: from the client through the parser and the rules
// to the server.
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
    if (!unparsed_prefix_.empty()) wire_.to_server(std::exchange(unparsed_prefix_, {}));
    if (!bytes.empty()) {
      websocket_ ? websocket_->push(Direction::kUpstream, bytes, now) : wire_.to_server(bytes);
    }
    bytes = {};
  }
  if (tunnel() || hung()) return false;
  const bool reads = request_.phase == Phase::kBody || request_.phase == Phase::kCollecting;
  if (request_.phase != Phase::kHead && !reads) return false;
  if (request_.phase == Phase::kHead && bytes.empty()) return false;
  if (request_.source_ended) return false;
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
      if (request_.phase == Phase::kCollecting) {
        collect(request_, requests_.payload(), step.what == What::kEnd, now);
        return false;
      }
      if (request_.own_body) request_body_.take(part, requests_.payload(), now);
      if (step.what == What::kBody || over()) return false;
      request_.source_ended = true;
      if (request_.own_body) request_body_.finish(requests_.trailers(), now);
      return false;
    default:
      return false;
  }
}

void Conversation::request_head(Instant now) {
  ++count_;
  request_.framing = requests_.framing();
  close_after_ = !request_.framing.keep_alive;
  const auto& set = wire_.rules();
  const bool may_match = set.may_match(connection_.listener);
  if (may_match || forwards_) request_.message.head = requests_.head();
  if (forwards_ && !is_authorized()) return demand_password(now);
  if (forwards_ && !read_target()) {
    return refuse_request("a request to a proxy needs a URL with http://", now);
  }
  if (may_match) {
    facts_ = connection_;
    facts_.carrier = rules::Carrier::kHttp;
    if (websockets_) facts_.message_protocols = rules::Protocol::kWebSocket.messages();
    facts_.message = count_;
    // Until there is a connection for this request, the destination is that of the one before.
    const bool named = connection_.intercepted && (!forwards_ || count_ == 1);
    met_server_ = connected() || named;
    if (!met_server_) {
      facts_.destination.reset();
      facts_.destination_port = 0;
    }
    http_ = rules::HttpExchange::of(request_.message.head);
    facts_.http = &*http_;
    rules::HttpPlan::Notes notes;
    plan_.on_request(set, facts_, request_.message, now, notes);
    record(Direction::kUpstream, notes);
  }
  collect_or_wait(request_, now);
}

// Every request must have the password, not only the first: another proxy may send the requests of
// several users over one connection.
bool Conversation::is_authorized() const {
  if (!authorized_) return true;
  const auto* value = request_.message.head.find("proxy-authorization");
  return authorized_(value != nullptr ? *value : std::string_view());
}

// Sets target_ to the server that the request's URL names, and rewrites the request for that
// server. Returns false if the request does not name a server.
bool Conversation::read_target() {
  auto& message = request_.message;
  const auto server = rules::server_of(message.head.target);
  if (!server) return false;
  rules::make_direct(message.head);
  message.edited = true;
  if (connected() && *server != target_) drop_server();
  target_ = *server;
  return true;
}

void Conversation::decide_request(Instant now) {
  auto& message = request_.message;
  switch (message.fate) {
    case rules::HttpMessage::Fate::kAnswer:
      request_body_.begin(BodyPath::Form::kDiscard, facts_, {}, now);
      request_.phase = Phase::kBody;
      return answer_here(std::move(message.answer), now);
    case rules::HttpMessage::Fate::kSilence:
      return hang();
    case rules::HttpMessage::Fate::kReset:
      return end(rules::Close::kReset);
    case rules::HttpMessage::Fate::kClose:
    case rules::HttpMessage::Fate::kCloseBehindHead:
      return end(rules::Close::kFin);
    case rules::HttpMessage::Fate::kPass:
      break;
  }
  if (connected()) return write_request(now);
  request_.phase = Phase::kDialling;
  wire_.ask_for_server(false);
}

// The server is connected. Applies the rules that match on its address, unless they were applied
// before: to this request, or to the server that the client itself named.
void Conversation::server_is_known(Instant now) {
  facts_.destination = connection_.destination;
  facts_.destination_port = connection_.destination_port;
  const auto& set = wire_.rules();
  const bool known = std::exchange(met_server_, true);
  if (!http_ || known || !set.has_server_rules()) return write_request(now);
  request_.message.delay = {};
  rules::HttpPlan::Notes notes;
  plan_.on_server(set, facts_, request_.message, now, notes);
  record(Direction::kUpstream, notes);
  collect_or_wait(request_, now);
}

void Conversation::write_request(Instant now) {
  auto& message = request_.message;
  responses_->answers(request_.framing.method);
  request_.phase = Phase::kBody;
  if (message.body) message.head.announce(message.body->size());
  const auto edited = message.edited ? message.head.text() : std::string();
  const auto head = message.edited ? codecs::bytes_of(edited) : requests_.raw_head();
  wire_.to_server(head);
  // A request that is retried was copied before, so do not send a second copy.
  if (message.duplicate.count > 0 && !retried_) copy_ = text_of(head);
  begin_body(request_, request_body_, Direction::kUpstream, now);
}

void Conversation::keep_copy(ByteView bytes) {
  const auto most =
      static_cast<std::size_t>(request_.message.duplicate.count) + codecs::Http1Parser::kMostHead;
  if (copy_->size() + bytes.size() > most) {
    copy_.reset();
    return wire_.report("sent once", "the request's body is longer than `limit`");
  }
  copy_->append(text_of(bytes));
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
  if (response_.phase != Phase::kHead) return end(rules::Close::kFin);
  drop_server();
  close_after_ = true;
  request_.source_ended = true;
  request_.passed = true;
  request_.phase = Phase::kBody;
  answer_here(std::move(answer), now);
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
    if (upstream_ != End::kNotYet) return;
    upstream_ = End::kInTunnel;
    return websocket_->finish(Direction::kUpstream, now);
  }
  if (request_.phase == Phase::kHead && !requests_.in_message()) {
    // Keep the server connection open, because another client may use it.
    mode_ = Mode::kOver;
    return wire_.close_client(rules::Close::kFin);
  }
  if (request_.phase == Phase::kHead && count_ == 0 && !forwards_ && !looks_like_http({})) {
    return pass_as_bytes(now);
  }
  const bool unsent = request_.phase == Phase::kHead ||
                      (request_.phase == Phase::kCollecting && !request_.source_ended);
  if (hung() || unsent) return end(rules::Close::kFin);
  if (request_.phase == Phase::kBody && !request_.source_ended) client_end_in_body(now);
  if (over()) return;
  const bool asked = awaits_response() && request_.source_ended && request_.passed;
  if (!asked || !connected() || response_.source_ended) return;
  if (std::exchange(upstream_, End::kPassed) != End::kPassed) wire_.finish_server();
}

// Handles a client that half-closes within a request body. Such a client may still read a response,
// from the server or generated by the proxy.
void Conversation::client_end_in_body(Instant now) {
  if (made_here_) return ignore_rest();
  if (response_.source_ended) {
    ignore_rest();
    return drop_server();
  }
  if (!connected()) return end(rules::Close::kFin);
  close_after_ = true;
  copy_.reset();
  request_.source_ended = true;
  if (request_.own_body) request_body_.break_off(now);
}

}  // namespace brownout::http
