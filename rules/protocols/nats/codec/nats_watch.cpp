#include "rules/protocols/nats/codec/nats_watch.h"

#include <algorithm>
#include <deque>
#include <string>
#include <unordered_map>

#include "rules/protocols/nats/codec/nats_codec.h"

namespace brownout::messages {
namespace {

using rules::Instant;
using rules::NatsLine;
using rules::NatsVerb;

constexpr std::size_t kMostOpenRequests = 4096;
constexpr std::size_t kMostSubject = 1024;
constexpr int kFirstFailedStatus = 500;

class NatsWatch final : public RequestWatch {
 public:
  void from_client(ByteView bytes, Instant now) override {
    read(Direction::kUpstream, bytes, [&](const NatsLine& line, ByteView) {
      if (line.verb == NatsVerb::kPing && pings_.size() < kMostOpenRequests) pings_.push_back(now);
      const bool published = line.verb == NatsVerb::kPub || line.verb == NatsVerb::kHpub;
      if (!published || line.reply.empty() || line.reply.size() > kMostSubject) return;
      if (open_.size() < kMostOpenRequests) open_.emplace(line.reply, now);
    });
  }
  void to_client(ByteView bytes, std::vector<Answer>& answers) override {
    read(Direction::kDownstream, bytes, [&](const NatsLine& line, ByteView payload) {
      if (line.verb == NatsVerb::kPong && !pings_.empty()) {
        answers.push_back({pings_.front(), true});
        pings_.pop_front();
      }
      if (line.verb != NatsVerb::kMsg && line.verb != NatsVerb::kHmsg) return;
      const auto asked = open_.find(line.subject);
      if (asked == open_.end()) return;
      answers.push_back({asked->second, !failed(line, payload)});
      open_.erase(asked);
    });
  }
  void secured() override {
    secures_ = false;
    codec_.secured();
  }
  std::size_t open() const override { return open_.size() + pings_.size(); }
  // Always false: NATS has no message that announces the end of a connection.
  bool leaving() const override { return false; }

 private:
  static bool failed(const NatsLine& line, ByteView payload) {
    if (rules::nats_status(line.headers) >= kFirstFailedStatus) return true;
    // Search the payload for an error of JetStream with a code from 500: {"error":{"code":503, ...
    const auto text = codecs::text_of(payload.first(std::min<std::size_t>(payload.size(), 256)));
    const auto error = text.find("\"error\":{");
    return error != std::string_view::npos &&
           text.find("\"code\":5", error) != std::string_view::npos;
  }

  template <class See>
  void read(Direction direction, ByteView bytes, const See& see) {
    while (!broken_ && !secures_ && !bytes.empty()) {
      const auto step = codec_.reader(direction).next(bytes, true);
      broken_ = !step.broken.empty();
      if (broken_) return;
      secures_ = step.secures;
      bytes = bytes.subspan(step.taken);
      if (step.ended) {
        see(rules::view_as<rules::NatsMessage>(step.ended->message.get())->line,
            step.ended->payload);
      }
    }
  }

  NatsCodec codec_;
  // Time of each open request, by its reply subject.
  std::unordered_map<std::string, Instant> open_;
  std::deque<Instant> pings_;
  bool broken_ = false;
  bool secures_ = false;  // whether TLS has begun; no bytes can be parsed until secured()
};

}  // namespace

std::unique_ptr<RequestWatch> make_nats_watch() { return std::make_unique<NatsWatch>(); }

}  // namespace brownout::messages
