// overload: imitates a server of finite capacity in front of the real server
// (rules/chance/overload_model.h).
//
// The keys `load` and `surge` simulate other clients, whose requests ("phantom load") use up the
// capacity and are retried. If connections count as requests, a connection waits before the connect
// to the server.
#include <algorithm>
#include <atomic>
#include <optional>

#include "rules/base/shared_model.h"
#include "rules/chance/client_table.h"
#include "rules/chance/overload_model.h"
#include "rules/engine/datagram_queue.h"
#include "rules/engine/delay_line.h"
#include "rules/engine/dns_fault.h"
#include "rules/engine/http_fault.h"
#include "rules/faults/connection/overload_keys.h"

namespace brownout::rules {
namespace {

OverloadSettings model_settings(const OverloadKeys& settings) {
  OverloadSettings model;
  model.concurrency = static_cast<std::size_t>(settings.concurrency);
  model.queue = static_cast<std::size_t>(settings.queue);
  model.service = settings.service_time.value_or(Duration(1));
  if (settings.capacity) {
    const double seconds =
        static_cast<double>(settings.concurrency) / settings.capacity->per_second;
    model.service = std::max(Duration(1), Duration(static_cast<std::int64_t>(seconds * 1e9)));
  }
  model.distribution = settings.distribution;
  model.retries = settings.retries;
  model.patience = settings.patience;
  model.retry_after = settings.retry_delay;
  return model;
}

struct Models final : FaultState {
  SharedModel<OverloadModel> rule;
  ClientTable<SharedModel<OverloadModel>> others;
  std::atomic<std::uint64_t> served{0};
  std::atomic<std::uint64_t> turned_away{0};

  std::string status() override {
    auto text = std::to_string(served.load()) + " served, " + std::to_string(turned_away.load()) +
                " turned away";
    const auto phantoms = rule.use([](const std::optional<OverloadModel>& model) {
      return model ? model->phantoms() : OverloadModel::Phantoms{};
    });
    if (phantoms.arrived == 0) return text;
    return text + "; phantom load: " + count_of(phantoms.arrived, "request") + ", " +
           std::to_string(phantoms.retries) + " of them retries, " +
           std::to_string(phantoms.failed) + " failed";
  }
};

// One request, with the data that the model of the server needs.
struct Asked {
  const FlowFacts* flow;
  Dice dice;  // random numbers that depend on the rule only
  Intensity intensity;
  Instant now;
  FaultState* shared;
  std::uint64_t event;  // identifies the request within its flow
};

Key server_key(const IpAddress& address, std::uint16_t port) {
  const auto& bytes = address.bytes;
  return combine(key_of({reinterpret_cast<const char*>(bytes.data()), bytes.size()}), port);
}

// Clients beyond the size of the table have no simulated server: their requests are served at once.
OverloadModel::Outcome ask(const OverloadKeys& settings, const Asked& asked) {
  auto& models = static_cast<Models&>(*asked.shared);
  SharedModel<OverloadModel>* model = &models.rule;
  if (settings.shared == LoadScope::kClient) model = models.others.of(asked.flow->client_key());
  if (settings.shared == LoadScope::kServer && asked.flow->destination) {
    model = models.others.of(server_key(*asked.flow->destination, asked.flow->destination_port));
  }
  if (model == nullptr) return {.accepted = true};
  const auto outcome = model->use([&](std::optional<OverloadModel>& current) {
    if (!current) {
      const auto load = [settings, intensity = asked.intensity](Instant t) {
        const Instant open = later(intensity.start(), settings.surge_start);
        const bool surging =
            t >= open && (!settings.surge_duration || t < later(open, *settings.surge_duration));
        return (settings.load.times + (surging ? settings.surge.times : 0)) * intensity.at(t);
      };
      current.emplace(model_settings(settings), asked.dice, load,
                      settings.load.times + settings.surge.times, asked.intensity.start());
    }
    return current->arrive(asked.now, combine(asked.flow->key(), asked.event),
                           settings.overflow == TurnedAway::kSlow);
  });
  (outcome.accepted ? models.served : models.turned_away).fetch_add(1, std::memory_order_relaxed);
  return outcome;
}

Note note_of(const OverloadModel::Outcome& outcome) {
  if (!outcome.accepted)
    return {.action = "refuse", .ordinal = outcome.in_system, .overflow = true};
  return {
      .action = "serve", .delay = sum(outcome.wait, outcome.service), .ordinal = outcome.in_system};
}

std::int64_t whole_seconds(Duration duration) {
  return std::max<std::int64_t>(1, duration / std::chrono::seconds(1));
}

std::string answer_503(Duration retry_after) {
  return "HTTP/1.1 503 Service Unavailable\r\nRetry-After: " +
         std::to_string(whole_seconds(retry_after)) +
         "\r\nContent-Type: text/plain\r\nContent-Length: 11\r\nConnection: "
         "close\r\n\r\noverloaded\n";
}

class Requests {
 public:
  Requests(const OverloadKeys& settings, const StageContext& context)
      : settings_(settings), asked_{context.flow, context.rule_dice, context.intensity,
                                    {},           context.shared,    0} {}

