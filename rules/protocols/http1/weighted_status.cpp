#include "rules/protocols/http1/weighted_status.h"

#include <algorithm>
#include <variant>

#include "rules/base/whole_number.h"

namespace brownout::rules {
namespace {

constexpr std::int64_t kLeastStatus = 200;
constexpr std::int64_t kMostStatus = 599;
constexpr std::int64_t kMostWeight = 1'000'000;

Error not_a_status(const Node& node, std::string_view text) {
  auto error = config_error("\"" + std::string(text) + "\" is not a status from 200 to 599",
                            "e.g. 503, or { 500 = 2, 503 = 1 } with weights")
                   .value();
  error.where = node.where;
  return error;
}

Error not_a_weight(const Member& member, std::int64_t weight) {
  auto error = config_error("the weight of status " + member.key + " is " + std::to_string(weight) +
                                ", and not from 1 to 1000000",
                            weight == 0 ? "leave the status out, so that it is never drawn"
                                        : "e.g. { 500 = 2, 503 = 1 }: 500 is drawn twice as often")
                   .value();
  error.where = member.node.where;
  return error;
}

}  // namespace

int WeightedStatus::draw(const Dice& dice) const {
  std::int64_t total = 0;
  for (const auto& [status, weight] : choices) total += weight;
  auto left = dice.split("status").between(0, 1, total);
  for (const auto& [status, weight] : choices) {
    left -= weight;
    if (left <= 0) return status;
  }
  return choices.back().first;
}

Result<WeightedStatus> ValueKind<WeightedStatus>::read(const Node& node) {
  WeightedStatus status;
  if (const auto* number = std::get_if<std::int64_t>(&node.value)) {
    if (*number < kLeastStatus || *number > kMostStatus)
      return tl::unexpected(not_a_status(node, std::to_string(*number)));
    status.choices = {{static_cast<int>(*number), 1}};
    return status;
  }
  if (node.table() == nullptr || node.table()->empty())
    return wrong_type(node, "a status, or a table of statuses and weights");
  status.choices.clear();
  for (const auto& member : *node.table()) {
    const auto code = parse_whole_number(member.key, kMostStatus);
    if (!code || *code < kLeastStatus) return tl::unexpected(not_a_status(member.node, member.key));
    const auto* weight = std::get_if<std::int64_t>(&member.node.value);
    if (weight == nullptr) return wrong_type(member.node, "a weight from 1 to 1000000");
    if (*weight < 1 || *weight > kMostWeight) return tl::unexpected(not_a_weight(member, *weight));
    status.choices.emplace_back(static_cast<int>(*code), *weight);
  }
  return status;
}

std::string ValueKind<WeightedStatus>::print(const WeightedStatus& value) {
  if (value.choices.size() == 1) return std::to_string(value.choices.front().first);
  std::string text;
  for (const auto& [status, weight] : value.choices) {
    text += (text.empty() ? "{ " : ", ") + std::to_string(status) + " = " + std::to_string(weight);
  }
  return text + " }";
}

}  // namespace brownout::rules
