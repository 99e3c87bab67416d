#include "proxy/rehearsal/kafka_link.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace brownout::rehearsal {
namespace {

// How long the program, when it ends, waits for Kafka clients to close. A consumer with a pending
// commit to an unreachable broker closes only when its session times out.
constexpr std::chrono::seconds kKafkaFarewell(2);

constexpr int kMostPoll = 10'000;  // milliseconds

// Closes Kafka clients on background threads, since closing may block.
class KafkaFarewells {
 public:
  template <class Task>
  static void add(Task task) {
    static const KafkaFarewells all;
    {
      const std::lock_guard lock(all.state_->mutex);
      ++all.state_->running;
    }
    std::thread([state = all.state_, task = std::move(task)] {
      task();
      const std::lock_guard lock(state->mutex);
      if (--state->running == 0) state->none.notify_all();
    }).detach();
  }
  KafkaFarewells() = default;
  KafkaFarewells(const KafkaFarewells&) = delete;
  KafkaFarewells& operator=(const KafkaFarewells&) = delete;
  ~KafkaFarewells() {
    std::unique_lock lock(state_->mutex);
    state_->none.wait_for(lock, kKafkaFarewell, [&] { return state_->running == 0; });
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable none;
    int running = 0;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

bool is_commit_result(rd_kafka_event_t* event) {
  return event != nullptr && rd_kafka_event_type(event) == RD_KAFKA_EVENT_OFFSET_COMMIT;
}

// Waits for the results of commits. While it ends a client, librdkafka 2.0.2 would wait for them in
// a busy loop, because its timers stand still then.
void wait_for_commits(rd_kafka_queue_t* queue, std::int64_t commits) {
  while (commits > 0) {
    const KafkaEvent event(rd_kafka_queue_poll(queue, kMostPoll));
    if (is_commit_result(event.get())) --commits;
  }
}

}  // namespace

// The part that librdkafka's threads use.
struct KafkaLink::Shared {
  std::optional<rules::IpAddress> local;
  std::atomic<std::uint32_t> connects{0};
  std::atomic<bool> closed{false};
  Fd ready{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};

  // Connects a socket, on a thread of librdkafka. Returns 0 or the number of the error.
  static int connect(int fd, const sockaddr* address, int length, const char*, void* opaque) {
    auto& shared = *static_cast<Shared*>(opaque);
    if (shared.closed) return ECONNABORTED;
    ++shared.connects;
    if (shared.local) {
      const auto from = proxy::SocketAddress::of(*shared.local, 0);
      if (::bind(fd, from.get(), from.length) != 0) return errno;
    }
    if (::connect(fd, address, static_cast<socklen_t>(length)) == 0) return 0;
    return errno == EINPROGRESS ? 0 : errno;
  }
};

std::string KafkaLink::open(rd_kafka_type_t type, const KafkaSettings& settings,
                            const std::optional<rules::IpAddress>& local) {
  close();
  std::array<char, 512> why{};
  auto* conf = rd_kafka_conf_new();
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf, name, value.c_str(), why.data(), why.size()) == RD_KAFKA_CONF_OK)
      continue;
    rd_kafka_conf_destroy(conf);
    return why.data();
  }
  shared_ = std::make_shared<Shared>();
  shared_->local = local;
  rd_kafka_conf_set_opaque(conf, shared_.get());
  rd_kafka_conf_set_connect_cb(conf, &Shared::connect);
  // Discards librdkafka's log, which would mix with Brownout's output. Errors also arrive as
  // events.
  rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
  rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR |
                                     RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_OFFSET_COMMIT);
  client_ = rd_kafka_new(type, conf, why.data(), why.size());
  if (client_ == nullptr) {
    rd_kafka_conf_destroy(conf);
    return why.data();
  }
  if (type == RD_KAFKA_CONSUMER) rd_kafka_poll_set_consumer(client_);
  queue_ = type == RD_KAFKA_CONSUMER ? rd_kafka_queue_get_consumer(client_)
                                     : rd_kafka_queue_get_main(client_);
  constexpr std::uint64_t kOne = 1;
  rd_kafka_queue_io_event_enable(queue_, shared_->ready.get(), &kOne, sizeof kOne);
  return {};
}

void KafkaLink::close() {
  if (client_ == nullptr) return;
  shared_->closed = true;
  KafkaFarewells::add(
      [client = std::exchange(client_, nullptr), queue = std::exchange(queue_, nullptr),
       shared = std::exchange(shared_, nullptr), commits = std::exchange(commits_, 0)] {
        rd_kafka_queue_io_event_enable(queue, -1, nullptr, 0);
        wait_for_commits(queue, commits);
        rd_kafka_queue_destroy(queue);
        // Leaving the group would wait for a broker that may be out of reach.
        rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
      });
}

int KafkaLink::fd() const { return shared_ ? shared_->ready.get() : -1; }

void KafkaLink::clear() {
  std::uint64_t count = 0;
  if (is_open()) static_cast<void>(::read(fd(), &count, sizeof count));
}

KafkaEvent KafkaLink::next() {
  KafkaEvent event(is_open() ? rd_kafka_queue_poll(queue_, 0) : nullptr);
  if (is_commit_result(event.get())) --commits_;
  return event;
}

void KafkaLink::commit() {
  const auto code = rd_kafka_commit_queue(client_, nullptr, queue_, nullptr, nullptr);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) ++commits_;
}

std::uint32_t KafkaLink::take_connects() { return shared_ ? shared_->connects.exchange(0) : 0; }

}  // namespace brownout::rehearsal