  OverloadModel::Outcome next(Instant now, Output& out) {
    asked_.now = now;
    ++asked_.event;
    const auto outcome = ask(settings_, asked_);
    out.note(note_of(outcome), now);
    return outcome;
  }
  const OverloadKeys& settings() const { return settings_; }

 private:
  OverloadKeys settings_;
  Asked asked_;
};

class OverloadStage final : public HoldingStage {
 public:
  explicit OverloadStage(Requests requests) : requests_(std::move(requests)) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const auto outcome = requests_.next(now, out);
    if (outcome.accepted) {
      return hold(std::move(chunk), later(now, sum(outcome.wait, outcome.service)), now, out);
    }
    switch (requests_.settings().overflow) {
      case TurnedAway::kReset:
        return out.close(Close::kReset, now);
      case TurnedAway::k503:
        return out.answer(answer_503(requests_.settings().retry_after), now);
      default:
        return hold(std::move(chunk), kNever, now, out);
    }
  }

 private:
  Requests requests_;
};

// Passes datagrams through the simulated server. Datagrams that the server has no capacity for are
// lost.
class DatagramOverloadStage final : public DatagramStage {
 public:
  explicit DatagramOverloadStage(Requests requests) : requests_(std::move(requests)) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const auto outcome = requests_.next(now, out);
    if (!outcome.accepted) return;
    hold(std::move(chunk), later(now, sum(outcome.wait, outcome.service)), now, out);
  }

 private:
  Requests requests_;
};

class Overload final : public Fault, public DnsFault, public HttpFault {
 public:
  using Settings = OverloadKeys;
  explicit Overload(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema();
  static void check(const Settings& settings, const Node& table, Diagnostics& problems);

  bool admits_on_arrival() const override {
    return settings_.unit == LoadUnit::kConnection && settings_.shared != LoadScope::kServer;
  }
  bool admits_on_dial() const override {
    return settings_.unit == LoadUnit::kConnection && settings_.shared == LoadScope::kServer;
  }
  std::unique_ptr<FaultState> make_state() const override { return std::make_unique<Models>(); }
  const DnsFault* dns() const override { return this; }
  const HttpFault* http() const override { return this; }
  bool ramps() const override { return settings_.load.times > 0 || settings_.surge.times > 0; }
  bool acts_on(Carrier carrier) const override {
    if (carrier == Carrier::kHttp) return settings_.unit == LoadUnit::kRequest;
    return carrier != Carrier::kStream || settings_.unit != LoadUnit::kRequest;
  }

  std::optional<Note> admit(const StageContext& context, Admission& admission) const override {
    if (!admission.serves()) return std::nullopt;
    const auto outcome = ask(settings_, {context.flow, context.rule_dice, context.intensity,
                                         context.now, context.shared, 0});
    if (outcome.accepted) {
      admission.connect_delay += sum(outcome.wait, outcome.service);
      return note_of(outcome);
    }
    switch (settings_.overflow) {
      case TurnedAway::k503:
        admission.verdict = Admission::Verdict::kAnswer;
        admission.answer = answer_503(settings_.retry_after);
        break;
      case TurnedAway::kHang:
        admission.verdict = Admission::Verdict::kHang;
        break;
      default:
        admission.verdict = Admission::Verdict::kRefuse;
        break;
    }
    return note_of(outcome);
  }

  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    if (context.direction != Direction::kUpstream) return nullptr;
    const Requests requests(settings_, context);
    if (context.flow->carrier == Carrier::kDatagram) {
      return std::make_unique<DatagramOverloadStage>(requests);
    }
    return std::make_unique<OverloadStage>(requests);
  }

