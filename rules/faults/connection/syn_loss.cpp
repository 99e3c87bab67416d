// syn_loss: a connect hangs, since its SYNs are lost. The decision is made before there is a
// connection (rules/engine/syn_plan.h), so the rule can match only what a SYN shows.
//
// Where the kernel cannot filter SYNs (unix sockets, virtual time), admit() leaves the accepted
// connection without an answer.
#include "rules/engine/fault.h"

namespace brownout::rules {
namespace {

class SynLoss final : public Fault {
 public:
  using Settings = NoSettings;
  explicit SynLoss(const Settings&) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{};
    return schema;
  }

  bool loses_syns() const override { return true; }

  std::optional<Note> admit(const StageContext&, Admission& admission) const override {
    if (!admission.serves()) return std::nullopt;
    admission.verdict = Admission::Verdict::kHang;
    return Note{.action = "hang"};
  }
};

}  // namespace

extern const FaultKind kSynLoss = describe<SynLoss>(
    {.name = "syn_loss",
     .level = Level::kConnection,
     .per_chunk = true,
     .on_syn = true,
     .summary =
         "A connect hangs until the client's connect time-out: its SYNs are lost, and nothing "
         "answers them. Open connections go on. When the rule ends, the next retransmission "
         "of the SYN connects.",
     .correct_client = "has a connect time-out of a few seconds (the kernel's own is about two "
                       "minutes), and tries the next server after it",
     .unit =
         "connect; a probability is drawn for each connect with its retransmissions, with per = "
         "\"client\" for each address, with per = \"chunk\" for each SYN, so that a connect "
         "takes 1, 3 or 7 s longer",
     .composition = "a SYN is lost if any of the rules loses it",
     .source =
         "RFC 9293, 3.5 (opening a connection); RFC 6298, 2 and 5 (1 s, then doubled); tcp(7), "
         "tcp_syn_retries"});

}  // namespace brownout::rules
