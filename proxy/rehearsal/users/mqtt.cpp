// Synthetic users of the kind mqtt, by libmosquitto. Each attempt sends three numbered messages to
// a topic to which only this user subscribes. An attempt succeeds when all messages have come back
// and, above QoS 0, the broker has acknowledged them.
//
// With `reuse` the session outlives the connection, as on a phone. After a failed attempt the user
// connects again, and unacknowledged messages are sent again.
#include <mosquitto.h>

#include <charconv>
#include <cstring>
#include <random>
#include <set>

#include "proxy/loop/deadlines.h"
#include "proxy/rehearsal/numbered.h"
#include "rules/protocols/mqtt/mqtt_message.h"

namespace brownout::rehearsal {
namespace {

using std::chrono::milliseconds;

// Keep-alive in seconds. It must not expire between two attempts, when no code serves the
// connection.
constexpr int kKeepAlive = 3600;
constexpr int kRefused = 0x80;  // smallest reason code in a SUBACK that is an error
constexpr milliseconds kMqttGoodbye(300);

struct Destroy {
  void operator()(mosquitto* client) const { mosquitto_destroy(client); }
};

class MqttClient final : public ProbeClient {
 public:
  explicit MqttClient(const ClientSettings& settings) : settings_(settings) {
    [[maybe_unused]] static const int kReady = mosquitto_lib_init();
    // Makes the client id unique, since another rehearsal may use the same broker.
    id_ =
        "brownout-" + std::to_string(std::random_device{}()) + "-" + std::to_string(settings.user);
    const auto* topic = probe().options.of<std::string>(rules::MqttMessage::protocol(), "topic");
    topic_ = (topic != nullptr ? *topic : std::string(rules::kUsersTopic)) + "/" + id_;
    const auto* qos = probe().options.of<std::int64_t>(rules::MqttMessage::protocol(), "qos");
    if (qos != nullptr) qos_ = static_cast<int>(*qos);
  }
  ~MqttClient() override { drop(); }

  void drop() override {
    if (subscribed_ && probe().reuse) forget_session();
    client_.reset();
    subscribed_ = false;
  }

  Attempt attempt(const Target& target, Instant deadline) override {
    Attempt done;
    done_ = &done;
    done.why = talk(target, deadline, done);
    done_ = nullptr;
    if (!done.ok()) subscribed_ = false;
    return done;
  }

 private:
  const rules::Probe& probe() const { return *settings_.probe; }

  std::string talk(const Target& target, Instant deadline, Attempt& done) {
    if (!subscribed_) {
      done.connects = 1;
      auto why = connect(target, deadline);
      if (!why.empty()) return why;
    }
    const auto before = numbers_.last();
    for (int i = 0; i < kMessages; ++i) {
      const auto payload = std::to_string(numbers_.send(done));
      int id = 0;
      const int code =
          mosquitto_publish(client_.get(), &id, topic_.c_str(), static_cast<int>(payload.size()),
                            payload.data(), qos_, false);
      if (code != MOSQ_ERR_SUCCESS) return mosquitto_strerror(code);
      if (qos_ > 0) unacknowledged_.insert(id);
    }
    const auto whole =
        run(deadline, [&] { return numbers_.all_came(before) && unacknowledged_.empty(); });
    if (!whole) return whole.error();
    if (*whole) return {};
    if (!numbers_.all_came(before)) return numbers_.missing(before);
    const auto count = unacknowledged_.size();
    return std::to_string(count) + (count == 1 ? " message was" : " messages were") +
           " not acknowledged";
  }

  // Connects to the broker and subscribes. Returns the error; "" after success.
  std::string connect(const Target& target, Instant deadline) {
    auto address = address_of(settings_, target, deadline);
    if (!address) return address.error();
    address_ = std::move(*address);
    if (!client_) {
      unacknowledged_.clear();
      auto why = make(!probe().reuse);
      if (!why.empty()) return why;
    }
    return dial(deadline);
  }

  std::string dial(Instant deadline) {
    refused_.clear();
    const auto local = settings_.local ? to_text(*settings_.local) : std::string();
    const int code =
        mosquitto_connect_bind_async(client_.get(), address_.host.c_str(), address_.port,
                                     kKeepAlive, local.empty() ? nullptr : local.c_str());
    if (code == MOSQ_ERR_ERRNO) return std::string("cannot connect: ") + std::strerror(errno);
    if (code != MOSQ_ERR_SUCCESS) return std::string("cannot connect: ") + mosquitto_strerror(code);
    const auto answered = run(deadline, [&] { return subscribed_; });
    if (!answered) return answered.error();
    return *answered ? "" : "the broker does not answer";
  }

