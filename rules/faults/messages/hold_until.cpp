// hold_until: holds messages until a message with certain content has passed.
#include <utility>
#include <vector>

#include "rules/engine/message_fault.h"

namespace brownout::rules {
namespace {

struct HoldUntilSettings {
  Match passes;
  Duration most = std::chrono::seconds(60);
};

// Holds messages until a message that matches `passes` arrives. Such a message is never held.
class HoldUntilStage final : public Stage {
 public:
  explicit HoldUntilStage(const HoldUntilSettings& settings) : settings_(settings) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    if (frees(chunk)) return pass(std::move(chunk), now, out);
    out.note(
        {.action = "hold", .bytes = static_cast<std::int64_t>(chunk.size()), .ordinal = count_++},
        now);
    if (queue_.empty()) until_ = later(now, settings_.most);
    held_ += chunk.size();
    queue_.push_back(std::move(chunk));
  }
  void pass(Chunk chunk, Instant now, Output& out) override {
    const bool last = chunk.message() != nullptr && chunk.message()->ends_conversation();
    if (last) release(now, out);
    const bool free = frees(chunk);
    out.emit(std::move(chunk), now);
    if (free) release(now, out);
  }
  void finish(Instant now, Output& out) override {
    release(now, out);
    out.finish(now);
  }
  void wake(Instant now, Output& out) override { release(now, out); }
  void release(Instant now, Output& out) override {
    until_ = kNever;
    held_ = 0;
    for (auto& chunk : std::exchange(queue_, {})) out.emit(std::move(chunk), now);
  }
  Instant deadline() const override { return until_; }
  std::size_t held() const override { return held_; }

 private:
  bool frees(const Chunk& chunk) const {
    return chunk.message() != nullptr &&
           settings_.passes.matches(*chunk.message(), chunk.bytes(), nullptr);
  }

  HoldUntilSettings settings_;
  std::vector<Chunk> queue_;  // held messages, including those without a payload
  std::size_t held_ = 0;
  Instant until_ = kNever;
  std::uint64_t count_ = 0;
};

class HoldUntil final : public MessageFault {
 public:
  using Settings = HoldUntilSettings;
  explicit HoldUntil(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        nested<Settings>(
            "passes", "table",
            "required: keys of match that describe the awaited message. It goes in the same "
            "direction on the same connection. HTTP and DNS: a request or query of the same client "
            "address, or with `status` a response to that address",
            [](const Node& node, Settings& settings, Diagnostics& problems) {
              settings.passes = match_schema().read(node, "passes", problems);
              settings.passes.settle_shared_keys(true);
            }),
        field("most", &Settings::most, "how long a message waits at most",
              {.least = std::chrono::milliseconds(1), .most = std::chrono::hours(24)}),
    }};
    return schema;
  }

  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    const auto* passes = table.find("passes");
    const int protocols = of_messages(settings) + of_http(settings) + of_dns(settings);
    constexpr std::string_view kExample =
        R"(e.g. passes = { packet = "pingreq" } or passes = { path = "/login" })";
    if (passes == nullptr) {
      problems.add(table.where, "fault \"hold_until\" needs \"passes\", the awaited message",
                   std::string(kExample));
      return;
    }
    for (const std::string_view key : {"listener", "client", "source_port", "destination", "port",
                                       "node", "direction", "first", "after", "every", "not"}) {
      if (passes->find(key) == nullptr) continue;
      problems.add(position_of(*passes, key), std::string(key) + " does not describe one message",
                   "write " + std::string(key) + " in match");
    }
    if (settings.passes.is_for_tls()) {
      problems.add(passes->where,
                   "passes has keys of TLS handshakes, but hold_until waits for a message",
                   "describe the message with keys like packet, stanza, text, path or qname");
    } else if (protocols == 0) {
      problems.add(table.where, "passes has no key that selects a message, request or query",
                   std::string(kExample));
    } else if (protocols > 1) {
      problems.add(passes->where, "passes has keys of two protocols",
                   "use only keys of messages, only keys of requests, or only keys of queries");
    }
  }

  // Whether `passes` describes messages of this kind of traffic.
  bool acts_on(Carrier carrier) const override {
    switch (carrier) {
      case Carrier::kHttp:
        return of_http(settings_);
      case Carrier::kDns:
        return of_dns(settings_);
      default:
        return of_messages(settings_);
    }
  }
  bool gathers() const override { return !of_messages(settings_); }
  Direction watched(Direction half) const override {
    return settings_.passes.of_response() ? Direction::kDownstream : half;
  }
  std::unique_ptr<Stage> stage(const StageContext&) const override {
    return std::make_unique<HoldUntilStage>(settings_);
  }

 private:
  static bool of_messages(const Settings& settings) { return settings.passes.is_for_messages(); }
  static bool of_http(const Settings& settings) {
    return settings.passes.is_for_http() || !settings.passes.host.empty();
  }
  static bool of_dns(const Settings& settings) { return settings.passes.is_for_dns(); }

  Settings settings_;
};

}  // namespace

extern const FaultKind kHoldUntil = describe<HoldUntil>(
    {.name = "hold_until",
     .level = Level::kBytes,
     .carriers = kAnyMessages,
     .per_chunk = true,
     .directed = true,
     .http_part = ExchangePart::kByDirection,
     .dns_part = ExchangePart::kResponse,
     .observes_all = true,
     .summary = "Messages wait until a later message, which `passes` describes, has arrived before "
                "them. After the time `most` they arrive in any case.",
     .correct_client =
         "orders messages by a sequence number or time stamp in them, and relies on no order "
         "that the protocol does not guarantee",
     .unit = "message, in each direction; HTTP request; with `direction = \"downstream\"` or "
             "`status` in match, HTTP response; DNS answer",
     .composition = "each rule holds messages independently",
     .source =
         "MQTT 5.0, 4.6 (message ordering); RFC 6120, 10.1 (in-order processing); RFC 7766, 7 "
         "(response reordering); RFC 8085, 3.3"});

}  // namespace brownout::rules
