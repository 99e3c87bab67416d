// Measures lost, duplicated and reordered messages of an MQTT broker, with a publisher and a
// subscriber of numbered messages. Uses libmosquitto. Prints the result as JSON:
// {"sent":..,"lost":..,"doubled":..,"reordered":..,"connections":..,"seconds":..}.
//
//   numbered_mqtt PUBLISH_PORT SUBSCRIBE_PORT QOS COUNT [PATIENCE_SECONDS]
//
// Both clients have persistent sessions, and reconnect whenever their connection ends. The program
// ends when all messages are acknowledged and received, or PATIENCE_SECONDS after the last message.
// "doubled" counts messages received more than once, "reordered" messages first received after a
// higher number.
#include <mosquitto.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <semaphore>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience(10);  // for the broker's first answers

struct Deleter {
  void operator()(mosquitto* client) const { mosquitto_destroy(client); }
};
using Client = std::unique_ptr<mosquitto, Deleter>;

struct Score {
  int qos = 0;
  std::vector<int> arrived;  // how often each message was received, by its number
  std::atomic<int> distinct{0};
  std::atomic<int> doubled{0};
  std::atomic<int> reordered{0};
  std::atomic<int> acknowledged{0};
  std::atomic<int> connections{0};
  std::counting_semaphore<> subscribed{0};
  std::counting_semaphore<> ready{0};  // released when the publisher is connected
  std::atomic<Clock::rep> last{0};     // the instant of the last event
  int highest = -1;

  void touch() { last = Clock::now().time_since_epoch().count(); }
};

Score& score_of(void* user) { return *static_cast<Score*>(user); }

Client connect(const char* name, int port, Score& score,
               void (*on_connect)(mosquitto*, void*, int)) {
  Client client(mosquitto_new(name, false, &score));
  mosquitto_connect_callback_set(client.get(), on_connect);
  mosquitto_reconnect_delay_set(client.get(), 1, 1, false);
  if (mosquitto_connect(client.get(), "127.0.0.1", port, 60) != MOSQ_ERR_SUCCESS ||
      mosquitto_loop_start(client.get()) != MOSQ_ERR_SUCCESS) {
    std::fprintf(stderr, "numbered_mqtt: nobody answers on port %d\n", port);
    std::exit(1);
  }
  return client;
}

void on_message(mosquitto*, void* user, const mosquitto_message* message) {
  auto& score = score_of(user);
  score.touch();
  const std::string_view text(static_cast<const char*>(message->payload),
                              static_cast<std::size_t>(message->payloadlen));
  int number = -1;
  std::from_chars(text.data(), text.data() + text.size(), number);
  if (number < 0 || static_cast<std::size_t>(number) >= score.arrived.size()) return;
  if (score.arrived[static_cast<std::size_t>(number)]++ > 0) {
    ++score.doubled;
    return;
  }
  ++score.distinct;
  if (number < score.highest) ++score.reordered;
  score.highest = std::max(score.highest, number);
}

int number_of(const char* text) { return std::atoi(text); }

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(stderr,
                 "usage: numbered_mqtt PUBLISH_PORT SUBSCRIBE_PORT QOS COUNT [PATIENCE_SECONDS]\n");
    return 2;
  }
  mosquitto_lib_init();
  Score score;
  score.qos = number_of(argv[3]);
  const int count = number_of(argv[4]);
  const std::chrono::seconds patience(argc > 5 ? number_of(argv[5]) : 10);
  score.arrived.resize(static_cast<std::size_t>(count));

  const auto subscriber = connect(
      "numbered-subscriber", number_of(argv[2]), score, [](mosquitto* client, void* user, int) {
        mosquitto_subscribe(client, nullptr, "numbered", score_of(user).qos);
      });
  mosquitto_message_callback_set(subscriber.get(), on_message);
  mosquitto_subscribe_callback_set(
      subscriber.get(),
      [](mosquitto*, void* user, int, int, const int*) { score_of(user).subscribed.release(); });
  static_cast<void>(score.subscribed.try_acquire_for(kPatience));

  // libmosquitto sends unacknowledged messages again when it receives CONNACK. Publishing must
  // begin after that, so it waits for a SUBACK, which follows CONNACK.
  const auto publisher = connect("numbered-publisher", number_of(argv[1]), score,
                                 [](mosquitto* client, void* user, int) {
                                   auto& of = score_of(user);
                                   ++of.connections;
                                   of.touch();
                                   mosquitto_subscribe(client, nullptr, "numbered/publisher", 0);
                                 });
  mosquitto_subscribe_callback_set(
      publisher.get(),
      [](mosquitto*, void* user, int, int, const int*) { score_of(user).ready.release(); });
  static_cast<void>(score.ready.try_acquire_for(kPatience));
  mosquitto_publish_callback_set(publisher.get(), [](mosquitto*, void* user, int) {
    ++score_of(user).acknowledged;
    score_of(user).touch();
  });
  const auto begin = Clock::now();
  score.touch();
  for (int i = 0; i < count; ++i) {
    const auto text = std::to_string(i);
    mosquitto_publish(publisher.get(), nullptr, "numbered", static_cast<int>(text.size()),
                      text.data(), score.qos, false);
    // Limits the number of unacknowledged messages.
    while (i - score.acknowledged > 1000 && Clock::now().time_since_epoch().count() - score.last <
                                                Clock::duration(patience).count()) {
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
  }
  const auto over = [&] { return score.acknowledged >= count && score.distinct >= count; };
  while (!over() &&
         Clock::now().time_since_epoch().count() - score.last < Clock::duration(patience).count()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  const auto seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  // Wait for duplicates, which may arrive after a reconnection.
  if (score.connections > 1) std::this_thread::sleep_for(std::chrono::seconds(2));
  for (const auto* client : {&publisher, &subscriber}) {
    mosquitto_disconnect(client->get());
    mosquitto_loop_stop(client->get(), false);
  }
  std::printf(
      "{\"sent\":%d,\"lost\":%d,\"doubled\":%d,\"reordered\":%d,\"connections\":%d,"
      "\"seconds\":%.3f}\n",
      count, count - score.distinct.load(), score.doubled.load(), score.reordered.load(),
      score.connections.load(), seconds);
  return 0;
}
