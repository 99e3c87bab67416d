// Defines the tables of all faults and of all messaging protocols. CMake generates the rows for
// faults (fault_rows.h) from the files in folders faults/: the fault x_y is in x_y.cpp, which
// defines kXY.
#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "rules/base/find_named.h"
#include "rules/base/list_text.h"
#include "rules/engine/fault.h"
#include "rules/fault_rows.h"
#include "rules/protocols/framed/framed_message.h"
#include "rules/protocols/grpc/grpc_message.h"
#include "rules/protocols/kafka/kafka_message.h"
#include "rules/protocols/mqtt/mqtt_message.h"
#include "rules/protocols/nats/nats_message.h"
#include "rules/protocols/ndjson/ndjson_message.h"
#include "rules/protocols/postgres/postgres_message.h"
#include "rules/protocols/redis/redis_message.h"
#include "rules/protocols/sse/sse_message.h"
#include "rules/protocols/websocket/websocket.h"
#include "rules/protocols/xmpp/xmpp_message.h"

namespace brownout::rules {
namespace {

// The name that a fault has in other tools or in common usage.
struct Alias {
  std::string_view name;
  std::string_view fault;
};

constexpr std::array kAliases = std::to_array<Alias>({{"http_status", "abort"},
                                                      {"patch", "rewrite_header"},
                                                      {"bandwidth_limit", "bandwidth"},
                                                      {"response_rate_limit", "response_rate"},
                                                      {"jitter", "latency"},
                                                      {"rate", "bandwidth"},
                                                      {"throttle", "bandwidth"},
                                                      {"reset_peer", "reset"},
                                                      {"rst", "reset"},
                                                      {"blackhole", "timeout"},
                                                      {"connect_timeout", "syn_loss"},
                                                      {"connect_hang", "syn_loss"},
                                                      {"syn_drop", "syn_loss"},
                                                      {"icmp_unreachable", "unreachable"},
                                                      {"host_unreachable", "unreachable"},
                                                      {"net_unreachable", "unreachable"},
                                                      {"partition", "unplug"},
                                                      {"hang", "unplug"},
                                                      {"dns_error", "servfail"},
                                                      {"no_answer", "timeout"},
                                                      {"spoof", "wrong_answer"},
                                                      {"gemodel", "loss"},
                                                      {"limit", "bandwidth"}});

struct NotForStreams {
  std::string_view name;
  std::string_view why;
};

constexpr std::array<NotForStreams, 4> kNotForStreams{{
    {"delay",
     "the fault \"delay\" acts on HTTP requests and messages; for the bytes of a connection use "
     "\"latency\""},
    {"reorder",
     "TCP delivers a stream in order, so a client cannot see reordering, only delay: use "
     "\"latency\" with jitter, or \"loss\""},
    {"duplicate",
     "TCP removes duplicates, so a client cannot see them; to change bytes use \"corrupt\""},
    {"drop",
     "TCP retransmits lost packets: use \"loss\" to stall the stream until the retransmission, "
     "\"packet_loss\" to remove chunks from the stream, or \"timeout\" to discard all data"},
}};

}  // namespace

std::span<const MessageProtocol* const> message_protocols() {
  static const std::array all{
      &WebSocketMessage::protocol(), &MqttMessage::protocol(),    &XmppMessage::protocol(),
      &NatsMessage::protocol(),      &RedisMessage::protocol(),   &FramedMessage::protocol(),
      &SseMessage::protocol(),       &NdjsonMessage::protocol(),  &GrpcMessage::protocol(),
      &KafkaMessage::protocol(),     &PostgresMessage::protocol()};
  return all;
}

std::string carriers_text(CarrierSet carriers, ProtocolSet protocols) {
  const auto messages = "messages of " + protocols.text();
  const std::array<std::pair<Carrier, std::string_view>, 6> names{
      {{Carrier::kStream, "TCP connections"},
       {Carrier::kDatagram, "UDP sessions"},
       {Carrier::kDns, "DNS queries"},
       {Carrier::kHttp, "HTTP requests"},
       {Carrier::kTls, "TLS handshakes"},
       {Carrier::kMessage, messages}}};
  std::vector<std::string_view> members;
  for (const auto& [carrier, name] : names) {
    if (carriers.has(carrier)) members.push_back(name);
  }
  return and_text(members);
}

std::span<const FaultKind* const> all_faults() { return kFaultRows; }

const FaultKind* find_fault(std::string_view name) {
  const auto* found = std::find_if(kFaultRows.begin(), kFaultRows.end(),
                                   [&](const FaultKind* kind) { return kind->name == name; });
  return found == kFaultRows.end() ? nullptr : *found;
}

std::string_view aliased_fault(std::string_view name) {
  const auto* alias = find_named(kAliases, name);
  return alias != nullptr ? alias->fault : std::string_view();
}

std::string_view why_not_for_streams(std::string_view name) {
  const auto* row = find_named(kNotForStreams, name);
  return row != nullptr ? row->why : std::string_view();
}

}  // namespace brownout::rules
