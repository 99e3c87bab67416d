// Synthetic users of the kind kafka, by librdkafka. Each attempt sends three numbered messages with
// the user's own record key, so that they share a partition and have an order. An attempt succeeds
// when the broker has acknowledged all, and the user's consumer (kafka_group.h) has read them.
//
// The clients stay open after failures, as in a real service, so messages of a failed attempt may
// still arrive later. New clients are made only after an error that librdkafka calls fatal.
#include <algorithm>
#include <array>
#include <chrono>
#include <random>
#include <utility>
#include <vector>

#include "proxy/loop/deadlines.h"
#include "proxy/rehearsal/kafka_group.h"
#include "proxy/rehearsal/numbered.h"
#include "rules/base/whole_number.h"
#include "rules/protocols/kafka/kafka_users.h"

namespace brownout::rehearsal {
namespace {

using rules::KafkaUserSettings;
using std::chrono::milliseconds;

std::string kafka_ms(rules::Duration time) {
  return std::to_string(std::chrono::ceil<milliseconds>(time).count());
}

class KafkaClient final : public ProbeClient {
 public:
  explicit KafkaClient(const ClientSettings& settings)
      : settings_(settings), is_(KafkaUserSettings::of(settings.probe->options)) {
    // Makes the name unique, since another rehearsal may use the same cluster.
    name_ = is_.group + "-" + std::to_string(std::random_device{}()) + "-" +
            std::to_string(settings.user);
  }

  void drop() override {
    producer_.close();
    group_.close(proxy::monotonic_now());
    broken_ = false;
    unacknowledged_ = 0;
    stage_ = Stage::kNew;
    send_again();
  }

  Attempt attempt(const Target& target, Instant deadline) override {
    done_.why = talk(target, deadline);
    group_.commit();
    done_.connects = producer_.take_connects() + group_.link().take_connects();
    if (done_.ok()) trouble_.clear();
    if (broken_) drop();
    if (is_.consume) group_.measure(done_, proxy::monotonic_now());
    return std::exchange(done_, {});
  }

  // A service polls all the time: a consumer takes part in rebalances between two operations, and
  // a producer goes on with what it has not delivered.
  void idle(Instant until) override {
    if (producer_.is_open()) run(until, [] { return false; });
    if (broken_) drop();
  }

 private:
  // The state of the producer's transaction. The next attempt continues an interrupted step.
  enum class Stage { kNew, kReady, kOpen, kCommit, kAbort };

  const rules::Probe& probe() const { return *settings_.probe; }

  std::string talk(const Target& target, Instant deadline) {
    before_ = numbers_.last();
    refusal_.clear();
    if (!producer_.is_open()) {
      if (auto why = open(target, deadline); !why.empty()) return why;
    }
    // Later a producer sends whether its consumers have partitions or not.
    if (is_.consume && !run(deadline, [&] { return group_.has_joined(); })) {
      return because("the group has not assigned any partition");
    }
    if (is_.transactional) {
      if (auto why = begin(deadline); !why.empty()) return why;
    }
    if (auto why = send(); !why.empty()) return why;
    run(deadline, [&] { return unacknowledged_ == 0; });
    if (is_.transactional && unacknowledged_ == 0) {
      stage_ = Stage::kCommit;
      if (auto why = commit(deadline); !why.empty()) return why;
    }
    run(deadline,
        [&] { return unacknowledged_ == 0 && (numbers_.all_came(before_) || !refusal_.empty()); });
    if (!refusal_.empty()) return refusal_;
    if (!numbers_.all_came(before_)) {
      const bool idle = is_.consume && !group_.has_partitions();
      return because(numbers_.missing(before_) + (idle ? "; the consumer has no partitions" : ""));
    }
    if (unacknowledged_ == 0) return {};
    return because(std::to_string(unacknowledged_) +
                   (unacknowledged_ == 1 ? " message was" : " messages were") +
                   " not acknowledged");
  }
  // Appends the last error that librdkafka reported, since it explains most time-outs.
  std::string because(const std::string& what) const {
    return trouble_.empty() ? what : what + "; " + trouble_;
  }

