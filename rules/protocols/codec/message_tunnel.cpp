#include "rules/protocols/codec/message_tunnel.h"

#include <algorithm>
#include <string>
#include <utility>

#include "rules/engine/plan.h"

namespace brownout::messages {
namespace {

// Small writes are collected ("gathered") and sent together. A write of at least kLarge bytes is
// sent directly, and collected output is sent once it reaches kMostGathered bytes.
constexpr std::size_t kLarge = 16 * 1024;
constexpr std::size_t kMostGathered = 64 * 1024;

// Adds the memory of a message to a total for as long as the message exists. The message object is
// counted with the payload, because many messages with small payloads also use much memory.
class Counted {
 public:
  Counted(std::shared_ptr<const rules::Message> message, std::size_t payload,
          std::shared_ptr<std::size_t> total)
      : message_(std::move(message)),
        total_(std::move(total)),
        size_(message_->memory() + payload) {
    *total_ += size_;
  }
  ~Counted() { *total_ -= size_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

  const rules::Message* get() const { return message_.get(); }

 private:
  std::shared_ptr<const rules::Message> message_;
  std::shared_ptr<std::size_t> total_;
  std::size_t size_;
};

}  // namespace

MessageTunnel::MessageTunnel(Owner& owner, std::unique_ptr<MessageCodec> codec,
                             const rules::FlowFacts& flow)
    : owner_(owner), codec_(std::move(codec)), facts_(flow) {
  facts_.carrier = rules::Carrier::kMessage;
  facts_.message_protocols = codec_->protocols();
  // For messages in HTTP bodies, random numbers depend on the request; for other messages, on the
  // connection.
  const auto in_bodies = rules::ProtocolSet::where(&rules::MessageProtocol::in_http_bodies);
  if ((facts_.message_protocols & in_bodies).empty()) facts_.message = 0;
}

void MessageTunnel::set_rules(const rules::RuleSet& set, Instant now) {
  begin_turn();
  for (auto* half : {&up_, &down_}) {
    half->rules = rules::plan_messages(set, facts_, half->direction);
    if (half->rules.empty() && !half->chain) continue;
    if (!half->chain) half->chain = std::make_unique<rules::Chain>(facts_, half->direction, *half);
    half->chain->set_rules(half->rules, now);
    half->release_raw();
  }
  end_turn();
}

void MessageTunnel::named(std::shared_ptr<const std::vector<std::string>> names,
                          const rules::RuleSet& set, Instant now) {
  facts_.names = std::move(names);
  set_rules(set, now);
}

void MessageTunnel::push(Direction direction, ByteView bytes, Instant now) {
  begin_turn();
  side(direction).push(bytes, now);
  end_turn();
}

void MessageTunnel::write(Direction direction, ByteView bytes, bool last) {
  if (side(direction).ended) return;
  auto& gathered = side(direction).gathered;
  const bool alone = turns_ == 0 || bytes.size() >= kLarge || (last && gathered.empty());
  if (alone || gathered.size() + bytes.size() > kMostGathered) flush(direction);
  if (alone) return owner_.tunnel_bytes(direction, bytes);
  gathered.insert(gathered.end(), bytes.begin(), bytes.end());
}

void MessageTunnel::flush(Direction direction) {
  auto& gathered = side(direction).gathered;
  if (gathered.empty()) return;
  // Clear `gathered` before the call, because the owner may push more data during the call.
  const auto bytes = std::exchange(gathered, {});
  owner_.tunnel_bytes(direction, bytes);
}

void MessageTunnel::end_turn() {
  if (--turns_ > 0) return;
  flush(Direction::kUpstream);
  flush(Direction::kDownstream);
}

void MessageTunnel::report(const std::vector<CodecReport>& reports) {
  for (const auto& report : reports) {
    report.warns ? owner_.tunnel_warns(report.event, report.why)
                 : owner_.tunnel_report(report.event, report.why);
  }
}

void MessageTunnel::finished(Direction direction) {
  // Does nothing if a rule has already ended the stream.
  if (std::exchange(side(direction).ended, true)) return;
  flush(direction);
  owner_.tunnel_finished(direction);
}

void MessageTunnel::closed(rules::Close how) {
  flush(Direction::kUpstream);
  flush(Direction::kDownstream);
  owner_.tunnel_closed(how);
}

void MessageTunnel::finish(Direction direction, Instant now) {
  auto& half = side(direction);
  if (auto last = half.raw ? std::nullopt : half.reader.last()) half.deliver(std::move(*last), now);
  if (half.reader.held() > 0) half.pass_raw(half.reader.rest());
  if (!half.chain) return half.finish();
  half.chain->finish(now);
}

void MessageTunnel::advance(Instant now) {
  begin_turn();
  for (auto* half : {&up_, &down_}) {
    if (!half->chain) continue;
    half->chain->advance(now);
    half->release_raw();
  }
  end_turn();
}

std::vector<std::string> MessageTunnel::rules() const {
  std::vector<std::string> names;
  for (const auto* half : {&up_, &down_}) {
    for (const auto& rule : half->rules) {
      if (std::find(names.begin(), names.end(), rule->name) == names.end()) {
        names.push_back(rule->name);
      }
    }
  }
  return names;
}

void MessageTunnel::Side::push(ByteView bytes, Instant now) {
  if (owner.over_) return;
  if (chain) chain->advance(now);
  const bool ruled = chain && !chain->transparent();
  // Unbuffered messages that follow each other are written together.
  ByteView passing = bytes.first(0);
  const auto pass = [&] {
    if (!passing.empty()) owner.write(direction, passing);
    passing = {};
  };
  bool more = false;
  while (!raw && (more || !bytes.empty())) {
    auto step = reader.next(bytes, ruled || !inserted.empty());
    if (!step.broken.empty()) {
      pass();
      degrade(step);
      if (owner.over_) return;
      break;
    }
    if (step.kept) {
      pass();
    } else {
      passing = {passing.empty() ? bytes.data() : passing.data(), passing.size() + step.taken};
    }
    bytes = bytes.subspan(step.taken);
    more = step.more;
    if (step.replaced) owner.write(direction, *step.replaced);
    owner.report(step.reports);
    if (step.ended) {
      pass();
      deliver(std::move(*step.ended), now);
    }
    if (!inserted.empty() && !reader.passing()) {
      pass();
      release_inserted();
    }
    if (!step.secures) continue;
    pass();
    owner.flush(direction);
    owner.owner_.tunnel_secures();
  }
  if (!passing.empty()) owner.write(direction, passing, true);
  if (raw && !bytes.empty()) pass_raw(bytes);
}

void MessageTunnel::Side::pass_raw(ByteView bytes) {
  if (*held == 0 && behind.empty()) return owner.write(direction, bytes);
  behind.insert(behind.end(), bytes.begin(), bytes.end());
}

void MessageTunnel::Side::release_raw() {
  if (*held > 0 || behind.empty()) return;
  owner.write(direction, std::exchange(behind, {}));
}

void MessageTunnel::Side::insert(Bytes bytes) {
  if (raw || !reader.passing()) return owner.write(direction, bytes);
  inserted.insert(inserted.end(), bytes.begin(), bytes.end());
}

void MessageTunnel::Side::release_inserted() {
  if (inserted.empty()) return;
  owner.write(direction, std::exchange(inserted, {}));
  if (owner.closes_ && !owner.waits_to_insert()) owner.closed(*owner.closes_);
}

void MessageTunnel::Side::close(rules::Close how) {
  owner.closes_.reset();
  if (how == rules::Close::kReset || !owner.waits_to_insert()) return owner.closed(how);
  owner.closes_ = how;
}

void MessageTunnel::Side::finish() {
  release_inserted();
  if (!behind.empty()) owner.write(direction, std::exchange(behind, {}));
  owner.finished(direction);
}

void MessageTunnel::Side::deliver(ReadMessage read, Instant now) {
  const auto counted =
      std::make_shared<const Counted>(std::move(read.message), read.payload.size(), held);
  auto chunk = rules::Chunk::of(read.payload,
                                std::shared_ptr<const rules::Message>(counted, counted->get()));
  chain ? chain->push(std::move(chunk), now) : emit(std::move(chunk));
}

void MessageTunnel::Side::emit(rules::Chunk chunk) {
  owner.write(direction, owner.codec_->write(chunk, direction));
}

// Sends the message back to the sender of this direction, as if the other end had sent it.
void MessageTunnel::Side::reply(rules::Chunk message) {
  const auto back =
      direction == Direction::kUpstream ? Direction::kDownstream : Direction::kUpstream;
  owner.side(back).insert(owner.codec_->write(message, back));
}

void MessageTunnel::Side::degrade(const MessageReader::Step& why) {
  const bool reported = owner.up_.raw || owner.down_.raw;
  raw = true;
  release_inserted();
  const auto name = std::string(owner.codec_->name());
  const auto event = why.too_large ? "too large " + name + " message" : "not " + name;
  if (!reported) owner.owner_.tunnel_report(event, why.broken);
  if (owner.codec_->must_end(direction)) {
    owner.over_ = true;
    return owner.closed(rules::Close::kReset);
  }
  if (reader.held() > 0) pass_raw(reader.rest());
}

}  // namespace brownout::messages
