// duplicate: a datagram arrives twice, the copy right behind it (tc-netem(8), duplicate).
#include "rules/chance/distribution.h"
#include "rules/engine/fault.h"
#include "rules/engine/message_fault.h"

namespace brownout::rules {
namespace {

// A request with a longer body is sent once: the copy must be held.
constexpr Bytes kMostBody{1 << 20};

struct DuplicateSettings {
  Ratio share{};
  Ratio correlation{};
};

class DuplicateStage final : public Stage {
 public:
  DuplicateStage(const DuplicateSettings& settings, const StageContext& context)
      : settings_(settings),
        intensity_(context.intensity),
        draws_(context.dice, settings.correlation) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const auto ordinal = draws_.count();
    const bool twice = draws_.next() < settings_.share.share() * intensity_.at(now);
    if (twice) {
      out.note({.action = "duplicate",
                .bytes = static_cast<std::int64_t>(chunk.size()),
                .ordinal = ordinal},
               now);
      out.emit(chunk, now);
    }
    out.emit(std::move(chunk), now);
  }

 private:
  DuplicateSettings settings_;
  Intensity intensity_;
  CorrelatedDraws draws_;
};

class Duplicate final : public MessageFault {
 public:
  using Settings = DuplicateSettings;
  explicit Duplicate(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("share", &Settings::share, "the share of datagrams or messages that arrives twice",
              {.required = true}),
        field("correlation", &Settings::correlation,
              "how much each draw depends on the last one, as netem defines it; of HTTP and "
              "DNS each is for itself"),
    }};
    return schema;
  }

  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    return std::make_unique<DuplicateStage>(settings_, context);
  }
  std::optional<Note> act(const HttpContext& context, HttpMessage& message) const override {
    if (message.decided()) return std::nullopt;
    if (!hits(context.dice, settings_.share, context.intensity, context.now)) return std::nullopt;
    message.duplicate = kMostBody;
    return Note{.action = "duplicate"};
  }
  std::optional<Note> on_wire(const DnsContext& context, DnsWire& wire) const override {
    if (!hits(context.dice, settings_.share, context.intensity, context.now)) return std::nullopt;
    ++wire.copies;
    return Note{.action = "duplicate", .bytes = static_cast<std::int64_t>(wire.message.size())};
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kDuplicate = describe<Duplicate>(
    {.name = "duplicate",
     .level = Level::kBytes,
     .carriers = kDatagrams | kAnyMessages,
     .ramp = Ramp::kMagnitude,
     .per_chunk = true,
     .directed = true,
     .of_http = Half::kRequest,
     .of_dns = Half::kResponse,
     .summary = "Some datagrams or messages arrive twice. A correct client "
                "does nothing twice for it: it knows a message by its id. A server of XMPP "
                "that manages its streams (XEP-0198) ends one on which a copy is acknowledged.",
     .magnitude =
         "datagram or message, one way; of HTTP the request (up to 1 MiB), of DNS the answer",
     .composition = "each rule draws for itself: a copy may be copied again",
     .source = "tc-netem(8), duplicate"});

}  // namespace brownout::rules
