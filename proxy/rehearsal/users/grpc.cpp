// Synthetic users of the kind grpc. An operation is a call of the health service ("GRPC Health
// Checking Protocol") or of any unary method, which must succeed; or, where the server answers with
// a stream, the next messages of a call that stays open.
#include "proxy/loop/deadlines.h"
#include "proxy/rehearsal/grpc_channel.h"
#include "proxy/rehearsal/numbered.h"

namespace brownout::rehearsal {
namespace {

using rules::GrpcFailure;
using rules::GrpcRetry;
using rules::GrpcStatus;

class GrpcClient final : public ProbeClient {
 public:
  explicit GrpcClient(const ClientSettings& settings)
      : user_(rules::GrpcUser::of(settings.probe->options)),
        streams_(user_.streams()),
        dice_(settings.dice),
        channel_(settings, user_) {}

  void drop() override {
    channel_.close();
    open_ = false;
  }
  bool counts_one_message() const override { return !streams_; }

  Attempt attempt(const Target& target, Instant deadline) override {
    auto done = std::exchange(meanwhile_, {});
    if (streams_) {
      done.why = read_stream(target, deadline, done);
    } else {
      done.sent = 1;
      done.why = call(target, deadline, done);
      done.lost = done.ok() ? 0 : 1;
    }
    return done;
  }

  void idle(Instant until) override {
    channel_.run(until, [&] {
      if (open_) take_messages(meanwhile_);
      return false;
    });
  }

 private:
  // Makes a unary call, with retries. Returns why it failed; "" after success.
  std::string call(const Target& target, Instant deadline, Attempt& done) {
    GrpcRetry retry(user_.retry, dice_.split("retry " + std::to_string(++calls_)));
    const auto call_deadline =
        user_.deadline ? later(proxy::monotonic_now(), *user_.deadline) : rules::kNever;
    while (true) {
      auto [failure, why] = try_call(target, deadline, call_deadline, retry.attempts(), done);
      if (why.empty()) {
        const auto message = channel_.next_message();
        return message ? user_.mismatch(*message) : "the response contains no message";
      }
      if (!may_repeat(retry, failure, std::min(deadline, call_deadline), why)) return why;
      ++done.retries;
    }
  }

  // Waits until the next attempt of a call. Returns false if no attempt is left; sets `why` if the
  // deadline is the reason.
  bool may_repeat(GrpcRetry& retry, const GrpcFailure& failure, Instant deadline,
                  std::string& why) {
    const auto now = proxy::monotonic_now();
    if (now >= deadline || given_up()) return false;
    const auto wait = retry.failed(failure);
    if (!wait) return false;
    const auto at = later(now, *wait);
    pause(std::min(at, deadline));
    if (at < deadline && !given_up()) return true;
    why = "the call failed, and no time was left to repeat it: " + why;
    return false;
  }

  // One attempt of a call. Its first message, and after success its result, are in the channel.
  std::pair<GrpcFailure, std::string> try_call(const Target& target, Instant deadline,
                                               Instant call_deadline, std::int64_t attempts,
                                               Attempt& done) {
    auto why = channel_.start(target, deadline, call_deadline, attempts, done.connects);
    if (!why.empty()) {
      const bool late = proxy::monotonic_now() >= call_deadline;
      const auto status = late ? GrpcStatus::kDeadlineExceeded : GrpcStatus::kUnavailable;
      return {{.status = status},
              "gRPC status " + std::string(rules::name_of(status)) + ": " + why};
    }
    channel_.run(deadline, [&] { return channel_.result() != nullptr; });
    if (const auto* result = channel_.result()) return {result->failure, result->why};
    channel_.cancel();
    return {{.status = GrpcStatus::kCancelled}, "no response: timed out"};
  }

  // Waits for the next messages of the open call. Begins a call if none is open.
  std::string read_stream(const Target& target, Instant deadline, Attempt& done) {
    GrpcRetry retry(user_.retry, dice_.split("retry " + std::to_string(++calls_)));
    while (true) {
      if (!open_) {
        if (auto why = begin_stream(target, deadline, retry.attempts(), done); !why.empty()) {
          if (!may_repeat(retry, {.status = GrpcStatus::kUnavailable}, deadline, why)) return why;
          ++done.retries;
          continue;
        }
      }
      channel_.run(deadline, [&] {
        take_messages(done);
        return is_served() || channel_.result() != nullptr;
      });
      take_messages(done);
      if (const auto* result = channel_.result()) {
        open_ = false;
        auto why = result->why;
        if (why.empty() && !is_served()) {
          // The call has ended successfully. Begins the next call, unless this one had no message.
          if (in_call_ == 0) return "the call ended without a message";
          continue;
        }
        if (!why.empty()) {
          if (!may_repeat(retry, result->failure, deadline, why)) return why;
          ++done.retries;
          continue;
        }
      }
      return end_operation();
    }
  }

  std::string begin_stream(const Target& target, Instant deadline, std::int64_t attempts,
                           Attempt& done) {
    auto why = channel_.start(target, deadline, rules::kNever, attempts, done.connects);
    if (!why.empty()) return "gRPC status UNAVAILABLE: " + why;
    open_ = true;
    in_call_ = arrived_ = 0;
    wrong_.clear();
    if (!user_.numbers_continue) numbers_.begin_again();
    return {};
  }

  void take_messages(Attempt& done) {
    while (const auto message = channel_.next_message()) {
      ++arrived_;
      ++in_call_;
      // For health checks only the last message counts; for other methods every message must be as
      // expected.
      if (auto why = user_.mismatch(*message); user_.asks_health() || wrong_.empty()) {
        wrong_ = std::move(why);
      }
      if (user_.number.empty()) continue;
      if (const auto number = user_.number_of(*message)) {
        numbers_.came(*number, done);
      } else if (wrong_.empty()) {
        wrong_ =
            "a message of the stream has no number in its field " + rules::in_quotes(user_.number);
      }
    }
  }

  // Whether the open call has delivered the messages for which an operation waits.
  bool is_served() const {
    if (user_.asks_health()) return in_call_ > 0;
    return arrived_ >= user_.messages;
  }
  std::string end_operation() {
    if (!is_served()) {
      return arrived_ == 0
                 ? "no message: timed out"
                 : "only " + rules::count_of(static_cast<std::uint64_t>(arrived_), "message") +
                       " of " + std::to_string(user_.messages) + ": timed out";
    }
    arrived_ = 0;
    if (user_.asks_health()) return wrong_;
    return std::exchange(wrong_, {});
  }

  void pause(Instant until) {
    channel_.run(until, [] { return false; });
    while (proxy::monotonic_now() < until && !given_up()) wait_unless_given_up({}, until);
  }

  rules::GrpcUser user_;
  bool streams_;
  rules::Dice dice_;
  GrpcChannel channel_;
  std::uint64_t calls_ = 0;

  // The members below are for calls with a stream of messages.
  bool open_ = false;
  std::int64_t arrived_ = 0;  // messages since the end of the last operation
  std::int64_t in_call_ = 0;  // messages of the open call
  std::string wrong_;         // why a message of the call is not as expected; "" if all are
  ReceivedNumbers numbers_;
  Attempt meanwhile_;  // counts of messages that have arrived between two operations
};

}  // namespace

extern const UserRow kGrpcUser{"grpc", make_client<GrpcClient>};

}  // namespace brownout::rehearsal
