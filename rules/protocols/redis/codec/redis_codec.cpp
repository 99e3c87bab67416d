#include "rules/protocols/redis/codec/redis_codec.h"

#include <utility>

#include "rules/protocols/redis/codec/redis_addresses.h"
#include "rules/protocols/redis/codec/redis_skim.h"
#include "rules/protocols/redis/codec/redis_values.h"

namespace brownout::messages {
namespace {

using rules::RedisMessage;

constexpr std::string_view kRedisDiscard = "*1\r\n$7\r\nDISCARD\r\n";

std::shared_ptr<rules::Message> redis_message_of(std::shared_ptr<const RedisMessage> view,
                                                 ByteView wire) {
  return std::make_shared<rules::Message>(rules::Message{.protocol = &RedisMessage::protocol(),
                                                         .view = std::move(view),
                                                         .wire = {wire.begin(), wire.end()}});
}

}  // namespace

MessageReader::Step RedisCodec::Reader::next(ByteView bytes, bool keep) {
  Step step;
  while (step.taken < bytes.size()) {
    if (!std::exchange(within_, true)) {
      broken_ = begin(keep, static_cast<char>(bytes[step.taken]));
      // The bytes of one step are either all buffered or all unbuffered.
      if (step.taken > 0 && keep_ != step.kept) return step;
      const auto skimmed = broken_.empty() && !keep_ ? skim(bytes.subspan(step.taken)) : 0;
      if (skimmed > 0) {
        step.taken += skimmed;
        within_ = false;
        continue;
      }
    }
    codecs::RedisScan::Step found;
    if (broken_.empty()) {
      found = scan_.next(bytes.subspan(step.taken));
      broken_ = found.broken;
    }
    if (broken_.empty() && keep_ && wire_.size() + found.taken + scan_.left() > kMostMessage) {
      broken_ = "a message of more than 16 MiB";
    }
    if (!broken_.empty()) {
      // If earlier bytes were valid, return these now. The next call reports the violation.
      if (step.taken > 0) return step;
      return {.broken = broken_};
    }
    const auto part = bytes.subspan(step.taken, found.taken);
    const bool in_one_piece = found.ended && !in_pieces_;
    in_pieces_ = !found.ended;
    asks_ &= in_one_piece;
    if (keep_ && !in_one_piece) wire_.insert(wire_.end(), part.begin(), part.end());
    step.taken += found.taken;
    step.kept = keep_;
    if (!found.ended) continue;
    within_ = false;
    finish(step, in_one_piece ? part : wire_);
    wire_.clear();
    if (keep || step.kept || step.ended) return step;
  }
  return step;
}

// Takes a usual message that no rule examines. Returns its size; 0 if RedisScan must read it.
std::size_t RedisCodec::Reader::skim(ByteView bytes) {
  auto& pairing = codec_.pairing_;
  if (direction_ == Direction::kDownstream) {
    const auto size = codecs::skim_redis_reply(bytes);
    return size > 0 && pairing.answered_unexamined() ? size : 0;
  }
  if (wanted_ != nullptr && wanted_->wants_answers()) return 0;
  const auto command = codecs::skim_redis_command(bytes);
  const bool known =
      command.size > 0 && pairing.sent_unexamined(codecs::redis_row_of(command.name));
  return known ? command.size : 0;
}

// Decides whether to buffer the message that begins. Returns why it cannot be read, or "".
std::string_view RedisCodec::Reader::begin(bool keep, char first) {
  const auto& pairing = codec_.pairing_;
  if (direction_ == Direction::kUpstream) {
    keep_ = keep || pairing.spoiled();
    asks_ = keep && !pairing.spoiled() && wanted_ != nullptr;
    return {};
  }
  rewrites_ = may_rewrite(first);
  const bool must = rewrites_ || !pairing.in_order();
  keep_ = keep || must;
  asks_ = keep && !must && wanted_ != nullptr;
  return pairing.replicates() ? "a replication stream" : "";
}

// Whether the reply may contain addresses of servers: an error, a push, a reply to CLUSTER or
// SENTINEL, or a message published by a Sentinel.
bool RedisCodec::Reader::may_rewrite(char first) const {
  if (codec_.rewrite_.empty()) return false;
  if (first == '-' || first == '>') return true;
  const auto& pairing = codec_.pairing_;
  return pairing.takes_messages() || codecs::names_redis_servers(pairing.front_name());
}

void RedisCodec::Reader::finish(Step& step, ByteView wire) {
  direction_ == Direction::kUpstream ? finish_command(step, wire) : finish_reply(step, wire);
}

void RedisCodec::Reader::finish_command(Step& step, ByteView wire) {
  const auto parts = scan_.parts();
  auto& pairing = codec_.pairing_;
  const bool whole = keep_ || (wanted_ != nullptr && wanted_->wants_answers());
  if (!whole && pairing.sent_unexamined(codecs::redis_row_of(
                    parts.size() > 1 ? std::string_view(parts[1].text) : std::string_view())))
    return;
  auto blank = pairing.blank();
  codecs::read_redis_command(*blank, parts, whole ? wire : ByteView(), whole);
  auto command = pairing.sent(std::move(blank));
  if (!keep_) return pairing.asked(command);
  auto& view = head();
  view.database = command->database;
  view.value = codecs::value_of_redis_command(*command, parts);
  view.command = std::move(command);
  if (asks_ && !wants()) {
    step.kept = false;
    return pairing.asked(view.command);
  }
  end(step, wire);
  if (!view.value || view.value->sign != 'i') return;
  const auto text = codecs::bytes_of(parts[view.value->head + 1].text);
  step.ended->payload.assign(text.begin(), text.end());
}

void RedisCodec::Reader::finish_reply(Step& step, ByteView wire) {
  auto& pairing = codec_.pairing_;
  auto answer = pairing.answered(scan_.parts(), keep_);
  const auto pass = [&] {
    if (!answer.copied) pairing.passed(answer);
    // Return a message without content. It makes write() send the replies that waited for this one.
    if (pairing.has_ready()) {
      step.ended.emplace().message = redis_message_of(std::make_shared<RedisMessage>(), {});
    }
  };
  if (!keep_ || answer.copied) return pass();
  // Addresses are replaced in messages of a Sentinel's own channels, not in messages of
  // applications.
  const bool others = answer.channel && !answer.channel->starts_with('+');
  const bool rewritten = rewrites_ && !others && rewrite(wire);
  const auto parts = scan_.parts();
  auto& view = head();
  // The confirmation of a subscription answers a command, so it is not a push.
  const bool push = answer.push && !answer.command;
  view.command = answer.command;
  view.database = answer.database;
  view.reply = codecs::read_redis_reply(parts, push);
  view.last = answer.last;
  view.value = codecs::value_of_redis_reply(parts, push && answer.channel);
  view.channel = answer.channel;
  if (asks_ && !rewritten && !wants()) {
    step.kept = false;
    return pass();
  }
  end(step, wire);
}

void RedisCodec::Reader::end(Step& step, ByteView wire) {
  step.ended.emplace();
  if (head_->value) {
    const auto payload = codecs::payload_of_redis(*head_->value, wire);
    step.ended->payload.assign(payload.begin(), payload.end());
  }
  step.ended->message = redis_message_of(head_, wire);
}

RedisMessage& RedisCodec::Reader::head() {
  if (!head_ || head_.use_count() > 1) {
    head_ = std::make_shared<RedisMessage>();
  } else {
    *head_ = {};
  }
  return *head_;
}

bool RedisCodec::Reader::wants() {
  return wanted_->wants({.protocol = &RedisMessage::protocol(), .view = head_});
}

bool RedisCodec::Reader::rewrite(ByteView& wire) {
  auto other = codecs::rewrite_redis_addresses(codec_.rewrite_, wire);
  if (other.empty()) return false;
  wire_ = std::move(other);
  scan_.next(wire_);
  wire = wire_;
  return true;
}

// Returns the buffered bytes. Discards them if the client must not get them, because an earlier
// reply is missing.
Bytes RedisCodec::Reader::rest() {
  within_ = in_pieces_ = false;
  auto wire = std::exchange(wire_, {});
  const bool waits = direction_ == Direction::kDownstream && codec_.pairing_.is_behind();
  return waits ? Bytes{} : wire;
}

Bytes RedisCodec::write(const rules::Chunk& chunk, Direction direction) {
  const auto& message = *chunk.message();
  const auto& view = *rules::view_as<RedisMessage>(&message);
  Bytes bytes;
  if (chunk.touched() && view.value && !message.wire.empty()) {
    bytes = codecs::write_redis_value(*view.value, message.wire, chunk.bytes());
  } else if (message.wire.empty() && view.reply) {
    bytes = codecs::write_redis_reply(*view.reply);
  } else {
    bytes = message.wire;
  }
  if (direction == Direction::kDownstream) {
    const RedisPairing::Answer answer{.command = view.command,
                                      .ordinal = view.command ? view.command->ordinal : 0,
                                      .push = view.is_push(),
                                      .last = view.last};
    if (!view.reply) return pairing_.ready();
    return pairing_.release(answer, std::move(bytes), message.wire.empty());
  }
  const auto discard = pairing_.discards(view.command);
  const auto command = codecs::bytes_of(kRedisDiscard);
  if (discard.instead) return {command.begin(), command.end()};
  pairing_.asked(view.command);
  if (discard.ahead) bytes.insert(bytes.begin(), command.begin(), command.end());
  return bytes;
}

}  // namespace brownout::messages
