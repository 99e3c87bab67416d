#include "rules/protocols/http/codec/exchange.h"

#include <algorithm>
#include <array>
#include <utility>

namespace brownout::http {
namespace {

using Fate = rules::HttpMessage::Fate;

}  // namespace

void Exchange::clear() {
  plan_.clear();
  request_body_.drop();
  response_body_.drop();
  messages_.reset();
  http_.reset();
  request_ = {};
  response_ = {};
  ready_ = rules::kNever;
  sent_ = 0;
  stays_open_ = false;
  retries_ = 0;
  sent_body_.reset();
  made_here_ = response_began_ = knows_server_ = stopped_ = false;
}

void Exchange::begin(Request&& request, Instant now) {
  request_.framing = std::move(request.framing);
  const auto& set = owner_.rules();
  // Keeps the facts even without matching rules, since a rule that is loaded later may act on
  // messages in this request's body.
  const bool has_messages =
      request.listener != nullptr && request.listener->protocol.has_body_messages();
  const bool may_match = has_messages || set.may_match(request.connection.listener);
  if (request.head) {
    request_.message.head = std::move(*request.head);
    request_.message.edited = request.edited;
  } else if (may_match) {
    request_.message.head = owner_.received_head(Direction::kUpstream);
  }
  if (may_match) {
    facts_ = request.connection;
    facts_.carrier = rules::Carrier::kHttp;
    listener_ = request.listener;
    if (listener_ != nullptr) facts_.message_protocols = listener_->protocol.messages();
    facts_.message = request.number;
    knows_server_ = request.knows_server;
    if (!knows_server_) {
      facts_.destination.reset();
      facts_.destination_port = 0;
    }
    http_.emplace().set_request(request_.message.head);
    http_->version = request_.framing.major;
    http_->request_has_body = request_.framing.has_body;
    facts_.http = &*http_;
    rules::HttpPlan::Notes notes;
    plan_.on_request(set, facts_, request_.message, now, notes);
    record(Direction::kUpstream, notes);
    if (request_.message.http2.goaway) owner_.send_goaway(*request_.message.http2.goaway);
    if (stopped_) return;
  }
  collect_or_wait(request_, now);
}

void Exchange::refuse(codecs::HttpFraming framing, rules::HttpAnswer answer, Instant now) {
  request_.framing = std::move(framing);
  request_.source_ended = true;
  request_.passed = true;
  request_.phase = Phase::kBody;
  answer_here(std::move(answer), now);
}

const rules::FlowFacts& Exchange::facts(const rules::FlowFacts& connection) {
  if (!http_) {
    facts_ = connection;
    const auto& kept = request_.message.head;
    http_.emplace().set_request(kept.method.empty() ? owner_.received_head(Direction::kUpstream)
                                                    : kept);
    facts_.http = &*http_;
  }
  return facts_;
}

void Exchange::record(Direction direction, const rules::HttpPlan::Notes& notes) {
  for (const auto& [rule, note] : notes) owner_.record(facts_, *rule, direction, note);
}

void Exchange::stop() {
  if (response_.phase == Phase::kBody && !response_.passed && !stopped_) owner_.cut_short();
  stopped_ = true;
  ready_ = rules::kNever;
  plan_.clear();
}

void Exchange::end(rules::Close how) {
  if (!stopped_) owner_.end(how);
}

void Exchange::hang() {
  stopped_ = true;
  ready_ = rules::kNever;
  plan_.holds().clear();
  owner_.hang();
}

bool Exchange::resets_at(rules::StreamReset::At at) {
  const auto& reset = response_.message.http2.reset;
  if (stopped_ || !reset || reset->at != at) return false;
  rules::HttpPlan::Notes notes;
  plan_.on_reset(facts_, response_.message, notes);
  record(Direction::kDownstream, notes);
  owner_.reset_stream(static_cast<std::uint32_t>(reset->code), reset->both_sides);
  return true;
}

void Exchange::ignore_rest() {
  request_body_.drop();
  request_.phase = Phase::kDone;
  owner_.ignore_rest();
}

bool Exchange::settle() {
  if (stopped_) return false;
  bool moved = false;
  for (auto* some : {&request_, &response_}) {
    if (some->phase != Phase::kBody || !some->passed || !some->source_ended) continue;
    some->phase = Phase::kDone;
    moved = true;
  }
  return moved;
}

void Exchange::wait(Side& side, Instant now) {
  if (side.message.delay <= Duration::zero() && plan_.holds().empty()) return go_on(side, now);
  side.phase = Phase::kWaiting;
  ready_ = rules::later(now, side.message.delay);
  if (!plan_.holds().empty()) owner_.watch(plan_.holds());
}

// Handles the time that due() returned: sends the waiting message on, or lets the rules that hold
// the message decide.
void Exchange::wake(Side& side, Instant now) {
  if (plan_.holds().empty()) return go_on(side, now);
  rules::HttpPlan::Notes notes;
  plan_.holds().wake(now, notes);
  record(side.message.direction, notes);
}

void Exchange::go_on(Side& side, Instant now) {
  ready_ = rules::kNever;
  &side == &request_ ? decide_request(now) : send_response(now);
}

void Exchange::decide_request(Instant now) {
  auto& message = request_.message;
  if (const auto& reset = message.http2.reset) {
    return owner_.reset_stream(static_cast<std::uint32_t>(reset->code), reset->both_sides);
  }
  switch (message.fate) {
    case Fate::kAnswer:
      request_body_.begin_discarded();
      request_.phase = Phase::kBody;
      // If a rule has collected the whole request before it answers, the request counts as
      // forwarded.
      if (request_.source_ended) request_.passed = true;
      return answer_here(std::move(message.answer), now);
    case Fate::kSilence:
      return hang();
    case Fate::kReset:
      return end(rules::Close::kReset);
    case Fate::kClose:
    case Fate::kCloseBehindHead:
      return end(rules::Close::kFin);
    case Fate::kPass:
      break;
  }
  if (owner_.connected()) return send_request(now);
  request_.phase = Phase::kDialling;
  owner_.ask_for_server(false);
}

// Applies the rules that match on the server's address, unless they were applied before: to this
// request, or to the server that the client itself named.
void Exchange::server_ready(const rules::FlowFacts& connection, Instant now) {
  if (request_.phase != Phase::kDialling) return;
  facts_.destination = connection.destination;
  facts_.destination_port = connection.destination_port;
  const auto& set = owner_.rules();
  const bool known = std::exchange(knows_server_, true);
  if (!http_ || known || !set.has_server_rules()) return send_request(now);
  request_.message.delay = {};
  rules::HttpPlan::Notes notes;
  plan_.on_server(set, facts_, request_.message, now, notes);
  record(Direction::kUpstream, notes);
  collect_or_wait(request_, now);
}

void Exchange::send_request(Instant now) {
  request_.phase = Phase::kBody;
  if (retries_ > 0 && forwards_body()) return send_again();
  auto& message = request_.message;
  if (message.body) message.head.announce(message.body->size());
  send_head(request_, now);
}

void Exchange::client_ended_in_body(Instant now) {
  if (made_here_) return ignore_rest();
  if (response_.source_ended) {
    ignore_rest();
    return owner_.drop_server();
  }
  if (!owner_.connected()) return end(rules::Close::kFin);
  request_.source_ended = true;
  if (request_.own_body) pass_end(Direction::kUpstream, false, now);
}

void Exchange::response(codecs::HttpFraming framing, std::optional<rules::HttpHead>&& head,
                        bool edited, Instant now) {
  response_begins();
  response_.framing = std::move(framing);
  response_.message.edited = edited;
  if (!head && http_) head = owner_.received_head(Direction::kDownstream);
  if (!head) head.emplace();
  response_head(std::move(*head), now);
}

// Whether rules may match the response, act on it, or act on messages in it.
bool Exchange::concerns_response() const {
  if (!http_) return false;
  const bool acts = !plan_.empty() || !request_.message.response_headers.empty();
  return acts || may_have_messages() || owner_.rules().may_act_on_responses();
}

void Exchange::response_head(rules::HttpHead&& head, Instant now) {
  auto& message = response_.message;
  message.direction = Direction::kDownstream;
  message.head = std::move(head);
  if (concerns_response()) {
    http_->set_response(message.head);
    for (const auto& header : request_.message.response_headers) {
      message.head.set(header.name, header.value);
      message.edited = true;
    }
    rules::HttpPlan::Notes notes;
    plan_.on_response(owner_.rules(), facts_, message, now, notes);
    record(Direction::kDownstream, notes);
  }
  collect_or_wait(response_, now);
}

void Exchange::send_response(Instant now) {
  auto& message = response_.message;
  switch (message.fate) {
    case Fate::kSilence:
      return hang();
    case Fate::kReset:
      return end(rules::Close::kReset);
    case Fate::kClose:
      return end(rules::Close::kFin);
    default:
      break;
  }
  if (resets_at(rules::StreamReset::At::kHeaders)) return;
  response_.phase = Phase::kBody;
  // If a rule replaced the body, its length must be announced.
  if (http_ && message.body && !stays_open_ &&
      rules::may_have_body(request_.framing.method, message.head.status)) {
    message.head.announce(message.body->size());
  }
  owner_.responds(message.malformed == rules::Malformed::kNone ? response_status() : 0);
  const bool goes_on = send_head(response_, now);
  if (!goes_on || message.fate == Fate::kCloseBehindHead) end(rules::Close::kFin);
}

void Exchange::apply(const rules::RuleSet& set, Instant now) {
  if (stopped_) return;
  if (stays_open_ && !plan_.holds_in(set)) end_open_answer(now);
  for (const auto direction : {Direction::kUpstream, Direction::kDownstream}) {
    if (!stopped_) path(direction).set_rules(plan_.body_rules(direction, set), now);
  }
  if (!stopped_ && messages_) messages_->set_rules(set, now);
  // If a rule of the plan was removed, the delay of the message ends now.
  if (!stopped_ && ready_ != rules::kNever && !plan_.holds_in(set)) ready_ = now;
  plan_.holds().keep(set);
  for (auto* some : {&request_, &response_}) {
    if (stopped_ || some->phase != Phase::kCollecting) continue;
    auto& readers = some->message.body_readers;
    std::erase_if(readers, [&](const rules::RuleRef& rule) { return !set.has(rule); });
    if (readers.empty()) wait(*some, now);
  }
}

Instant Exchange::deadline() const {
  if (stopped_) return rules::kNever;
  auto next = std::min({due(), request_body_.deadline(), response_body_.deadline()});
  if (messages_) next = std::min(next, messages_->deadline());
  return stays_open_ ? std::min(next, open_until_) : next;
}

bool Exchange::may_wait() const {
  const bool acts = messages_ || request_body_.chained() || response_body_.chained();
  return !stopped_ && (acts || stays_open_ || ready_ != rules::kNever);
}

// Returns the time at which the waiting message must be checked: at the end of its delay, or at the
// latest time until which a rule holds it.
Instant Exchange::due() const {
  if (ready_ == rules::kNever) return rules::kNever;
  return plan_.holds().empty() ? ready_ : plan_.holds().deadline();
}

void Exchange::advance(Instant now) {
  if (stopped_) return;
  if (due() <= now) {
    wake(request_.phase == Phase::kWaiting ? request_ : response_, now);
    return;
  }
  now_ = now;
  if (stays_open_ && open_until_ <= now) end_open_answer(now);
  if (messages_) messages_->advance(now);
  if (!stopped_) request_body_.advance(now);
  if (!stopped_) response_body_.advance(now);
}

void Exchange::on_release(Instant now) {
  if (stopped_) return;
  plan_.holds().look();
  if (ready_ != rules::kNever) ready_ = std::max(ready_, now);
}

}  // namespace brownout::http