  // Makes the clients. Returns the error; "" after success.
  std::string open(const Target& target, Instant deadline) {
    const auto address = address_of(settings_, target, deadline);
    if (!address) return address.error();
    server_ = to_text(*address);
    auto settings = common_settings();
    settings.insert(settings.end(), {{"acks", std::string(rules::name_of(is_.acks))},
                                     {"enable.idempotence", is_.idempotent ? "true" : "false"},
                                     {"message.timeout.ms", kafka_ms(is_.delivery_timeout)},
                                     {"linger.ms", "0"},
                                     // The partitioner of Kafka's Java client.
                                     {"partitioner", "murmur2_random"}});
    if (is_.transactional) {
      settings.push_back({"transactional.id", name_});
      settings.push_back({"transaction.timeout.ms", kafka_ms(is_.delivery_timeout)});
    }
    auto why = producer_.open(RD_KAFKA_PRODUCER, settings, settings_.local);
    if (why.empty()) {
      // Requests the topic's metadata with the producer, since the broker may create the topic for
      // a producer, but not for a consumer.
      auto* topic = rd_kafka_topic_new(producer_.get(), is_.topic.c_str(), nullptr);
      if (topic != nullptr) rd_kafka_topic_destroy(topic);
      if (is_.consume) why = subscribe();
    }
    if (!why.empty()) {
      done_.unable = true;
      drop();
    }
    return why;
  }
  KafkaSettings common_settings() const {
    const bool tls = !probe().ca.empty();
    const bool sasl = !probe().user_name.empty();
    KafkaSettings settings{
        {"bootstrap.servers", server_},
        {"client.id", name_},
        {"security.protocol", std::string(sasl ? "sasl_" : "") + (tls ? "ssl" : "plaintext")}};
    if (tls) settings.push_back({"ssl.ca.location", probe().ca});
    if (!sasl) return settings;
    settings.push_back({"sasl.mechanism", std::string(rules::name_of(is_.sasl))});
    settings.push_back({"sasl.username", probe().user_name});
    settings.push_back({"sasl.password", settings_.password});
    return settings;
  }
  std::string subscribe() {
    const auto heartbeat = std::min<rules::Duration>(is_.session_timeout / 3, milliseconds(3000));
    auto settings = common_settings();
    settings.insert(settings.end(),
                    {{"group.id", name_},
                     {"session.timeout.ms", kafka_ms(is_.session_timeout)},
                     {"heartbeat.interval.ms", kafka_ms(heartbeat)},
                     {"isolation.level", std::string(rules::name_of(is_.isolation))},
                     {"auto.offset.reset", "earliest"},
                     {"enable.auto.commit", "false"},
                     // Finds a topic soon that is created now.
                     {"topic.metadata.refresh.interval.ms", "500"},
                     // Longer than any pause between two operations.
                     {"max.poll.interval.ms", "86400000"}});
    return group_.open(settings, settings_.local, is_.topic, server_);
  }

  // Sends the messages of aborted transactions again, and then the new ones.
  std::string send() {
    auto numbers = std::exchange(again_, {});
    for (int i = 0; i < kMessages; ++i) numbers.push_back(numbers_.send(done_));
    for (const auto number : numbers) {
      if (is_.transactional) in_transaction_.push_back(number);
      auto text = std::to_string(number);
      const auto code = rd_kafka_producev(producer_.get(), RD_KAFKA_V_TOPIC(is_.topic.c_str()),
                                          RD_KAFKA_V_KEY(name_.data(), name_.size()),
                                          RD_KAFKA_V_VALUE(text.data(), text.size()),
                                          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
      if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        ++unacknowledged_;
      } else if (refusal_.empty()) {
        refusal_ = std::string("produce: ") + rd_kafka_err2str(code);
      }
    }
    return refusal_;
  }

  // Makes the producer ready for messages of a transaction. Returns the error; "" after success.
  std::string begin(Instant deadline) {
    if (stage_ == Stage::kNew) {
      if (auto why = step(rd_kafka_init_transactions, deadline); !why.empty()) return why;
      stage_ = Stage::kReady;
    }
    if (stage_ == Stage::kCommit) {
      if (auto why = commit(deadline); !why.empty()) return why;
    }
    if (stage_ == Stage::kAbort) {
      if (auto why = step(rd_kafka_abort_transaction, deadline); !why.empty()) return why;
      send_again();
      stage_ = Stage::kReady;
    }
    if (stage_ == Stage::kOpen) return {};
    const auto start = [](rd_kafka_t* client, int) { return rd_kafka_begin_transaction(client); };
    auto why = step(start, deadline);
    if (why.empty()) stage_ = Stage::kOpen;
    return why;
  }
  std::string commit(Instant deadline) {
    if (auto why = step(rd_kafka_commit_transaction, deadline); !why.empty()) return why;
    stage_ = Stage::kReady;
    for (const auto number : std::exchange(in_transaction_, {})) stored(number);
    return {};
  }
  void send_again() {
    again_.insert(again_.begin(), in_transaction_.begin(), in_transaction_.end());
    in_transaction_.clear();
  }
  // Repeats a transaction call of librdkafka while it times out; each repetition continues the same
  // operation.
  template <class Call>
  std::string step(Call call, Instant deadline) {
    while (true) {
      auto* error = call(producer_.get(), static_cast<int>(kMostLibraryWait.count()));
      if (error == nullptr) return {};
      const auto why = std::string("transaction: ") + rd_kafka_error_string(error);
      const bool retriable = rd_kafka_error_is_retriable(error) != 0;
      const bool aborts = rd_kafka_error_txn_requires_abort(error) != 0;
      rd_kafka_error_destroy(error);
      if (aborts) stage_ = Stage::kAbort;
      broken_ |= !aborts && !retriable;
      if (!retriable || aborts) return why;
      const auto soon = rules::later(proxy::monotonic_now(), kMostLibraryWait);
      run(std::min(soon, deadline), [] { return false; });
      if (proxy::monotonic_now() >= deadline || given_up()) return because(why);
    }
  }

