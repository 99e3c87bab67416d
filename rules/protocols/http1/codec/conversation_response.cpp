// The response half of Conversation: from the server, or generated here, to the client.
#include <algorithm>
#include <array>
#include <utility>

#include "rules/protocols/http1/codec/conversation.h"
#include "rules/protocols/http1/forward.h"

namespace brownout::http {
namespace {

using What = codecs::Http1Parser::What;
using Fate = rules::HttpMessage::Fate;
using rules::Malformed;

constexpr std::uint64_t kTooLong = 10;

bool is_interim(int status) { return status < 200 && status != 101; }

// Safe methods do not change state on the server, so a retry does no harm (RFC 9110, 9.2.1).
bool is_safe(std::string_view method) {
  constexpr std::array<std::string_view, 4> kSafe{"GET", "HEAD", "OPTIONS", "TRACE"};
  return std::find(kSafe.begin(), kSafe.end(), method) != kSafe.end();
}

}  // namespace

std::size_t Conversation::take_server(ByteView bytes, Instant now) {
  const auto all = bytes.size();
  while (!over() && server_step(bytes, now)) {
  }
  return all - bytes.size();
}

bool Conversation::server_step(ByteView& bytes, Instant now) {
  if (hung() || !connected()) bytes = {};
  if (tunnel() && !bytes.empty()) {
    websocket_ ? websocket_->push(Direction::kDownstream, bytes, now) : wire_.to_client(bytes);
    bytes = {};
  }
  if (tunnel() || hung() || !connected()) return false;
  if (!awaits_response()) {
    // Bytes between requests are unsolicited. A later request could take them for its response.
    if (!bytes.empty() && request_.phase == Phase::kHead) drop_server();
    return false;
  }
  if (response_.phase != Phase::kHead && response_.phase != Phase::kBody) return false;
  if (response_.source_ended || (response_.phase == Phase::kHead && bytes.empty())) return false;
  const auto step = responses_->next(bytes);
  if (step.what == What::kBroken) {
    response_broken(now);
    return tunnel();
  }
  response_began_ = true;
  const auto part = bytes.first(step.taken);
  bytes = bytes.subspan(step.taken);
  switch (step.what) {
    case What::kHead:
      response_.framing = responses_->framing();
      if (!is_interim(response_.framing.status)) {
        response_head(received_head(), now);
      } else {
        wire_.to_client(responses_->raw_head());
        responses_->next({});
      }
      return true;
    case What::kBody:
    case What::kEnd:
      if (response_.own_body) response_body_.take(part, responses_->payload(), now);
      if (step.what == What::kBody || over()) return false;
      response_.source_ended = true;
      if (response_.own_body) response_body_.finish(responses_->trailers(), now);
      return false;
    case What::kUpgraded:
      start_tunnel(now);
      return true;
    default:
      return false;
  }
}

// The head of the server's response, where it may be changed.
rules::HttpHead Conversation::received_head() {
  if (!http_ && !forwards_) return {};
  auto head = responses_->head();
  if (!forwards_) return head;
  rules::remove_hop_headers(head);
  if (!response_.framing.keep_alive) head.set("connection", "close");
  response_.message.edited = true;
  return head;
}

// Answers without the server: a rule decides so, no server is reachable, or the request is refused.
void Conversation::answer_here(rules::HttpAnswer answer, Instant now) {
  made_here_ = true;
  // A client that waits for "100 Continue" may never send the body, so do not wait for the body.
  const bool waits = request_.framing.expects_continue && request_.framing.has_body;
  if (waits && !request_.source_ended) ignore_rest();
  response_.source_ended = true;
  response_.framing = {};
  rules::HttpHead head;
  head.status = answer.status;
  head.start_line = "HTTP/1.1 " + std::to_string(answer.status) + " " +
                    std::string(rules::reason_phrase(answer.status));
  head.headers = std::move(answer.headers);
  // A response to HEAD has a Content-Length, too (RFC 9110, 9.3.2).
  if (answer.status != 204 && answer.status != 304) head.announce(answer.body.size());
  response_.message.body = std::move(answer.body);
  response_.message.edited = true;
  response_head(std::move(head), now);
}

void Conversation::response_head(rules::HttpHead head, Instant now) {
  auto& message = response_.message;
  message.direction = Direction::kDownstream;
  message.head = std::move(head);
  if (http_) {
    http_->set_response(message.head);
    rules::HttpPlan::Notes notes;
    plan_.on_response(wire_.rules(), facts_, message, now, notes);
    record(Direction::kDownstream, notes);
    // A rule may have replaced the body.
    if (message.body && rules::may_have_body(request_.framing.method, message.head.status)) {
      message.head.announce(message.body->size());
    }
  }
  wait(response_, now);
}

void Conversation::send_response(Instant now) {
  switch (response_.message.fate) {
    case Fate::kSilence:
      return hang();
    case Fate::kReset:
      return end(rules::Close::kReset);
    case Fate::kClose:
      return end(rules::Close::kFin);
    default:
      break;
  }
  response_.phase = Phase::kBody;
  auto& message = response_.message;
  wire_.responds(message.malformed == Malformed::kNone ? response_status() : 0);
  bool closes = message.fate == Fate::kCloseBehindHead;
  const bool wrong = message.malformed != Malformed::kNone;
  if (message.edited || made_here_ || wrong) {
    const auto text = response_text(closes);
    wire_.to_client(codecs::bytes_of(text));
  } else {
    wire_.to_client(responses_->raw_head());
  }
  if (closes) return end(rules::Close::kFin);
  if (!response_.framing.keep_alive) close_after_ = true;
  begin_body(response_, response_body_, Direction::kDownstream, now);
}

// The head to send. Sets `closes` if the connection must close right after the head.
std::string Conversation::response_text(bool& closes) {
  auto& message = response_.message;
  auto& head = message.head;
  const auto wrong = message.malformed;
  if (wrong != Malformed::kNone) close_after_ = true;
  if (made_here_ && close_after_) head.set("connection", "close");
  switch (wrong) {
    case Malformed::kNone:
      break;
    case Malformed::kStatusLine:
      head.start_line = "HTTP/1.1 OK " + std::to_string(head.status);
      break;
    case Malformed::kChunkLength:
      head.remove("content-length");
      head.set("transfer-encoding", "chunked");
      break;
    case Malformed::kContentLength: {
      const auto right =
          message.body ? message.body->size() : response_.framing.content_length.value_or(0);
      head.set("content-length", std::to_string(right + kTooLong));
      break;
    }
    case Malformed::kHeadWithoutEnd: {
      closes = true;
      auto text = head.text();
      text.resize(text.size() - 2);
      return text;
    }
  }
  return head.text();
}

// Passes a malformed response unchanged. A tunnel carries the rest, so no later request can get
// bytes of this response.
void Conversation::response_broken(Instant now) {
  wire_.report("not HTTP", "the response: " + responses_->why());
  if (response_body_.chained() || !response_.own_body) return end(rules::Close::kFin);
  if (response_.phase == Phase::kHead) wire_.to_client(responses_->raw_head());
  start_tunnel(now);
}

void Conversation::server_end(Instant now) {
  if (tunnel()) {
    if (server_ == Server::kReset) return end(rules::Close::kReset);
    if (!websocket_) return tunnel_finished(Direction::kDownstream);
    if (downstream_ != End::kNotYet) return;
    downstream_ = End::kInTunnel;
    return websocket_->finish(Direction::kDownstream, now);
  }
  if (!connected() || hung() || response_.phase == Phase::kWaiting) return;
  const auto how = server_ == Server::kReset ? rules::Close::kReset : rules::Close::kFin;
  if (!awaits_response()) return drop_server();
  if (response_.phase == Phase::kHead) {
    const bool again = reused_ && !retried_ && !response_began_ && upstream_ != End::kPassed &&
                       !request_.framing.has_body && is_safe(request_.framing.method);
    if (!again) return end(how);
    retried_ = true;
    drop_server();
    request_.phase = Phase::kDialling;
    request_.passed = request_.source_ended;
    return wire_.ask_for_server(true);
  }
  if (!response_.source_ended) {
    const bool whole = responses_->finish() == What::kEnd;
    response_.source_ended = true;
    close_after_ = true;
    if (!whole) wire_.cut_short();
    if (server_ == Server::kReset && !whole && !response_body_.chained()) return end(how);
    if (!response_.own_body) {
    } else if (whole) {
      response_body_.finish({}, now);
    } else {
      response_body_.break_off(now);
    }
  }
  // The server no longer reads the rest of the request. The client may not send the rest, but wait
  // for the close.
  if (request_.phase == Phase::kBody && !request_.source_ended) ignore_rest();
  drop_server();
}

}  // namespace brownout::http
