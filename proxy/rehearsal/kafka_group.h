// KafkaGroup: the consumer of a synthetic user, alone in its group. KafkaGroup keeps the assignment
// of partitions, commits what was read, and measures lag and rebalances. The user passes the events
// of librdkafka on. Errors are English text.
//
// Use only on the user's thread.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "proxy/rehearsal/kafka_link.h"
#include "proxy/rehearsal/probe_client.h"

namespace brownout::rehearsal {

class KafkaGroup {
 public:
  // Makes the consumer and subscribes to the topic. `server` names the cluster: where the group has
  // read a message of its user, it goes on at its committed offsets. Elsewhere it begins a number
  // of records before the end of each partition. Returns the error; "" after success.
  std::string open(const KafkaSettings& settings, const std::optional<rules::IpAddress>& local,
                   const std::string& topic, const std::string& server);
  // Ends the consumer as a crash would (KafkaLink::close()).
  void close(Instant now);
  KafkaLink& link() { return link_; }

  // Whether the group has assigned partitions since open(), and whether they are assigned now.
  bool has_joined() const { return joined_; }
  bool has_partitions() const { return partitions_ > 0; }

  // Handles RD_KAFKA_EVENT_REBALANCE.
  void on_rebalance(rd_kafka_event_t* event, Instant now);
  // The broker has a message of the user, by its number, which a consumer may read.
  void on_stored(std::uint64_t number);
  // The consumer has read a message of the user.
  void on_read(std::uint64_t number);
  // Commits what was read since the last commit, without waiting.
  void commit();

  // Adds what was measured since the last call to `done`: lag and rebalances.
  void measure(Attempt& done, Instant now);

 private:
  void set_partitions(std::int64_t count, Instant now);

  KafkaLink link_;
  std::string server_;
  std::set<std::string> read_at_;  // servers at which the group has read a message
  bool read_ = false;              // whether a message was read since the last commit
  bool joined_ = false;
  std::int64_t partitions_ = 0;  // number of assigned partitions
  std::int64_t most_ = 0;        // highest number of assigned partitions so far
  std::optional<Instant> lost_;  // time since which the group has fewer than most_
  std::vector<std::pair<Instant, Instant>> rebalances_;  // those that have ended
  // Numbers of messages that the broker has, all greater than highest_, which the consumer read.
  // A message below is lost, or late, but the consumer does not lag behind by it.
  std::set<std::uint64_t> unread_;
  std::uint64_t highest_ = 0;
};

}  // namespace brownout::rehearsal
