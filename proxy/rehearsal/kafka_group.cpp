#include "proxy/rehearsal/kafka_group.h"

#include <algorithm>
#include <utility>

namespace brownout::rehearsal {
namespace {

// A new group begins so many records before the end of each partition: it joins before the first
// message is sent, but learns where the partition ends only later.
constexpr std::int64_t kKafkaTail = 1000;

}  // namespace

std::string KafkaGroup::open(const KafkaSettings& settings,
                             const std::optional<rules::IpAddress>& local, const std::string& topic,
                             const std::string& server) {
  server_ = server;
  if (auto why = link_.open(RD_KAFKA_CONSUMER, settings, local); !why.empty()) return why;
  auto* topics = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(topics, topic.c_str(), RD_KAFKA_PARTITION_UA);
  const auto code = rd_kafka_subscribe(link_.get(), topics);
  rd_kafka_topic_partition_list_destroy(topics);
  return code == RD_KAFKA_RESP_ERR_NO_ERROR ? "" : rd_kafka_err2str(code);
}

void KafkaGroup::close(Instant now) {
  link_.close();
  set_partitions(0, now);
  joined_ = false;
  read_ = false;
}

void KafkaGroup::on_rebalance(rd_kafka_event_t* event, Instant now) {
  auto* partitions = rd_kafka_event_topic_partition_list(event);
  const bool gives = rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
  for (int i = 0; gives && i < partitions->cnt && !read_at_.contains(server_); ++i) {
    partitions->elems[i].offset = RD_KAFKA_OFFSET_TAIL(kKafkaTail);
  }
  if (!gives) commit();
  rd_kafka_assign(link_.get(), gives ? partitions : nullptr);
  set_partitions(gives ? partitions->cnt : 0, now);
}

void KafkaGroup::set_partitions(std::int64_t count, Instant now) {
  partitions_ = count;
  joined_ |= count > 0;
  most_ = std::max(most_, count);
  if (count < most_) {
    lost_ = lost_.value_or(now);
  } else if (lost_) {
    rebalances_.emplace_back(*std::exchange(lost_, std::nullopt), now);
  }
}

void KafkaGroup::on_stored(std::uint64_t number) {
  if (number > highest_) unread_.insert(number);
}

void KafkaGroup::on_read(std::uint64_t number) {
  read_ = true;
  read_at_.insert(server_);
  highest_ = std::max(highest_, number);
  unread_.erase(unread_.begin(), unread_.upper_bound(highest_));
}

void KafkaGroup::commit() {
  if (std::exchange(read_, false)) link_.commit();
}

void KafkaGroup::measure(Attempt& done, Instant now) {
  done.lag = static_cast<std::int64_t>(unread_.size());
  done.rebalances = std::exchange(rebalances_, {});
  if (lost_) done.rebalances.emplace_back(*lost_, now);
}

}  // namespace brownout::rehearsal
