// KafkaPairing pairs the responses of one Kafka connection with their requests, and keeps the order
// in which the client receives responses. Owned by a KafkaCodec; one thread.
//
// A broker answers the requests of a connection in the order in which it received them, and clients
// expect the responses in the order of their requests (kafka.apache.org/protocol, Network). Rules
// may drop, copy, delay or answer requests and responses in between. Therefore each request is
// numbered as the client sends it, and its response waits until all earlier responses are
// delivered. After a lost response the client receives nothing more, as on a stalled connection.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>

#include "rules/protocols/codec/bytes.h"
#include "rules/protocols/kafka/kafka_message.h"

namespace brownout::messages {

using KafkaRequest = std::shared_ptr<const rules::KafkaMessage>;

class KafkaPairing {
 public:
  // Maximum number of requests without a response, and of bytes that their facts take.
  static constexpr std::size_t kMostOpen = 100'000;
  static constexpr std::size_t kMostFacts = 32 << 20;
  // Maximum number of bytes of responses that wait for an earlier one. Beyond that, they are lost.
  static constexpr std::size_t kMostHeld = 64 << 20;

  // Must be called for each request that the client sends and that gets a response. Sets its
  // number.
  void sent(const std::shared_ptr<rules::KafkaMessage>& request);
  // Must be called when the request is sent to the server. A second call with the same number is
  // for a copy, whose response the client must not see.
  void asked(KafkaRequest request);

  struct Answer {
    KafkaRequest request = {};
    // Whether the client must not see the response: it answers a copy, or a request that a rule has
    // answered.
    bool unwanted = false;
  };
  // Must be called for each response of the server. Returns no value if no request has this
  // correlation id.
  std::optional<Answer> answered(std::int32_t correlation);
  // Returns the request whose response the server sends next; null if there is none.
  KafkaRequest next() const { return asked_.empty() ? nullptr : asked_.front().request; }

  // Returns the bytes to send to the client now: `bytes` and the waiting responses that follow. If
  // an earlier response is missing, `bytes` waits, and the result is empty.
  codecs::Bytes release(std::uint64_t number, codecs::Bytes bytes);
  // Must be called when a response, which is next in order, begins to be forwarded to the client
  // as it arrives, without release(). What release() returns meanwhile follows that response.
  void passes() { passing_ = open_.empty() ? 0 : open_.begin()->first; }
  // Must be called when a response ends, or begins to be buffered.
  void passes_no_more() { passing_ = 0; }
  // Must be called when the response was forwarded.
  void passed(std::uint64_t number);
  // Whether the next response of the server may be forwarded to the client as it arrives.
  bool in_order() const;
  // Whether no response is missing, waits or is unwanted.
  bool is_intact() const;
  bool is_full() const {
    return open_.size() > kMostOpen || asked_.size() > kMostOpen || facts_ > kMostFacts;
  }

 private:
  // A request whose response the client has not received.
  struct Open {
    KafkaRequest request;
    bool asked = false;                          // whether the server has received it
    std::optional<codecs::Bytes> response = {};  // waits for an earlier one
  };
  struct Asked {
    KafkaRequest request;
    bool copied = false;
  };
  void close(std::map<std::uint64_t, Open>::iterator open);
  std::optional<Answer> answered_early(std::int32_t correlation) const;

  std::uint64_t last_ = 0;     // number of the last request
  std::uint64_t passing_ = 0;  // number of the response that is being forwarded as it arrives
  std::map<std::uint64_t, Open> open_;
  std::deque<Asked> asked_;  // requests in the order in which the server received them
  std::size_t facts_ = 0;    // bytes of the requests in open_
  std::size_t held_ = 0;     // bytes of waiting responses
  bool stuck_ = false;       // whether responses were lost, so that no later one is delivered
};

}  // namespace brownout::messages
