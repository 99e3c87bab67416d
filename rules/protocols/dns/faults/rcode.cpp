// rcode: answers with any response code, by name or number. Codes above 15 reach only clients that
// use EDNS (RFC 6891, 6.1.3).
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
        field("code", &Settings::code, "a name (\"YXDOMAIN\") or a number (\"9\")",
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
                        .summary = "The answer is a response code of your choice.",
                        .unit = "query",
                        .composition = "the first rule that answers a query decides",
                        .source = "RFC 6895, 2.3"});

}  // namespace brownout::rules
