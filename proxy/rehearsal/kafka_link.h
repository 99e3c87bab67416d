// KafkaLink: a producer or a consumer of librdkafka, whose threads do the work. Their
// events are taken on the user's thread, without waiting: fd() is readable when there may be
// events. Errors are English text.
//
// Use only on the user's thread.
#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proxy/rehearsal/blocking.h"

namespace brownout::rehearsal {

// Settings of librdkafka by name (its CONFIGURATION.md).
using KafkaSettings = std::vector<std::pair<const char*, std::string>>;

struct KafkaEventDestroy {
  void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
};
using KafkaEvent = std::unique_ptr<rd_kafka_event_t, KafkaEventDestroy>;

class KafkaLink {
 public:
  KafkaLink() = default;
  KafkaLink(const KafkaLink&) = delete;
  KafkaLink& operator=(const KafkaLink&) = delete;
  ~KafkaLink() { close(); }

  // Returns the error; "" after success. No connection is needed for that: librdkafka connects on
  // its own threads, from the address `local`, if given.
  std::string open(rd_kafka_type_t type, const KafkaSettings& settings,
                   const std::optional<rules::IpAddress>& local);
  // Ends the client as a crash would, on a thread of its own: it neither sends what waits nor
  // leaves its group.
  void close();
  bool is_open() const { return client_ != nullptr; }
  // Null unless is_open().
  rd_kafka_t* get() const { return client_; }

  int fd() const;
  // Makes fd() unreadable. Call it before next(), so that no event is missed.
  void clear();
  // Returns the next event, or null.
  KafkaEvent next();
  // Returns how many connections were opened since the last call.
  std::uint32_t take_connects();

 private:
  struct Shared;

  rd_kafka_t* client_ = nullptr;
  rd_kafka_queue_t* queue_ = nullptr;
  std::shared_ptr<Shared> shared_;  // in use until librdkafka's threads have ended
};

}  // namespace brownout::rehearsal
