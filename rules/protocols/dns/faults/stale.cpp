// stale: repeats the first answer to each question, as a cache does that never expires, or a
// secondary server that no longer updates.
#include <algorithm>
#include <atomic>
#include <memory>
#include <string>

#include "rules/chance/client_table.h"
#include "rules/engine/dns_fault.h"
#include "rules/engine/fault.h"

namespace brownout::rules {
namespace {

// The first answer to one question; set once, from any thread.
struct Kept {
  std::atomic<const DnsReply*> reply{nullptr};

  Kept() = default;
  Kept(const Kept&) = delete;
  Kept& operator=(const Kept&) = delete;
  ~Kept() { const std::unique_ptr<const DnsReply> owner(reply.load()); }

  void keep(const DnsReply& fresh) {
    if (reply.load(std::memory_order_acquire) != nullptr) return;
    auto copy = std::make_unique<const DnsReply>(fresh);
    const DnsReply* none = nullptr;
    if (reply.compare_exchange_strong(none, copy.get(), std::memory_order_acq_rel)) copy.release();
  }
};

struct Answers final : FaultState {
  ClientTable<Kept> by_question;
};

// Whether two answers are equal apart from the order and TTL of their records, which may differ
// between answers from the same zone.
bool same(const DnsReply& a, const DnsReply& b) {
  const auto sorted_rdata = [](const DnsReply& reply) {
    std::vector<std::string> list;
    for (const auto& record : reply.answer) {
      list.emplace_back(record.rdata.begin(), record.rdata.end());
    }
    std::sort(list.begin(), list.end());
    return list;
  };
  return a.rcode == b.rcode && sorted_rdata(a) == sorted_rdata(b);
}

bool worth_keeping(const DnsReply& reply) {
  return !reply.truncated && (reply.rcode == Rcode::kNoError || reply.rcode == Rcode::kNxDomain);
}

class Stale final : public DnsOnlyFault {
 public:
  using Settings = NoSettings;
  explicit Stale(const Settings&) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{};
    return schema;
  }

  std::optional<Note> on_reply(const DnsContext& context, DnsReply& reply) const override {
    const auto& question = *context.query->dns.question;
    const auto key = combine(key_of(question.name), static_cast<Key>(question.type));
    auto* place = static_cast<Answers*>(context.shared)->by_question.of(key);
    if (place == nullptr) return std::nullopt;
    if (worth_keeping(reply)) place->keep(reply);
    const DnsReply* kept = place->reply.load(std::memory_order_acquire);
    if (kept == nullptr || same(*kept, reply)) return std::nullopt;
    reply = *kept;
    return Note{.action = "answer"};
  }
  std::unique_ptr<FaultState> make_state() const override { return std::make_unique<Answers>(); }
};

}  // namespace

extern const FaultKind kStale = describe<Stale>(
    {.name = "stale",
     .level = Level::kMessage,
     .carriers = kDnsQueries,
     .summary = "Every query gets the first answer to its name and type since the rule took "
                "effect, even after the records change.",
     .correct_client = "tries the other addresses of the answer when one does not respond, and "
                       "uses the new answer within one TTL after the fault ends",
     .unit = "answer that differs from the first one to the same name and type",
     .composition = "earlier rules change an answer before it is stored; later rules change each "
                    "copy that is sent",
     .source = "RFC 1035, 3.2.1; RFC 1034, 4.3.5; RFC 1123, 2.3"});

}  // namespace brownout::rules