  std::string make(bool clean) {
    client_.reset(mosquitto_new(id_.c_str(), clean, this));
    if (!client_) return "no memory is left for an MQTT client";
    auto* client = client_.get();
    if (!probe().user_name.empty()) {
      mosquitto_username_pw_set(client, probe().user_name.c_str(), settings_.password.c_str());
    }
    if (!probe().ca.empty()) {
      const int code =
          mosquitto_tls_set(client, probe().ca.c_str(), nullptr, nullptr, nullptr, nullptr);
      if (code != MOSQ_ERR_SUCCESS) return probe().ca + ": " + mosquitto_strerror(code);
    }
    mosquitto_max_inflight_messages_set(client, 0);
    mosquitto_connect_callback_set(client, [](mosquitto*, void* self, int code) {
      static_cast<MqttClient*>(self)->on_connect(code);
    });
    mosquitto_subscribe_callback_set(
        client, [](mosquitto*, void* self, int, int count, const int* granted) {
          static_cast<MqttClient*>(self)->on_subscribe(count > 0 ? granted[0] : kRefused);
        });
    mosquitto_publish_callback_set(client, [](mosquitto*, void* self, int id) {
      static_cast<MqttClient*>(self)->unacknowledged_.erase(id);
    });
    mosquitto_message_callback_set(client,
                                   [](mosquitto*, void* self, const mosquitto_message* message) {
                                     static_cast<MqttClient*>(self)->on_message(*message);
                                   });
    return {};
  }

  void on_connect(int code) {
    if (code != 0) {
      refused_ = std::string("refused: ") + mosquitto_connack_string(code);
      return;
    }
    mosquitto_subscribe(client_.get(), nullptr, topic_.c_str(), qos_);
  }
  void on_subscribe(int granted) {
    subscribed_ = granted < kRefused;
    if (!subscribed_) refused_ = "the broker refused the subscription to " + topic_;
  }
  void on_message(const mosquitto_message& message) {
    const auto* text = static_cast<const char*>(message.payload);
    std::uint64_t number = 0;
    const auto read = std::from_chars(text, text + message.payloadlen, number);
    if (read.ec == std::errc() && done_ != nullptr) numbers_.came(number, *done_);
  }

  // Runs libmosquitto's loop until done() returns true. Returns false if the deadline came first.
  template <class Done>
  Outcome<bool> run(Instant deadline, Done done) {
    while (!done()) {
      const auto left = std::chrono::ceil<milliseconds>(deadline - proxy::monotonic_now());
      if (left <= milliseconds::zero() || given_up()) return false;
      const auto wait = std::min(left, kMostLibraryWait);
      const int code = mosquitto_loop(client_.get(), static_cast<int>(wait.count()), 1);
      if (!refused_.empty()) return tl::unexpected(refused_);
      if (code != MOSQ_ERR_SUCCESS)
        return tl::unexpected(std::string("connection lost: ") + mosquitto_strerror(code));
    }
    return true;
  }

  // Connects once with a clean session, so that the broker deletes the session that it has kept. No
  // client will resume this session.
  void forget_session() {
    const auto deadline = rules::later(proxy::monotonic_now(), kMqttGoodbye);
    subscribed_ = false;
    if (!make(true).empty() || !dial(deadline).empty()) return;
    mosquitto_disconnect(client_.get());
    mosquitto_loop_write(client_.get(), 1);
  }

  const ClientSettings settings_;
  std::string id_;
  std::string topic_;
  int qos_ = static_cast<int>(rules::kUsersQos);
  Endpoint address_;
  std::unique_ptr<mosquitto, Destroy> client_;
  bool subscribed_ = false;  // whether the user is connected and has subscribed
  std::string refused_;
  Attempt* done_ = nullptr;  // the attempt in progress; null if there is none
  NumberedMessages numbers_;
  std::set<int> unacknowledged_;
};

}  // namespace

extern const UserRow kMqttUser{"mqtt", make_client<MqttClient>};

}  // namespace brownout::rehearsal
