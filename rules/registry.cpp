// The one table of faults. Adding a fault is one file pair in faults/ and one line here.
#include <algorithm>
#include <array>
#include <utility>

#include "rules/fault.h"
#include "rules/faults/abort.h"
#include "rules/faults/ack_loss.h"
#include "rules/faults/alpn_refused.h"
#include "rules/faults/asymmetric.h"
#include "rules/faults/bad_certificate.h"
#include "rules/faults/bandwidth.h"
#include "rules/faults/close_after_headers.h"
#include "rules/faults/close_before_response.h"
#include "rules/faults/close_websocket.h"
#include "rules/faults/connect_delay.h"
#include "rules/faults/connection_limit.h"
#include "rules/faults/corrupt.h"
#include "rules/faults/corrupt_body.h"
#include "rules/faults/corrupt_message.h"
#include "rules/faults/corrupt_record.h"
#include "rules/faults/delay.h"
#include "rules/faults/down.h"
#include "rules/faults/drop.h"
#include "rules/faults/drop_records.h"
#include "rules/faults/drop_response.h"
#include "rules/faults/duplicate.h"
#include "rules/faults/duplicate_request.h"
#include "rules/faults/envoy_headers.h"
#include "rules/faults/flush_state.h"
#include "rules/faults/formerr.h"
#include "rules/faults/half_open.h"
#include "rules/faults/hold_until.h"
#include "rules/faults/idle_timeout.h"
#include "rules/faults/lame.h"
#include "rules/faults/latency.h"
#include "rules/faults/limit_data.h"
#include "rules/faults/limit_time.h"
#include "rules/faults/loss.h"
#include "rules/faults/malformed.h"
#include "rules/faults/mqtt_disconnect.h"
#include "rules/faults/mqtt_receive_maximum.h"
#include "rules/faults/mqtt_session_present.h"
#include "rules/faults/mtu_blackhole.h"
#include "rules/faults/no_close_notify.h"
#include "rules/faults/no_established.h"
#include "rules/faults/no_shared_cipher.h"
#include "rules/faults/nodata.h"
#include "rules/faults/notimp.h"
#include "rules/faults/nxdomain.h"
#include "rules/faults/overload.h"
#include "rules/faults/packet_loss.h"
#include "rules/faults/port_block.h"
#include "rules/faults/presence_storm.h"
#include "rules/faults/rate_limit.h"
#include "rules/faults/rcode.h"
#include "rules/faults/redirect.h"
#include "rules/faults/refuse.h"
#include "rules/faults/refused.h"
#include "rules/faults/reject.h"
#include "rules/faults/reorder.h"
#include "rules/faults/replace.h"
#include "rules/faults/replace_body.h"
#include "rules/faults/reset.h"
#include "rules/faults/response_rate.h"
#include "rules/faults/rewrite_header.h"
#include "rules/faults/rule_order.h"
#include "rules/faults/servfail.h"
#include "rules/faults/slicer.h"
#include "rules/faults/slow_accept.h"
#include "rules/faults/slow_close.h"
#include "rules/faults/slow_handshake.h"
#include "rules/faults/slow_tcp.h"
#include "rules/faults/stale.h"
#include "rules/faults/stale_allowlist.h"
#include "rules/faults/stall_mid_body.h"
#include "rules/faults/tcp_only.h"
#include "rules/faults/timeout.h"
#include "rules/faults/tls_alert.h"
#include "rules/faults/tls_stop.h"
#include "rules/faults/tls_version.h"
#include "rules/faults/truncate.h"
#include "rules/faults/truncate_body.h"
#include "rules/faults/truncate_message.h"
#include "rules/faults/ttl.h"
#include "rules/faults/udp_only.h"
#include "rules/faults/unplug.h"
#include "rules/faults/wrong_answer.h"
#include "rules/faults/wrong_prefix.h"
#include "rules/faults/xmpp_resumption.h"
#include "rules/faults/xmpp_stream_error.h"
#include "rules/set_text.h"

