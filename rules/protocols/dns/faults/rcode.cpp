// rcode: answers with the configured DNS response code, for codes that no other fault sends.
#include "rules/engine/fault.h"
#include "rules/faults/common/rcode_fault.h"

namespace brownout::rules {
namespace {

struct AnyRcodeSettings {
  Rcode code = Rcode::kServFail;
};

class AnyRcode final : public RcodeFault {
 public:
  using Settings = AnyRcodeSettings;
  explicit AnyRcode(const Settings& settings) : RcodeFault(settings.code, "answer") {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("code", &Settings::code,
              "response code of the answers: a name (\"YXDOMAIN\") or a number (\"9\")",
              {.required = true}),
    }};
    return schema;
  }
};

}  // namespace

extern const FaultKind kRcode =
    describe<AnyRcode>({.name = "rcode",
                        .level = Level::kMessage,
                        .carriers = kDnsQueries,
                        .summary = "Every answer has the configured response code and no records. "
                                   "Codes above 15 reach only clients that use EDNS.",
                        .correct_client = "asks another server after any code except NOERROR and "
                                          "NXDOMAIN, and reports a failure if no server answers",
                        .unit = "query",
                        .composition = "the first rule that answers a query decides",
                        .source = "RFC 6895, 2.3; RFC 6891, 6.1.3; RFC 1034, 5.3.3"});

}  // namespace brownout::rules