  std::optional<Note> act(const HttpContext& context, HttpMessage& message) const override {
    if (!message.is_request() || message.decided()) return std::nullopt;
    const auto outcome = ask(settings_, {context.request, context.rule_dice, context.intensity,
                                         context.now, context.shared, context.request->message});
    if (outcome.accepted) {
      message.delay += sum(outcome.wait, outcome.service);
      return note_of(outcome);
    }
    if (settings_.overflow == TurnedAway::k503) {
      message.fate = HttpMessage::Fate::kAnswer;
      message.answer = {503,
                        {{"retry-after", std::to_string(whole_seconds(settings_.retry_after))},
                         {"content-type", "text/plain"}},
                        "overloaded\n"};
    } else {
      const bool hangs = settings_.overflow == TurnedAway::kHang;
      message.fate = hangs ? HttpMessage::Fate::kSilence : HttpMessage::Fate::kReset;
    }
    return note_of(outcome);
  }

  std::optional<Note> on_query(const DnsContext& context, DnsVerdict& verdict) const override {
    if (verdict.decided()) return std::nullopt;
    const auto outcome = ask(settings_, {context.query, context.rule_dice, context.intensity,
                                         context.now, context.shared, 0});
    if (outcome.accepted) {
      verdict.delay += sum(outcome.wait, outcome.service);
    } else if (settings_.overflow == TurnedAway::kHang) {
      verdict.silent = true;
    } else {
      const bool refuses = settings_.overflow == TurnedAway::kReset;
      verdict.reply.emplace().rcode = refuses ? Rcode::kRefused : Rcode::kServFail;
    }
    return note_of(outcome);
  }

 private:
  Settings settings_;
};

