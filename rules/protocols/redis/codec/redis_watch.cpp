#include "rules/protocols/redis/codec/redis_watch.h"

#include <algorithm>
#include <array>
#include <deque>
#include <optional>

#include "rules/protocols/redis/codec/redis_pairing.h"
#include "rules/protocols/redis/codec/redis_scan.h"
#include "rules/protocols/redis/codec/redis_values.h"

namespace brownout::messages {
namespace {

using codecs::ByteView;
using rules::Instant;

constexpr std::array kRedisServersFaults = std::to_array<std::string_view>(
    {"LOADING ", "READONLY ", "OOM ", "MISCONF ", "BUSY ", "CLUSTERDOWN ", "MASTERDOWN ", "NOAUTH ",
     "NOREPLICAS ", "TRYAGAIN ", rules::kRedisRefusal});

class RedisWatch final : public RequestWatch {
 public:
  void from_client(ByteView bytes, Instant now) override {
    read(client_, bytes, [&](const auto& parts) {
      auto blank = pairing_.blank();
      codecs::read_redis_command(*blank, parts, {}, false);
      const auto command = pairing_.sent(std::move(blank));
      if (command->ordinal == 0) return;
      pairing_.asked(command);
      leaving_ |= command->name == "quit";
      open_.push_back(command->blocks ? std::nullopt : std::optional(now));
      waiting_ += command->blocks ? 0 : 1;
    });
  }
  void to_client(ByteView bytes, std::vector<Answer>& answers) override {
    read(server_, bytes, [&](const auto& parts) {
      broken_ |= pairing_.replicates();
      const auto answer = pairing_.answered(parts);
      pairing_.passed(answer);
      if (!answer.command || !answer.last || answer.ordinal < next_) return;
      // A reply shows that all earlier commands are complete, too.
      for (; next_ <= answer.ordinal && !open_.empty(); ++next_) {
        const auto asked = open_.front();
        open_.pop_front();
        if (!asked) continue;
        --waiting_;
        answers.push_back({*asked, next_ < answer.ordinal || succeeds(parts.front())});
      }
    });
  }
  std::size_t open() const override { return waiting_; }
  bool leaving() const override { return leaving_; }

 private:
  static bool succeeds(const codecs::RedisPart& reply) {
    if (reply.sign != '-' && reply.sign != '!') return true;
    return std::none_of(kRedisServersFaults.begin(), kRedisServersFaults.end(),
                        [&](std::string_view fault) { return reply.text.starts_with(fault); });
  }

  template <class See>
  void read(codecs::RedisScan& scan, ByteView bytes, const See& see) {
    while (!broken_ && !bytes.empty()) {
      const auto step = scan.next(bytes);
      broken_ |= !step.broken.empty();
      bytes = bytes.subspan(step.taken);
      if (step.ended) see(scan.parts());
      broken_ |= pairing_.given_up();
    }
    if (!broken_) return;
    open_.clear();
    waiting_ = 0;
  }

  codecs::RedisScan client_{codecs::RedisScan::Of::kClient};
  codecs::RedisScan server_{codecs::RedisScan::Of::kServer};
  RedisPairing pairing_;
  // Time at which each open command was sent. No value for a command that may block, because its
  // response time is not measured.
  std::deque<std::optional<Instant>> open_;
  std::uint64_t next_ = 1;  // number of the first command in open_
  std::size_t waiting_ = 0;
  bool broken_ = false;
  bool leaving_ = false;
};

}  // namespace

std::unique_ptr<RequestWatch> make_redis_watch() { return std::make_unique<RedisWatch>(); }

}  // namespace brownout::messages
