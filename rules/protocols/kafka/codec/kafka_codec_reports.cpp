// The part of KafkaCodec that decodes bodies, and reports those that it cannot decode, and brokers
// that got no address of the listener.
#include <algorithm>
#include <utility>

#include "rules/protocols/kafka/codec/kafka_codec.h"

namespace brownout::messages {
namespace {

using rules::KafkaMessage;
using rules::KafkaTree;

std::string kafka_name_of(const KafkaMessage& view) {
  return view.api_name() + " version " + std::to_string(view.version);
}

}  // namespace

std::optional<KafkaTree> KafkaCodec::Reader::examine(KafkaMessage& view, ByteView body) {
  const auto* api = view.api();
  if (api == nullptr || !api->decodes(view.version)) {
    report_unknown(view);
    return std::nullopt;
  }
  KafkaTree::Problem problem;
  auto tree = KafkaTree::read(*api, view.response ? api->response : api->request, view.version,
                              body, &problem);
  if (tree) {
    rules::set_kafka_facts(view, *tree);
    return tree;
  }
  const auto what = kafka_name_of(view) + (view.response ? " response" : " request");
  if (problem.too_many) {
    report("too large Kafka message", what + ": rules read at most " +
                                          std::to_string(KafkaTree::kMostValues) +
                                          " fields and elements");
  } else {
    const auto where = problem.field.empty() ? "further bytes" : "no " + problem.field;
    report("malformed Kafka message", what + ": " + where + " at byte " +
                                          std::to_string(problem.position) + " of " +
                                          std::to_string(body.size()) + " in its body");
  }
  return std::nullopt;
}

void KafkaCodec::Reader::report(std::string_view event, std::string why) {
  auto& reported = codec_.reported_;
  if (std::find(reported.begin(), reported.end(), event) != reported.end()) return;
  reported.emplace_back(event);
  reports_.push_back({std::string(event), std::move(why)});
}

// Reports each broker once, for all connections of the listener.
void KafkaCodec::Reader::report_left_out(const std::vector<rules::AnnouncedServer>& brokers) {
  const auto& followed = codec_.rewrite_.followed();
  for (const auto& broker : brokers) {
    if (!followed.first_left_out(broker.address)) continue;
    const auto name = broker.node ? "broker " + std::to_string(*broker.node) : "a broker";
    reports_.push_back({.event = "broker not followed",
                        .why = name + " keeps its own address " + to_text(broker.address) +
                               ", by which clients bypass this listener: all ports of "
                               "broker_ports (" +
                               rules::to_text(followed.ports()) +
                               ") have a broker (give one port for each broker)",
                        .warns = true});
  }
}

void KafkaCodec::Reader::report_unknown(const KafkaMessage& view) {
  report("unknown Kafka message", kafka_name_of(view));
}

void KafkaCodec::Reader::report_too_large(std::size_t size) {
  report("too large Kafka message", too_large(size));
}

// Returns the reason for which rules do not see a message of `size` bytes.
std::string KafkaCodec::Reader::too_large(std::size_t size) const {
  return (is_request() ? "a request of " : "a response of ") + std::to_string(size) +
         " bytes: rules read at most " + rules::to_text(rules::Bytes{kMostKafkaMessage});
}

}  // namespace brownout::messages
