// down: closes the listening socket while the rule is active, so that the kernel itself refuses
// connections. The socket is opened again afterwards. With how = "drop" the socket stays, and the
// kernel discards what arrives for new connections.
#include <array>

#include "rules/engine/fault.h"

namespace brownout::rules {
namespace {

enum class Live { kReset, kKeep };

enum class DownHow { kRefuse, kDrop };

struct DownSettings {
  DownHow how = DownHow::kRefuse;
  Live live = Live::kReset;
};

}  // namespace

template <>
struct EnumNames<Live> {
  static constexpr std::array kValues{std::pair<std::string_view, Live>{"reset", Live::kReset},
                                      std::pair<std::string_view, Live>{"keep", Live::kKeep}};
};
template <>
struct EnumNames<DownHow> {
  static constexpr std::array kValues{
      std::pair<std::string_view, DownHow>{"refuse", DownHow::kRefuse},
      std::pair<std::string_view, DownHow>{"drop", DownHow::kDrop}};
};

namespace {

class Down final : public Fault {
 public:
  using Settings = DownSettings;
  explicit Down(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("how", &Settings::how,
              "refuse: the machine answers that the port is closed. drop: nothing answers, as when "
              "the machine itself is off"),
        field("live", &Settings::live,
              "what happens to open connections. reset: they get a RST. keep: they stay open"),
    }};
    return schema;
  }

  bool loses_syns() const override { return settings_.how == DownHow::kDrop; }
  bool cuts_live_connections() const override { return settings_.live == Live::kReset; }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kDown = describe<Down>(
    {.name = "down",
     .level = Level::kListener,
     .carriers = kStreams | kDatagrams | kDnsQueries,
     .summary =
         "The port is closed: a connect fails with \"connection refused\". A datagram or a "
         "DNS query over UDP gets \"port unreachable\" (ICMP). With how = \"drop\" a connect "
         "hangs, and datagrams get no answer.",
     .correct_client =
         "tries the next server at once, and waits with growing pauses when all have failed",
     .unit = "listener that the rule matches",
     .composition = "the port is closed while any of the rules is active",
     .source = "RFC 9293, 3.5.2 (a RST answers a SYN to a closed port); RFC 1122, 4.1.3.1 (port "
               "unreachable); connect(2), ECONNREFUSED"});

}  // namespace brownout::rules