namespace brownout::rules {
namespace {

constexpr std::array kAll{
    // Bytes of a connection, many of them also datagrams and DNS queries.
    &kLatency,
    &kBandwidth,
    &kLoss,
    &kSlicer,
    &kTimeout,
    &kUnplug,
    &kReset,
    &kSlowClose,
    &kLimitData,
    &kLimitTime,
    &kPacketLoss,
    &kCorrupt,
    // Ports and new connections.
    &kDown,
    &kRefuse,
    &kSlowAccept,
    &kConnectDelay,
    &kConnectionLimit,
    // Servers.
    &kOverload,
    // Datagrams.
    &kDrop,
    &kDuplicate,
    &kReorder,
    // DNS.
    &kNxdomain,
    &kServfail,
    &kRefused,
    &kFormerr,
    &kNotimp,
    &kRcode,
    &kNodata,
    &kWrongAnswer,
    &kDropRecords,
    &kTtl,
    &kStale,
    &kTruncate,
    &kTcpOnly,
    &kUdpOnly,
    &kLame,
    &kSlowTcp,
    // HTTP.
    &kDelay,
    &kAbort,
    &kRedirect,
    &kRateLimit,
    &kRewriteHeader,
    &kResponseRate,
    &kReplaceBody,
    &kTruncateBody,
    &kCorruptBody,
    &kStallMidBody,
    &kMalformed,
    &kCloseBeforeResponse,
    &kCloseAfterHeaders,
    &kDropResponse,
    &kDuplicateRequest,
    &kEnvoyHeaders,
    // Messages.
    &kCorruptMessage,
    &kTruncateMessage,
    &kCloseWebsocket,
    &kHalfOpen,
    // MQTT.
    &kAckLoss,
    &kReject,
    &kHoldUntil,
    &kReplace,
    &kMqttDisconnect,
    &kMqttSessionPresent,
    &kMqttReceiveMaximum,
    &kXmppStreamError,
    &kXmppResumption,
    &kPresenceStorm,
    // TLS.
    &kTlsAlert,
    &kTlsStop,
    &kSlowHandshake,
    &kNoSharedCipher,
    &kAlpnRefused,
    &kTlsVersion,
    &kBadCertificate,
    &kCorruptRecord,
    &kNoCloseNotify,
    // Firewalls: mistakes in the list, then what happens to flows.
    &kRuleOrder,
    &kWrongPrefix,
    &kStaleAllowlist,
    &kNoEstablished,
    &kPortBlock,
    &kFlushState,
    &kIdleTimeout,
    &kMtuBlackhole,
    &kAsymmetric,
};

// What other tools, and people, call it.
struct KnownElsewhere {
  std::string_view name;
  std::string_view here;
};

constexpr std::array<KnownElsewhere, 20> kKnownElsewhere{{{"http_status", "abort"},
                                                          {"replace", "replace_body"},
                                                          {"patch", "rewrite_header"},
                                                          {"bandwidth_limit", "bandwidth"},
                                                          {"response_rate_limit", "response_rate"},
                                                          {"jitter", "latency"},
                                                          {"rate", "bandwidth"},
                                                          {"throttle", "bandwidth"},
                                                          {"reset_peer", "reset"},
                                                          {"rst", "reset"},
                                                          {"blackhole", "timeout"},
                                                          {"partition", "unplug"},
                                                          {"hang", "unplug"},
                                                          {"reject", "refuse"},

                                                          {"dns_error", "servfail"},
                                                          {"no_answer", "timeout"},
                                                          {"spoof", "wrong_answer"},
                                                          {"gemodel", "loss"},
                                                          {"limit", "bandwidth"}}};

struct NotForStreams {
  std::string_view name;
  std::string_view why;
};

constexpr std::array<NotForStreams, 4> kNotForStreams{{
    {"delay",
     "it is for HTTP requests and messages; for the bytes of a connection "
     "use "
     "\"latency\""},
    {"reorder",
     "TCP delivers a stream in order, so a client could never see it; what reordering does to a "
     "TCP "
     "connection is delay: use \"latency\" with jitter, or \"loss\""},
    {"duplicate",
     "TCP removes duplicates, so a client could never see them; to alter the bytes use "
     "\"corrupt\""},
    {"drop",
     "TCP sends lost packets again: use \"loss\" for the stall, \"packet_loss\" to cut chunks out "
     "of "
     "the stream, \"timeout\" to swallow all of it"},
}};

}  // namespace

std::string carriers_text(unsigned carriers, unsigned protocols) {
  const auto messages = "messages of " + protocols_text(protocols);
  const std::array<std::pair<unsigned, std::string_view>, 6> names{
      {{kStreams, "TCP connections"},
       {kDatagrams, "UDP sessions"},
       {kDnsQueries, "DNS queries"},
       {kHttpRequests, "HTTP requests"},
       {kTlsHandshakes, "TLS handshakes"},
       {kMessages, messages}}};
  return set_text(carriers, names);
}

std::span<const FaultKind* const> all_faults() { return kAll; }

const FaultKind* find_fault(std::string_view name) {
  const auto* found = std::find_if(kAll.begin(), kAll.end(),
                                   [&](const FaultKind* kind) { return kind->name == name; });
  return found == kAll.end() ? nullptr : *found;
}

std::string_view known_elsewhere(std::string_view name) {
  for (const auto& one : kKnownElsewhere) {
    if (one.name == name) return one.here;
  }
  return {};
}

std::string_view why_not_for_streams(std::string_view name) {
  for (const auto& one : kNotForStreams) {
    if (one.name == name) return one.why;
  }
  return {};
}

}  // namespace brownout::rules
