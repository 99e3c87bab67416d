#include "rules/engine/fault.h"
#include "rules/protocols/nats/nats_json.h"
#include "rules/protocols/nats/nats_message.h"

namespace brownout::rules {
namespace {

struct NatsClusterChangeSettings {
  std::vector<Endpoint> connect_urls;
};

class NatsClusterChangeStage final : public Stage {
 public:
  explicit NatsClusterChangeStage(const NatsClusterChangeSettings& settings) {
    for (const auto& url : settings.connect_urls) urls_.push_back(to_text(url));
  }

  void push(Chunk chunk, Instant now, Output& out) override {
    const auto* message = view_as<NatsMessage>(chunk.message());
    if (message == nullptr) return out.emit(std::move(chunk), now);
    const bool info = message->line.verb == NatsVerb::kInfo;
    if (info) {
      if (announce("rewrite", message->line.text, now, out)) return;
    } else if (!announced_ && message->connection) {
      // The server sent its INFO before the rule applied, so send the client a changed copy of that
      // INFO.
      announce("announce servers", message->connection->info, now, out);
    }
    out.emit(std::move(chunk), now);
  }

 private:
  bool announce(std::string_view action, const std::string& info, Instant now, Output& out) {
    auto text = with_nats_texts(info, "connect_urls", urls_);
    if (text.empty()) return false;
    announced_ = true;
    out.note({.action = action, .ordinal = count_++}, now);
    out.emit(nats_chunk({.verb = NatsVerb::kInfo, .text = std::move(text)}), now);
    return true;
  }

  std::vector<std::string> urls_;
  bool announced_ = false;
  std::uint64_t count_ = 0;
};

class NatsClusterChange final : public Fault {
 public:
  using Settings = NatsClusterChangeSettings;
  explicit NatsClusterChange(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("connect_urls", &Settings::connect_urls,
              "servers in connect_urls, each as \"HOST:PORT\"; write addresses of listeners, so "
              "that clients still connect through the proxy",
              {.required = true}),
    }};
    return schema;
  }
  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    for (const auto& url : settings.connect_urls) {
      if (!url.is_unix()) continue;
      problems.add(position_of(table, "connect_urls"),
                   to_text(url) + " is not of the form HOST:PORT",
                   "clients of NATS connect over TCP: \"127.0.0.1:4223\"");
    }
  }
  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    if (context.direction != Direction::kDownstream) return nullptr;
    return std::make_unique<NatsClusterChangeStage>(settings_);
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kNatsClusterChange = describe<NatsClusterChange>(
    {.name = "nats_cluster_change",
     .level = Level::kBytes,
     .carriers = kMessages,
     .per_chunk = true,
     .protocols = [] { return ProtocolSet::of(NatsMessage::protocol()); },
     .summary = "INFO announces other servers of the cluster in connect_urls. A client that is "
                "already connected gets such an INFO before the next message.",
     .correct_client = "adds these servers to the list from which it chooses when it reconnects",
     .unit = "INFO",
     .composition = "the servers of the last rule are announced",
     .source = "NATS documentation, Client Protocol, INFO, connect_urls; nats-server, cluster"});

}  // namespace brownout::rules
