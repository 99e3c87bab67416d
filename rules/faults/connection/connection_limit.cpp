// connection_limit: refuses new connections while a maximum number of connections is open. A
// connection counts from its arrival until its end, even if the rule ends first.
#include <array>
#include <atomic>

#include "rules/chance/client_table.h"
#include "rules/engine/fault.h"

namespace brownout::rules {
namespace {

enum class LimitOverflow { kRefuse, kHang };
enum class LimitScope { kRule, kClient };

struct ConnectionLimitSettings {
  std::int64_t max = 0;
  LimitOverflow overflow = LimitOverflow::kRefuse;
  LimitScope shared = LimitScope::kRule;
};

using Counter = std::atomic<std::int64_t>;

// Numbers of open connections. Each open connection shares ownership of them, because the
// connection may outlive the rule.
struct Counters {
  Counter rule{0};
  ClientTable<Counter> clients;
};

struct OpenConnections final : FaultState {
  std::shared_ptr<Counters> counters = std::make_shared<Counters>();
};

}  // namespace

template <>
struct EnumNames<LimitOverflow> {
  static constexpr std::array kValues{
      std::pair<std::string_view, LimitOverflow>{"refuse", LimitOverflow::kRefuse},
      std::pair<std::string_view, LimitOverflow>{"hang", LimitOverflow::kHang}};
};
template <>
struct EnumNames<LimitScope> {
  static constexpr std::array kValues{
      std::pair<std::string_view, LimitScope>{"rule", LimitScope::kRule},
      std::pair<std::string_view, LimitScope>{"client", LimitScope::kClient}};
};

namespace {

class ConnectionLimit final : public Fault {
 public:
  using Settings = ConnectionLimitSettings;
  explicit ConnectionLimit(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("max", &Settings::max, "how many connections may be open at a time",
              {.least = 0, .required = true}),
        field("overflow", &Settings::overflow,
              "what happens to further connections. refuse: they get a RST. hang: they are "
              "accepted and stay silent"),
        field("shared", &Settings::shared,
              "scope of the limit: all connections that the rule matches, or the connections of "
              "one client address"),
    }};
    return schema;
  }
  std::unique_ptr<FaultState> make_state() const override {
    return std::make_unique<OpenConnections>();
  }

  std::optional<Note> admit(const StageContext& context, Admission& admission) const override {
    if (!admission.serves()) return std::nullopt;
    const auto counters = static_cast<OpenConnections&>(*context.shared).counters;
    Counter* open = settings_.shared == LimitScope::kRule
                        ? &counters->rule
                        : counters->clients.of(context.flow->client_key());
    if (open == nullptr) return std::nullopt;
    if (open->fetch_add(1) < settings_.max) {
      admission.leases.emplace_back(
          open, [counters](void* counter) { static_cast<Counter*>(counter)->fetch_sub(1); });
      return std::nullopt;
    }
    open->fetch_sub(1);
    const bool hangs = settings_.overflow == LimitOverflow::kHang;
    admission.verdict = hangs ? Admission::Verdict::kHang : Admission::Verdict::kRefuse;
    return Note{.action = hangs ? "hang" : "refuse", .overflow = true};
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kConnectionLimit = describe<ConnectionLimit>(
    {.name = "connection_limit",
     .level = Level::kConnection,
     .summary = "The number of open connections is limited, as at a full server or NAT table. "
                "Further connections are reset or stay silent.",
     .correct_client = "bounds its pool, reuses open connections, and waits with growing pauses "
                       "before it connects again",
     .unit = "rule, whose connections share one limit; with `shared = \"client\"`, client address",
     .composition = "the first rule that refuses the connection, or leaves it silent, decides",
     .source = "iptables-extensions(8), connlimit; Amazon Builders' Library, Timeouts, retries, "
               "and backoff with jitter"});

}  // namespace brownout::rules
