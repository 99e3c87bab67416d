#include "rules/protocols/nats/codec/nats_codec.h"

#include <algorithm>
#include <utility>

#include "rules/protocols/nats/codec/nats_line.h"
#include "rules/protocols/nats/nats_json.h"

namespace brownout::messages {
namespace {

using rules::NatsVerb;

// Whether the payload is JetStream's answer to a publish that it has stored (ADR-1):
// {"stream":"ORDERS","seq":7}.
bool acknowledges_publish(std::string_view payload) {
  return payload.starts_with("{\"stream\":") && payload.find("\"seq\":") != std::string_view::npos;
}

}  // namespace

MessageReader::Step NatsCodec::Reader::next(ByteView bytes, bool keep) {
  Step step;
  while (step.taken < bytes.size()) {
    const auto rest = bytes.subspan(step.taken);
    if (!within_) {
      if (step.taken > 0 && keep_ && !keep) return step;
      const bool kept = keep && wants(codecs::text_of(rest));
      if (step.taken > 0 && step.kept != kept) return step;
      keep_ = kept;
      within_ = true;
    }
    std::size_t taken = 0;
    std::string_view why;
    if (left_ == 0) {
      const auto text = codecs::text_of(rest);
      const auto end = text.find('\n');
      taken = end == std::string_view::npos ? text.size() : end + 1;
      if (line_.size() + taken > kMostLine) why = "a line of more than 1 MiB";
      if (why.empty() && end == std::string_view::npos) {
        line_ += text;
      } else if (why.empty()) {
        why = line_.empty() ? take_line(text.substr(0, end))
                            : take_line(line_ + std::string(text.substr(0, end)));
        if (why.empty()) line_.clear();
      }
    } else {
      why = take_behind(rest, taken);
    }
    if (!why.empty()) {
      // If earlier bytes were valid, return these now. The next call reports the violation.
      if (step.taken > 0) return step;
      return {.broken = why};
    }
    if (keep_) {
      const auto part = rest.first(taken);
      wire_.insert(wire_.end(), part.begin(), part.end());
    }
    step.taken += taken;
    step.kept = keep_;
    if (left_ > 0 || !line_.empty()) continue;
    within_ = false;
    finish(step);
    if (step.ended || step.secures) return step;
  }
  return step;
}

// Whether a rule may act on the message at the start of `bytes`. Asks `wanted_` if the control line
// of a published or delivered message is complete, and returns true otherwise.
bool NatsCodec::Reader::wants(std::string_view bytes) {
  shown_.reset();
  const auto end = bytes.find('\n');
  if (wanted_ == nullptr || end == std::string_view::npos || end > kMostLine) return true;
  auto& line = head().line;
  const auto sizes = codecs::read_nats_line(bytes.substr(0, end), line);
  if (!sizes || !has_payload(line.verb)) return true;
  codec_.learn(line, direction_);
  shown_ = sizes;
  return wanted_->wants({.protocol = &rules::NatsMessage::protocol(), .view = head_});
}

rules::NatsMessage& NatsCodec::Reader::head() {
  if (!head_ || head_.use_count() > 1) {
    head_ = std::make_shared<rules::NatsMessage>(rules::NatsLine{}, codec_.connection_);
  }
  if (head_->connection != codec_.connection_) head_->connection = codec_.connection_;
  return *head_;
}

// Reads a control line without its LF. Returns why the line violates NATS, or "".
std::string_view NatsCodec::Reader::take_line(std::string_view line) {
  const auto shown = std::exchange(shown_, {});
  learned_ = shown.has_value();
  passes_ = false;
  if (!keep_) {
    const auto size = shown ? shown->behind : codecs::quick_nats_size(line);
    passes_ = size.has_value();
    left_ = size ? *size + 2 : 0;
    if (passes_) return {};
  }
  if (shown) read_ = head_->line;
  const auto sizes = shown ? shown : codecs::read_nats_line(line, read_);
  if (!sizes) return "an invalid line";
  const auto behind = has_payload(read_.verb) ? sizes->behind + 2 : 0;
  if (keep_ && wire_.size() + line.size() + behind > kMostMessage) {
    return "a message of more than 16 MiB";
  }
  headers_ = sizes->headers;
  behind_ = behind;
  left_ = behind;
  return {};
}

// Takes bytes of the payload, up to the CRLF that ends it. Returns why they violate NATS, or "".
std::string_view NatsCodec::Reader::take_behind(ByteView bytes, std::size_t& taken) {
  taken = std::min(left_, bytes.size());
  for (std::size_t i = left_ > 2 ? left_ - 2 : 0; i < taken; ++i) {
    const auto expected = left_ - i == 2 ? std::byte{'\r'} : std::byte{'\n'};
    if (bytes[i] != expected) return "a payload longer than its line states";
  }
  left_ -= taken;
  return {};
}

void NatsCodec::Reader::finish(Step& step) {
  if (passes_) return;
  const bool info = read_.verb == NatsVerb::kInfo && direction_ == Direction::kDownstream;
  step.secures = info && !std::exchange(codec_.begun_, true) &&
                 rules::nats_json_flag(read_.text, "tls_required");
  if (!learned_) codec_.learn(read_, direction_);
  if (!keep_) return;
  const ByteView behind = ByteView(wire_).last(behind_);
  step.ended.emplace();
  if (behind_ > 0) {
    const auto payload = behind.subspan(headers_, read_.payload);
    step.ended->payload.assign(payload.begin(), payload.end());
    read_.headers = codecs::text_of(behind.first(headers_));
    const bool delivered = read_.verb == NatsVerb::kMsg || read_.verb == NatsVerb::kHmsg;
    read_.acknowledges = delivered && acknowledges_publish(codecs::text_of(payload));
  }
  step.ended->message = std::make_shared<rules::Message>(rules::Message{
      .protocol = &rules::NatsMessage::protocol(),
      .view = std::make_shared<const rules::NatsMessage>(std::move(read_), codec_.connection_),
      .wire = std::exchange(wire_, {})});
  read_ = {};
}

Bytes NatsCodec::Reader::rest() {
  within_ = false;
  left_ = 0;
  line_.clear();
  return std::exchange(wire_, {});
}

void NatsCodec::learn(rules::NatsLine& line, Direction direction) {
  if (line.verb == NatsVerb::kConnect && direction == Direction::kUpstream) {
    update_connection(
        {.client_name = rules::nats_json_text(line.text, "name"), .info = connection_->info});
  }
  if (line.verb == NatsVerb::kInfo && direction == Direction::kDownstream) {
    update_connection({.client_name = connection_->client_name, .info = line.text});
  }
  if (line.verb == NatsVerb::kSub && direction == Direction::kUpstream) {
    if (subscriptions_.size() < kMostSubscriptions) {
      subscriptions_[line.sid] = {line.subject, line.queue};
    }
    return;
  }
  const bool of_subscription =
      line.verb == NatsVerb::kUnsub || line.verb == NatsVerb::kMsg || line.verb == NatsVerb::kHmsg;
  if (!of_subscription) return;
  const auto found = subscriptions_.find(line.sid);
  if (found == subscriptions_.end()) return;
  line.queue = found->second.queue;
  if (line.verb != NatsVerb::kUnsub) return;
  line.subject = found->second.subject;
  // UNSUB with a maximum ends the subscription only after that many messages.
  if (line.max.empty()) subscriptions_.erase(found);
}

void NatsCodec::update_connection(rules::NatsConnection connection) {
  connection_ = std::make_shared<const rules::NatsConnection>(std::move(connection));
}

Bytes NatsCodec::write(const rules::Chunk& chunk, Direction) {
  const auto& wire = chunk.message()->wire;
  if (!chunk.touched() && !wire.empty()) return wire;
  const auto& line = *rules::nats_line_of(chunk);
  // A line without a payload cannot be changed, so it passes as it arrived.
  if (!has_payload(line.verb) && !wire.empty()) return wire;
  const auto text = codecs::write_nats(line, codecs::text_of(chunk.bytes()));
  const auto bytes = codecs::bytes_of(text);
  return {bytes.begin(), bytes.end()};
}

}  // namespace brownout::messages
