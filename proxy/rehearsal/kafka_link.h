// KafkaLink: a Kafka producer or consumer of a synthetic user, with the library librdkafka. The
// library works on its own threads; the user takes its events with next(), without waiting. fd() is
// readable when there may be events. Errors are English text.
//
// Use only on the user's thread.
#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
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

  // Creates the client. Returns the error; "" after success. Success does not mean that it is
  // connected: librdkafka connects on its own threads, from the address `local`, if given.
  std::string open(rd_kafka_type_t type, const KafkaSettings& settings,
                   const std::optional<rules::IpAddress>& local);
  // Ends the client as a crash would: it neither sends queued messages nor leaves its consumer
  // group, and opens no further connection. The work is done on a separate thread, so the call does
  // not block.
  void close();
  bool is_open() const { return client_ != nullptr; }
  // Null unless is_open().
  rd_kafka_t* get() const { return client_; }

  int fd() const;
  // Makes fd() unreadable until the next event. Call it before next(), so that no event is missed.
  void clear();
  // Returns the next event, or null.
  KafkaEvent next();
  // Commits the offsets of what the consumer has read, without waiting.
  void commit();
  // Returns how many connections were opened since the last call.
  std::uint32_t take_connects();

 private:
  struct Shared;

  rd_kafka_t* client_ = nullptr;
  rd_kafka_queue_t* queue_ = nullptr;
  std::shared_ptr<Shared> shared_;  // in use until librdkafka's threads have ended
  std::int64_t commits_ = 0;        // number of commits without a result
};

}  // namespace brownout::rehearsal
