#include "rules/protocols/kafka/codec/kafka_pairing.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace brownout::messages {

void KafkaPairing::sent(const std::shared_ptr<rules::KafkaMessage>& request) {
  request->ordinal = ++last_;
  facts_ += request->memory();
  open_.emplace(last_, Open{.request = request});
}

void KafkaPairing::asked(KafkaRequest request) {
  if (request->ordinal == 0) return;
  const auto open = open_.find(request->ordinal);
  const bool copied = open == open_.end() || std::exchange(open->second.asked, true);
  asked_.push_back({std::move(request), copied});
}

std::optional<KafkaPairing::Answer> KafkaPairing::answered(std::int32_t correlation) {
  const auto found = std::find_if(asked_.begin(), asked_.end(), [&](const Asked& asked) {
    return asked.request->correlation == correlation;
  });
  if (found == asked_.end()) return answered_early(correlation);
  Answer answer{std::move(found->request), found->copied};
  // A server answers in order, so it answers none of the requests that it skipped.
  for (auto skipped = asked_.begin(); skipped != found; ++skipped) {
    const auto missing = open_.find(skipped->request->ordinal);
    if (missing != open_.end() && !skipped->copied && !missing->second.response) close(missing);
  }
  asked_.erase(asked_.begin(), found + 1);
  const auto open = open_.find(answer.request->ordinal);
  answer.unwanted |= open == open_.end() || open->second.response.has_value();
  return answer;
}

// Finds the request of a response that comes while a rule still delays the request. No broker sends
// one, but the client would wait for it.
std::optional<KafkaPairing::Answer> KafkaPairing::answered_early(std::int32_t correlation) const {
  const auto found = std::find_if(open_.begin(), open_.end(), [&](const auto& open) {
    return !open.second.asked && !open.second.response &&
           open.second.request->correlation == correlation;
  });
  if (found == open_.end()) return std::nullopt;
  return Answer{found->second.request};
}

codecs::Bytes KafkaPairing::release(std::uint64_t number, codecs::Bytes bytes) {
  const auto open = open_.find(number);
  if (open == open_.end() || open->second.response || stuck_) return {};
  const bool behind = !open_.empty() && open_.begin()->first == passing_ && number != passing_;
  const auto first = behind ? std::next(open_.begin()) : open_.begin();
  if (open != first) {
    held_ += bytes.size();
    open->second.response = std::move(bytes);
    if (held_ <= kMostHeld) return {};
    stuck_ = true;
    for (auto& [other, waiting] : open_) {
      if (waiting.response) waiting.response.emplace();
    }
    held_ = 0;
    return {};
  }
  for (auto next = std::next(open); next != open_.end() && next->second.response;) {
    const auto& waiting = *next->second.response;
    held_ -= waiting.size();
    bytes.insert(bytes.end(), waiting.begin(), waiting.end());
    close(next++);
  }
  close(open);
  return bytes;
}

void KafkaPairing::passed(std::uint64_t number) {
  passing_ = 0;
  if (const auto open = open_.find(number); open != open_.end()) close(open);
}

void KafkaPairing::close(std::map<std::uint64_t, Open>::iterator open) {
  facts_ -= open->second.request->memory();
  open_.erase(open);
}

bool KafkaPairing::in_order() const {
  if (stuck_ || held_ > 0 || asked_.empty() || open_.empty()) return false;
  const auto& next = asked_.front();
  return !next.copied && next.request->ordinal == open_.begin()->first;
}

bool KafkaPairing::is_intact() const {
  if (stuck_ || open_.size() != asked_.size()) return false;
  return std::all_of(open_.begin(), open_.end(),
                     [](const auto& open) { return open.second.asked && !open.second.response; });
}

}  // namespace brownout::messages
