// down: closes the listening socket while the rule is active, so that the kernel itself refuses
// connections. The socket is opened again afterwards.
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
        field("live", &Settings::live,
              "what happens to open connections. reset: they get a RST. keep: they stay open"),
    }};
    return schema;
  }

  bool cuts_live_connections() const override { return settings_.live == Live::kReset; }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kDown = describe<Down>(
    {.name = "down",
     .level = Level::kListener,
     .carriers = kStreams | kDatagrams | kDnsQueries,
     .summary = "The port is closed: a connect fails with \"connection refused\". A datagram or a "
                "DNS query over UDP gets \"port unreachable\" (ICMP).",
     .correct_client =
         "tries the next server at once, and waits with growing pauses when all have failed",
     .unit = "listener that the rule matches",
     .composition = "the port is closed while any of the rules is active",
     .source = "RFC 9293, 3.5.2 (a RST answers a SYN to a closed port); RFC 1122, 4.1.3.1 (port "
               "unreachable); connect(2), ECONNREFUSED"});

}  // namespace brownout::rules
