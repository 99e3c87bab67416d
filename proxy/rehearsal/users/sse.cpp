// Synthetic users of the kind sse, who follow an event stream (WHATWG HTML, 9.2). An attempt
// succeeds when an event or a comment (keep-alive) has arrived since the previous attempt. The
// stream stays open between attempts.
//
// A stream that has ended is reopened once in the same attempt. A silent stream is closed, and the
// next attempt reopens it. Reopening waits for the time that the server sent (`retry`), and
// continues after the last event (Last-Event-ID). The server numbers its events.
#include <limits>
#include <utility>

#include "proxy/rehearsal/http_requests.h"
#include "proxy/rehearsal/numbered.h"
#include "rules/base/whole_number.h"
#include "rules/protocols/sse/codec/sse_codec.h"

namespace brownout::rehearsal {
namespace {

using rules::SseKind;

// Longest time that a server's `retry` can make a user wait.
constexpr std::int64_t kMostRetry = 3'600'000;  // in milliseconds
// Limit of reads of already arrived events in one attempt, so that a server that never stops
// sending cannot block its user.
constexpr int kMostReads = 1000;

class SseClient final : public ProbeClient {
 public:
  explicit SseClient(const ClientSettings& settings) : settings_(settings), requests_(settings) {}

  void drop() override { close(); }

  Attempt attempt(const Target& target, Instant deadline) override {
    Attempt done;
    done_ = &done;
    news_ = 0;
    done.why = follow(target, deadline);
    done_ = nullptr;
    if (!done.ok()) lose();
    return done;
  }

 private:
  // Opens the stream if necessary, and waits for news. Returns the error; "" after success.
  std::string follow(const Target& target, Instant deadline) {
    bool fresh = false;
    while (news_ == 0) {
      if (!codec_) {
        if (auto why = open(target, deadline); !why.empty()) return why;
        fresh = true;
      }
      if (proxy::monotonic_now() >= deadline || given_up()) return silence();
      const bool goes_on = requests_.go_on(deadline);
      if (auto why = hear(); !why.empty()) return why;
      if (goes_on) continue;
      const auto why = requests_.why_broken();
      if (fresh && news_ == 0) return why.empty() ? "the server ended the stream" : why;
      lose();
    }
    for (int i = 0; codec_ && i < kMostReads; ++i) {
      const auto before = news_;
      const bool goes_on = requests_.go_on(proxy::monotonic_now());
      if (auto why = hear(); !why.empty()) return why;
      if (!goes_on || news_ == before) break;
    }
    return {};
  }

  std::string open(const Target& target, Instant deadline) {
    if (again_ > proxy::monotonic_now()) wait_unless_given_up({}, std::min(again_, deadline));
    if (again_ > proxy::monotonic_now())
      return "the user waits before it reconnects, because the server's `retry` asks for it";
    const auto& probe = *settings_.probe;
    const auto url = target.url.empty() ? base_url(target) + probe.path : target.url;
    HttpAsked asked{.headers = {"accept: text/event-stream", "cache-control: no-store"},
                    .version = probe.http,
                    .method = "GET",
                    .whole = false};
    if (!last_id_.empty()) asked.headers.push_back("last-event-id: " + last_id_);
    ++done_->connects;
    codec_.emplace(last_id_);
    checked_ = false;
    return requests_.begin(target, url, deadline, asked);
  }

  void close() {
    requests_.drop();
    codec_.reset();
  }
  // Closes a stream that has ended or is silent, and sets the time before which it must not be
  // reopened.
  void lose() {
    close();
    again_ = proxy::monotonic_now() + retry_;
  }

  std::string silence() const {
    return checked_ ? "no event and no comment arrived" : "no response";
  }

  // Reads the events that have arrived. Returns the error; "" without an error.
  std::string hear() {
    auto& reply = requests_.reply();
    if (!checked_ && reply.status != 0) {
      if (auto why = wrong_head(reply); !why.empty()) return why;
      checked_ = true;
    }
    if (!checked_) return {};
    const auto body = std::exchange(reply.body, {});
    auto bytes = std::as_bytes(std::span(body));
    auto& reader = codec_->reader(rules::Direction::kDownstream);
    while (!bytes.empty()) {
      const auto step = reader.next(bytes, true);
      if (!step.broken.empty()) return "the server's data is wrong: " + std::string(step.broken);
      bytes = bytes.subspan(step.taken);
      if (!step.ended) continue;
      const auto& event = *rules::view_as<rules::SseMessage>(step.ended->message.get());
      hear(event, codecs::text_of(step.ended->payload));
    }
    return {};
  }

  std::string wrong_head(const HttpReply& reply) {
    if (auto why = requests_.why_broken(); !why.empty()) return why;
    if (reply.status == 204)
      return "status 204, by which the server tells clients not to reconnect";
    if (reply.status != 200) return "status " + std::to_string(reply.status);
    const auto type = requests_.media_type();
    if (type == "text/event-stream") return {};
    return "the response is not an event stream; its content type is " + rules::in_quotes(type);
  }

  void hear(const rules::SseMessage& event, std::string_view data) {
    ++news_;
    if (event.has_id) last_id_ = event.id;
    if (!event.retry.empty()) {
      const auto retry = rules::parse_whole_number(event.retry, kMostRetry);
      retry_ = std::chrono::milliseconds(retry.value_or(kMostRetry));
    }
    if (event.kind != SseKind::kEvent) return;
    if (const auto number = number_of(event, data)) numbers_.came(*number, *done_);
  }

  // Returns no value for an event that the server does not number.
  std::optional<std::uint64_t> number_of(const rules::SseMessage& event,
                                         std::string_view data) const {
    const auto& at = settings_.probe->number;
    if (at && !rules::is_json(data)) return std::nullopt;
    const auto text = at ? rules::json_words(rules::json_value(data, *at)) : event.id;
    return rules::parse_whole_number(text, std::numeric_limits<std::uint64_t>::max() - 1);
  }

  const ClientSettings settings_;
  HttpRequests requests_;
  std::optional<messages::SseCodec> codec_;  // parser of the open stream; no value if none is open
  bool checked_ = false;     // whether the head of the response was checked and is as expected
  std::uint64_t news_ = 0;   // events and comments of this attempt
  Attempt* done_ = nullptr;  // the attempt in progress; null if there is none
  std::string last_id_;
  Duration retry_{};
  Instant again_{};  // when the stream may be opened again
  ReceivedNumbers numbers_;
};

}  // namespace

extern const UserRow kSseUser{"sse", make_client<SseClient>};

}  // namespace brownout::rehearsal