  // Handles events until done() returns true. Returns false if the deadline came first, or if the
  // clients can no longer be used.
  template <class Done>
  bool run(Instant deadline, Done done) {
    while (true) {
      for (auto* link : {&producer_, &group_.link()}) {
        link->clear();
        while (const auto event = link->next()) handle(*link, event.get());
      }
      if (done()) return true;
      if (broken_ || proxy::monotonic_now() >= deadline || given_up()) return false;
      std::array waiting{pollfd{producer_.fd(), POLLIN, 0}, pollfd{group_.link().fd(), POLLIN, 0}};
      wait_unless_given_up(waiting, deadline);
    }
  }
  void handle(const KafkaLink& link, rd_kafka_event_t* event) {
    switch (rd_kafka_event_type(event)) {
      case RD_KAFKA_EVENT_DR:
        while (const auto* message = rd_kafka_event_message_next(event)) on_delivery(*message);
        return;
      case RD_KAFKA_EVENT_FETCH:
        while (const auto* message = rd_kafka_event_message_next(event)) on_record(*message);
        return;
      case RD_KAFKA_EVENT_REBALANCE:
        return group_.on_rebalance(event, proxy::monotonic_now());
      case RD_KAFKA_EVENT_ERROR:
        trouble_ = rd_kafka_event_error_string(event);
        if (rd_kafka_event_error_is_fatal(event) != 0) on_fatal(link);
        return;
      default:
        return;
    }
  }
  void on_fatal(const KafkaLink& link) {
    std::array<char, 300> text{};
    rd_kafka_fatal_error(link.get(), text.data(), text.size());
    refusal_ = std::string("fatal: ") + text.data();
    broken_ = true;
  }
  void on_delivery(const rd_kafka_message_t& message) {
    --unacknowledged_;
    const auto number = number_of(message);
    if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      if (number && !is_.transactional) stored(*number);
    } else if (number > before_ && refusal_.empty()) {
      refusal_ = std::string("produce: ") + rd_kafka_err2str(message.err);
    }
  }
  // The broker has the message for good.
  void stored(std::uint64_t number) {
    is_.consume ? group_.on_stored(number) : numbers_.came(number, done_);
  }
  void on_record(const rd_kafka_message_t& message) {
    if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      trouble_ = rd_kafka_message_errstr(&message);
      return;
    }
    const std::string_view key(static_cast<const char*>(message.key), message.key_len);
    if (key != name_) return;
    const auto number = number_of(message);
    if (!number) return;
    group_.on_read(*number);
    numbers_.came(*number, done_);
  }
  std::optional<std::uint64_t> number_of(const rd_kafka_message_t& message) const {
    const std::string_view text(static_cast<const char*>(message.payload), message.len);
    return rules::parse_whole_number(text, numbers_.last());
  }

  const ClientSettings settings_;
  const KafkaUserSettings is_;
  // name of the group and the client, also the transactional id and the record key
  std::string name_;
  std::string server_;
  KafkaLink producer_;
  KafkaGroup group_;     // unused without `consume`
  bool broken_ = false;  // whether an error was fatal
  Stage stage_ = Stage::kNew;
  std::vector<std::uint64_t> in_transaction_;  // messages of the transaction
  std::vector<std::uint64_t> again_;           // messages of aborted transactions
  std::int64_t unacknowledged_ = 0;
  std::string trouble_;       // the last error that librdkafka reported and handles itself
  std::string refusal_;       // why a message of this attempt was not delivered
  std::uint64_t before_ = 0;  // number of the last message of earlier attempts
  Attempt done_;              // the attempt in progress, or what came since the last one
  NumberedMessages numbers_;
};

}  // namespace

extern const UserRow kKafkaUser{"kafka", make_client<KafkaClient>};

}  // namespace brownout::rehearsal
