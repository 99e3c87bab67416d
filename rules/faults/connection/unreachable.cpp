// unreachable: a router or the server's machine answers a connect, or a datagram, with an ICMP
// message. nftables sends it before there is a connection (rules/engine/syn_plan.h), so the rule
// can match only what a SYN shows.
//
// Where nftables cannot be used, admit() refuses the accepted connection.
#include "rules/engine/unreachable.h"

#include "rules/engine/fault.h"

namespace brownout::rules {
namespace {

struct UnreachableSettings {
  Unreachable what = Unreachable::kHost;
};

class UnreachableFault final : public Fault {
 public:
  using Settings = UnreachableSettings;
  explicit UnreachableFault(const Settings& settings) : what_(settings.what) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("what", &Settings::what,
              "which message is sent, and so which error a connect has. host: EHOSTUNREACH. net: "
              "ENETUNREACH. port: ECONNREFUSED. prohibited: a firewall's message, EHOSTUNREACH "
              "(over IPv6 EACCES)"),
    }};
    return schema;
  }

  std::optional<Unreachable> answers_syns() const override { return what_; }

  std::optional<Note> admit(const StageContext&, Admission& admission) const override {
    if (!admission.serves()) return std::nullopt;
    admission.verdict = Admission::Verdict::kRefuse;
    return Note{.action = "refuse"};
  }

 private:
  Unreachable what_;
};

}  // namespace

extern const FaultKind kUnreachable = describe<UnreachableFault>(
    {.name = "unreachable",
     .level = Level::kConnection,
     .carriers = kStreams | kDatagrams,
     .per_chunk = true,
     .on_syn = true,
     .summary =
         "A connect fails at once, with \"no route to host\" or the like: an ICMP message answers "
         "its SYNs. A datagram gets the same message, which most programs see only with what = "
         "\"port\", as \"connection refused\". Open connections go on. This needs nftables, which "
         "`exec` always has, and other commands with the capability CAP_NET_ADMIN. Without "
         "nftables, connections are accepted, then reset, and datagrams are dropped.",
     .correct_client = "tries the server's next address, then the next server, at once",
     .unit =
         "connect or datagram; a probability is drawn for each connect with its retransmissions, "
         "with per = \"client\" for each address, with per = \"chunk\" for each SYN or datagram",
     .composition = "the first rule that drops or answers a SYN decides",
     .source =
         "RFC 792, destination unreachable; RFC 4443, 3.1; RFC 9293, 3.9.2.2 (ICMP messages); "
         "connect(2); udp(7); ip(7), IP_RECVERR"});

}  // namespace brownout::rules
