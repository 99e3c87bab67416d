// Writes Kafka messages for tests, field by field as the protocol's documentation lists them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace brownout::test {

// A number of `width` bytes in network byte order.
inline std::string kafka_int(std::int64_t value, int width = 4) {
  std::string bytes;
  for (int i = width - 1; i >= 0; --i) {
    bytes += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
  }
  return bytes;
}
inline std::string kafka_text(std::string_view text) {
  return kafka_int(static_cast<std::int64_t>(text.size()), 2) + std::string(text);
}
// The compact form, in flexible versions; for texts below 127 bytes.
inline std::string kafka_compact(std::string_view text) {
  return static_cast<char>(text.size() + 1) + std::string(text);
}
inline std::string kafka_bytes(std::string_view bytes) {
  return kafka_int(static_cast<std::int64_t>(bytes.size())) + std::string(bytes);
}
// A request with the client.id "app", without tagged fields in its header.
inline std::string kafka_request(int key, int version, int correlation, const std::string& body) {
  return kafka_bytes(kafka_int(key, 2) + kafka_int(version, 2) + kafka_int(correlation) +
                     kafka_text("app") + body);
}
inline std::string kafka_reply(int correlation, const std::string& body) {
  return kafka_bytes(kafka_int(correlation) + body);
}

// Produce version 7 of one batch to partition 3 of a topic, and its response.
inline std::string kafka_produce(int correlation, std::string_view topic, std::string_view records,
                                 int acks = -1) {
  return kafka_request(0, 7, correlation,
                       kafka_int(-1, 2) + kafka_int(acks, 2) + kafka_int(30'000) + kafka_int(1) +
                           kafka_text(topic) + kafka_int(1) + kafka_int(3) + kafka_bytes(records));
}
inline std::string kafka_produced(int correlation, std::string_view topic, std::int64_t offset,
                                  int error = 0, int throttle = 0) {
  return kafka_reply(correlation, kafka_int(1) + kafka_text(topic) + kafka_int(1) + kafka_int(3) +
                                      kafka_int(error, 2) + kafka_int(offset, 8) +
                                      kafka_int(-1, 8) + kafka_int(0, 8) + kafka_int(throttle));
}

// Heartbeat version 3 of a group, and its response.
inline std::string kafka_heartbeat(int correlation, std::string_view group) {
  return kafka_request(12, 3, correlation,
                       kafka_text(group) + kafka_int(1) + kafka_text("member") + kafka_int(-1, 2));
}
inline std::string kafka_heartbeat_reply(int correlation, int error = 0) {
  return kafka_reply(correlation, kafka_int(0) + kafka_int(error, 2));
}

// Metadata version 1 of all topics, and its response with one broker and no topic.
inline std::string kafka_metadata(int correlation) {
  return kafka_request(3, 1, correlation, kafka_int(-1));
}
inline std::string kafka_brokers(int correlation, std::string_view host, int port) {
  return kafka_reply(correlation, kafka_int(1) + kafka_int(1) + kafka_text(host) + kafka_int(port) +
                                      kafka_int(-1, 2) + kafka_int(1) + kafka_int(0));
}

// Metadata version 1: brokers 1 and 2, and partition 0 of orders, which `leader` leads.
inline std::string kafka_orders(int correlation, int leader, int error = 0) {
  const auto broker = [](int id) {
    return kafka_int(id) + kafka_text("b") + kafka_int(9092) + kafka_int(-1, 2);
  };
  return kafka_reply(correlation, kafka_int(2) + broker(1) + broker(2) + kafka_int(1) +
                                      kafka_int(1) + kafka_int(0, 2) + kafka_text("orders") +
                                      kafka_int(0, 1) + kafka_int(1) + kafka_int(error, 2) +
                                      kafka_int(0) + kafka_int(leader) + kafka_int(0) +
                                      kafka_int(0));
}

// Fetch version 4 of partition 3 of orders, and its response.
inline std::string kafka_fetch(int correlation) {
  return kafka_request(1, 4, correlation,
                       kafka_int(-1) + kafka_int(500) + kafka_int(1) + kafka_int(1000) +
                           kafka_int(0, 1) + kafka_int(1) + kafka_text("orders") + kafka_int(1) +
                           kafka_int(3) + kafka_int(0, 8) + kafka_int(1000));
}
inline std::string kafka_fetched(int correlation, std::int64_t end, std::string_view records) {
  return kafka_reply(correlation, kafka_int(0) + kafka_int(1) + kafka_text("orders") +
                                      kafka_int(1) + kafka_int(3) + kafka_int(0, 2) +
                                      kafka_int(end, 8) + kafka_int(end, 8) + kafka_int(-1) +
                                      kafka_bytes(records));
}

// Fetch version 7 within a fetch session, without changes of its partitions (epoch 0: opens one
// with partition 3 of orders), and a response without partitions.
inline std::string kafka_session_fetch(int correlation, int session, int epoch) {
  const auto part = kafka_int(1) + kafka_text("orders") + kafka_int(1) + kafka_int(3) +
                    kafka_int(0, 8) + kafka_int(0, 8) + kafka_int(1000);
  return kafka_request(1, 7, correlation,
                       kafka_int(-1) + kafka_int(500) + kafka_int(1) + kafka_int(1000) +
                           kafka_int(0, 1) + kafka_int(session) + kafka_int(epoch) +
                           (epoch == 0 ? part : kafka_int(0)) + kafka_int(0));
}
inline std::string kafka_session_fetched(int correlation, int session, int error = 0) {
  return kafka_reply(correlation,
                     kafka_int(0) + kafka_int(error, 2) + kafka_int(session) + kafka_int(0));
}

// ListOffsets in version 1: the offset of orders[0] at a time; -1 is the end, -2 the beginning.
inline std::string kafka_list_offsets(int correlation, std::int64_t time) {
  return kafka_request(2, 1, correlation,
                       kafka_int(-1) + kafka_int(1) + kafka_text("orders") + kafka_int(1) +
                           kafka_int(0) + kafka_int(time, 8));
}
inline std::string kafka_listed(int correlation, std::int64_t offset) {
  return kafka_reply(correlation, kafka_int(1) + kafka_text("orders") + kafka_int(1) +
                                      kafka_int(0) + kafka_int(0, 2) + kafka_int(-1, 8) +
                                      kafka_int(offset, 8));
}

// ApiVersions version 0, and its response with Produce up to version `produce`.
inline std::string kafka_ask_versions(int correlation) {
  return kafka_request(18, 0, correlation, "");
}
inline std::string kafka_version_row(int key, int first, int last) {
  return kafka_int(key, 2) + kafka_int(first, 2) + kafka_int(last, 2);
}
inline std::string kafka_versions(int correlation, int produce) {
  return kafka_reply(correlation, kafka_int(0, 2) + kafka_int(2) +
                                      kafka_version_row(0, 3, produce) +
                                      kafka_version_row(1, 4, 17));
}

}  // namespace brownout::test
