// down: the port refuses connections. The listening socket is closed while the rule is active (a
// connect gets a RST, as from a host without a server) and opened again afterwards.
#include <array>

#include "rules/engine/fault.h"

namespace brownout::rules {
namespace {

enum class Live { kReset, kKeep };

struct DownSettings {
  Live live = Live::kReset;
};

}  // namespace

template <>
struct EnumNames<Live> {
  static constexpr std::array kValues{std::pair<std::string_view, Live>{"reset", Live::kReset},
                                      std::pair<std::string_view, Live>{"keep", Live::kKeep}};
};

namespace {

class Down final : public Fault {
 public:
  using Settings = DownSettings;
  explicit Down(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("live", &Settings::live, "what happens to connections that are already open"),
    }};
    return schema;
  }

  bool cuts_live_connections() const override { return settings_.live == Live::kReset; }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kDown =
    describe<Down>({.name = "down",
                    .level = Level::kListener,
                    .carriers = kStreams | kDatagrams | kDnsQueries,
                    .summary = "The port refuses connections.",
                    .unit = "listener",
                    .composition = "a listener is down while any such rule is active",
                    .source = {}});

}  // namespace brownout::rules
