// TcpPath simulates a TCP sender on a path with packet loss. It computes how many bytes have
// reached the receiver in order, and when. It counts bytes without storing them.
//
// A transmission arrives at once, or is lost; its acknowledgement reaches the sender one round trip
// after the transmission. So the path itself adds no delay: a byte waits only for the congestion
// window, and for retransmissions of lost segments ahead of it. Acknowledgements are never lost,
// since each is cumulative.
//
//   window          10 segments (RFC 6928); slow start to the threshold, then one segment more for
//                   each round trip (RFC 5681, 3.1). At most kMostSegments, as the receive buffer
//                   of Linux allows (tcp(7), tcp_rmem).
//   threshold       sqrt(3/2 / p) segments, the mean window that the loss p allows (Mathis et al.,
//                   "The Macroscopic Behavior of the TCP Congestion Avoidance Algorithm", 1997).
//                   Linux remembers such a threshold of earlier connections (tcp_metrics).
//   detection       a segment is lost if three segments sent after it are acknowledged, or one and
//                   a quarter of a round trip has passed (RFC 8985, 6). The window is halved once
//                   for all losses of a window (RFC 6675).
//   tail loss       if no acknowledgement comes for two round trips, one segment is sent as a probe
//                   (RFC 8985, 7). A single segment gets no probe.
//   time-out        a round trip and `least_rto`, doubled each time up to 120 s; the window falls
//                   to one segment (RFC 6298, 5). The connection fails at the time-out after 15
//                   retransmissions (tcp(7), tcp_retries2).
//
// All instants depend only on the bytes written and on the random numbers. Memory is bounded by
// kMostSegments. A TcpPath belongs to one stage; one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <vector>

#include "rules/chance/loss_model.h"

namespace brownout::rules {

struct TcpSettings {
  Duration least_rto = std::chrono::milliseconds(200);
  std::size_t segment = 1460;  // bytes
};

class TcpPath {
 public:
  static constexpr std::uint64_t kMostSegments = 4096;  // 6 MB of 1460 bytes
  static constexpr int kMostRetransmissions = 15;

  TcpPath(const TcpSettings& settings, LossModel losses);

  struct Loss {
    std::size_t bytes = 0;
    std::uint64_t transmission = 0;  // number of the transmission that was lost
  };
  struct Step {
    std::size_t arrived = 0;  // bytes that have reached the receiver, in order, in this step
    std::vector<Loss> losses;
    bool failed = false;  // the sender gave up
  };
  // The state of the path at an instant. A changed round-trip time applies to later transmissions.
  struct Now {
    Instant instant;
    Duration round_trip;  // more than zero
    double intensity = 1;
  };
  // Gives the sender `bytes` more bytes to send (may be 0), and simulates up to `now`. Must be
  // called at deadline().
  Step step(const Now& now, std::size_t bytes = 0);
  // Returns the time at which step() must be called. kNever if nothing more can reach the receiver
  // without new bytes.
  Instant deadline() const;
  // Returns the congestion window in bytes: how many bytes may be in flight now.
  std::size_t window() const;

 private:
  struct Segment {
    std::size_t bytes = 0;
    bool received = false;
  };
  struct Ack {
    Instant at;
    std::uint64_t expected = 0;  // the first segment that the receiver misses
  };
  // A lost transmission that the sender has not detected yet.
  struct Lost {
    std::uint64_t segment = 0;
    Instant sent;
    std::uint64_t delivered_before = 0;  // number of transmissions before it that arrived
  };

  void take_ack(const Ack& ack);
  void detect(Instant at);
  void reduce();
  void time_out(Instant now, Step& step);
  void probe(const Now& now, Step& step);
  void send(const Now& now, Step& step);
  void send_new(const Now& now, Step& step);
  void transmit(std::uint64_t segment, const Now& now, Step& step);
  void receive(std::uint64_t segment, Step& step);
  std::size_t in_flight() const { return acks_.size() + lost_.size(); }
  bool may_probe() const { return !recovering_ && !probed_ && in_flight() > 1; }
  Duration timeout() const;

  TcpSettings settings_;
  LossModel losses_;
  Duration round_trip_{};
  std::uint64_t transmissions_ = 0;

  std::size_t unsent_ = 0;          // bytes
  std::deque<Segment> segments_;    // sent, from the first that the receiver misses
  std::uint64_t expected_ = 0;      // number of segments_.front()
  std::uint64_t next_ = 0;          // number of the next new segment
  std::uint64_t acknowledged_ = 0;  // number of the first segment that is not acknowledged

  std::deque<Ack> acks_;           // of transmissions that arrived, on their way back
  std::deque<Lost> lost_;          // in the order of transmission
  std::set<std::uint64_t> again_;  // segments to retransmit
  std::uint64_t delivered_ = 0;    // number of transmissions that arrived
  std::uint64_t acks_seen_ = 0;

  double window_;     // segments
  double threshold_;  // segments
  // the last sending ended because the window was full, not because there were no more bytes
  bool limited_ = false;
  bool recovering_ = false;      // until all segments before recovered_ are acknowledged
  bool slow_start_ = false;      // recovering after a time-out
  bool retransmit_now_ = false;  // the first retransmission does not wait for the window
  std::uint64_t recovered_ = 0;
  bool probed_ = false;
  int timeouts_ = 0;  // in a row
  Instant last_sent_{};
  Instant reordered_until_ = kNever;
  Instant probe_at_ = kNever;
  Instant timeout_at_ = kNever;
};

}  // namespace brownout::rules