const Schema<OverloadKeys>& Overload::schema() {
  static const Schema<OverloadKeys> schema{{
      field("unit", &OverloadKeys::unit,
            "what the simulated server serves as one request: connection (a TCP connection, when "
            "it opens; connections that are already open are not affected), request (an HTTP "
            "request), or message (a chunk of data from a client). Each datagram and each DNS "
            "query is always one request"),
      field("capacity", &OverloadKeys::capacity,
            "rate at which the server can serve requests, e.g. \"200/s\"; or give `service_time`"),
      field("service_time", &OverloadKeys::service_time,
            "mean time to serve one request; or give `capacity`",
            {.least = Duration(1), .most = std::chrono::hours(1)}),
      field("distribution", &OverloadKeys::distribution, "distribution of the service time"),
      field("concurrency", &OverloadKeys::concurrency, "requests that are served at a time",
            {.least = 1, .most = 100'000}),
      field("queue", &OverloadKeys::queue,
            "how many requests may wait; a further one finds the queue full (see `overflow`)",
            {.least = 0, .most = 1'000'000}),
      field("overflow", &OverloadKeys::overflow,
            "what a request gets at a full queue. reset: a RST; in DNS, REFUSED. hang: silence. "
            "503: an HTTP 503 with Retry-After; in DNS, SERVFAIL. slow: it waits although the "
            "queue is full. A datagram is lost, except with slow"),
      field("retry_after", &OverloadKeys::retry_after,
            "value of Retry-After in the 503, in whole seconds (rounded down, at least 1)"),
      field("load", &OverloadKeys::load,
            "phantom load: simulated requests that use the same queue, as a multiple of the "
            "capacity"),
      field("surge", &OverloadKeys::surge,
            "phantom load in addition to `load` during the surge, as a multiple of the capacity"),
      field("surge_start", &OverloadKeys::surge_start,
            "time from the start of the rule to the surge"),
      field("surge_duration", &OverloadKeys::surge_duration,
            "how long the surge lasts; left out, until the rule ends"),
      field("retries", &OverloadKeys::retries,
            "how often a failed phantom request is tried again (retry amplification)",
            {.least = 0, .most = 1000}),
      field("patience", &OverloadKeys::patience,
            "time-out of a phantom request; a request that takes longer fails, although it has "
            "used capacity",
            {.least = Duration(1)}),
      field("retry_delay", &OverloadKeys::retry_delay,
            "mean pause before a failed phantom request is tried again; the pause varies by up to "
            "half of it",
            {.least = std::chrono::milliseconds(1)}),
      field("shared", &OverloadKeys::shared,
            "scope of the simulated server. rule: one for all requests that the rule matches, also "
            "on several listeners. client: one for each client address. server: one for each "
            "server of the [[upstream]]"),
  }};
  return schema;
}

void Overload::check(const OverloadKeys& settings, const Node& table, Diagnostics& problems) {
  if (settings.capacity.has_value() == settings.service_time.has_value()) {
    problems.add(table.where,
                 "fault \"overload\" needs \"capacity\" or \"service_time\", and not both",
                 "e.g. capacity = \"200/s\" (with concurrency = 4, each takes 20ms)");
  }
  if (settings.unit == LoadUnit::kRequest && settings.shared == LoadScope::kServer) {
    problems.add(position_of(table, "shared"),
                 "shared = \"server\" does not fit this unit, because a request counts before its "
                 "server is known",
                 "use shared = \"rule\", or write a rule for each server");
  }
  const bool phantoms = settings.load.times > 0 || settings.surge.times > 0;
  for (const std::string_view key : {"retries", "patience", "retry_delay"}) {
    if (phantoms || table.find(key) == nullptr) continue;
    problems.add(
        position_of(table, key),
        std::string(key) +
            " describes the simulated requests of \"load\" and \"surge\", and neither is set",
        "add load or surge, e.g. load = \"0.8x\", or leave " + std::string(key) + " out");
  }
  for (const std::string_view key : {"surge_start", "surge_duration"}) {
    if (settings.surge.times > 0 || table.find(key) == nullptr) continue;
    problems.add(position_of(table, key), std::string(key) + " has no effect without \"surge\"",
                 "add e.g. surge = \"3x\", or leave " + std::string(key) + " out");
  }
}

}  // namespace

extern const FaultKind kOverload = describe<Overload>(
    {.name = "overload",
     .level = Level::kBytes,
     .carriers = kStreams | kDatagrams | kDnsQueries | kHttpRequests,
     .ramp = Ramp::kMagnitude,
     .ramped = "the phantom load (`load` and `surge`) grows from 0 to its full value",
     .summary = "Requests wait as at a server of finite capacity: the longer its queue, the later "
                "the answer. A request that finds the queue full gets a RST, silence, a 503 or a "
                "DNS error; a datagram is lost.",
     .correct_client = "waits longer after each refusal, honours Retry-After, bounds its retries, "
                       "and takes another server if it has one",
     .unit = "connection, HTTP request, message or DNS query (`unit`)",
     .composition = "each rule has a queue of its own, and a request passes the queues in the "
                    "order of the file",
     .source =
         "Kleinrock, Queueing Systems I, chapter 3 (M/M/c/K); RFC 9110, 10.2.3 (Retry-After) and "
         "15.6.4 (503); Bronson et al., Metastable Failures in Distributed Systems, HotOS 2021"});

}  // namespace brownout::rules
