#include "rules/protocols/kafka/kafka_message.h"

#include <utility>

#include "rules/protocols/kafka/kafka_wire.h"

namespace brownout::rules {
namespace {

std::size_t memory_of(const std::vector<std::string>& texts) {
  std::size_t total = 0;
  for (const auto& text : texts) total += sizeof text + text.size();
  return total;
}

}  // namespace

std::size_t KafkaMessage::memory() const {
  auto total = sizeof *this + client_id.size() + memory_of(groups) + memory_of(transactional_ids);
  for (const auto& part : parts) total += sizeof part + part.topic.size();
  return total;
}

const KafkaMessage* kafka_request_of(const Chunk& chunk) {
  const auto* view = view_as<KafkaMessage>(chunk.message());
  return view != nullptr && !view->response && view->ordinal > 0 ? view : nullptr;
}

std::optional<KafkaTree> kafka_body_of(const Chunk& chunk) {
  const auto* view = view_as<KafkaMessage>(chunk.message());
  if (view == nullptr || !view->decoded) return std::nullopt;
  const auto& api = *view->api();
  return KafkaTree::read(api, view->response ? api.response : api.request, view->version,
                         chunk.bytes());
}

Chunk kafka_chunk_with(const Chunk& chunk, const KafkaTree& body) {
  auto view = std::make_shared<KafkaMessage>(*view_as<KafkaMessage>(chunk.message()));
  set_kafka_facts(*view, body);
  auto message = std::make_shared<Message>(*chunk.message());
  message->view = std::move(view);
  return Chunk::of(body.write(), std::move(message));
}

Chunk kafka_chunk_with(const Chunk& chunk, std::shared_ptr<const KafkaEdit> edit) {
  auto view = std::make_shared<KafkaMessage>(*view_as<KafkaMessage>(chunk.message()));
  view->edits.push_back(std::move(edit));
  auto message = std::make_shared<Message>(*chunk.message());
  message->view = std::move(view);
  return Chunk::of(chunk.bytes(), std::move(message));
}

Chunk kafka_response(const std::shared_ptr<const KafkaMessage>& request, const KafkaTree& body) {
  auto view = std::make_shared<KafkaMessage>();
  view->key = request->key;
  view->version = body.version();
  view->correlation = request->correlation;
  view->response = true;
  view->client_id = request->client_id;
  view->request = request;
  view->topics = request->topics;
  view->slot = request->slot;
  set_kafka_facts(*view, body);
  return Chunk::of(body.write(),
                   std::make_shared<const Message>(
                       Message{.protocol = &KafkaMessage::protocol(), .view = std::move(view)}));
}

std::shared_ptr<const KafkaMessage> shared_kafka_view(const Chunk& chunk) {
  return std::static_pointer_cast<const KafkaMessage>(chunk.message()->view);
}

}  // namespace brownout::rules
