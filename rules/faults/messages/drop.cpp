// drop: datagrams or messages vanish. For HTTP that is a request, which never reaches the server,
// or its response; for DNS a query or its answer. With `probability`, only some vanish.
#include "rules/engine/message_fault.h"

namespace brownout::rules {
namespace {

class Drop final : public MessageFault {
 public:
  using Settings = NoSettings;
  explicit Drop(const Settings&) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{};
    return schema;
  }

  Verdict judge(const Exchange&) const override { return Verdict::drop(); }
};

}  // namespace

extern const FaultKind kDrop = describe<Drop>(
    {.name = "drop",
     .level = Level::kBytes,
     .carriers = kDatagrams | kAnyMessages,
     .per_chunk = true,
     .directed = true,
     .of_http = Half::kOne,
     .of_dns = Half::kOne,
     .summary = "Datagrams or messages are lost: all of a session or connection, or a share of "
                "them. A correct client repeats what is not acknowledged in time.",
     .unit = "datagram or message, one way; HTTP and DNS: the request or query, or with "
                  "`direction = \"downstream\"` the response or answer",
     .composition = "later rules do not see messages that an earlier rule dropped",
     .source = {}});

}  // namespace brownout::rules
