#include "proxy/control/history.h"

#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "rules/base/valid_text.h"

namespace brownout::proxy {
namespace {

using HistoryJson = nlohmann::ordered_json;

constexpr Duration kBetweenPoints = std::chrono::seconds(1);
// The last bucket of a histogram has no upper bound. Its values are taken to be twice its lower
// bound.
constexpr double kLongestSeconds = 2 * rules::SharedHistogram::kBounds.back();

double unix_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

double rounded(double value) { return std::round(value * 100) / 100; }

// Returns a percentile of a histogram in milliseconds, interpolated within the bucket. Returns -1
// if all counts are 0.
template <class Counts>
double percentile_ms(const Counts& counts, double share) {
  constexpr auto& kBounds = rules::SharedHistogram::kBounds;
  std::uint64_t total = 0;
  for (const auto count : counts) total += count;
  const double wanted = share * static_cast<double>(total);
  double seen = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const auto count = static_cast<double>(counts[i]);
    if (count > 0 && seen + count >= wanted) {
      const double low = i == 0 ? 0 : kBounds[i - 1];
      const double high = i < kBounds.size() ? kBounds[i] : kLongestSeconds;
      return 1000 * (low + (high - low) * (wanted - seen) / count);
    }
    seen += count;
  }
  return -1;
}

}  // namespace

History::History(Loop& loop, const Engine& engine)
    : loop_(loop), engine_(engine), sampled_(Loop::now()), injected_(engine.injected()) {
  follow_listeners(0);
  loop_.deadlines().set(*this, sampled_ + kBetweenPoints);
}

History::~History() { loop_.deadlines().cancel(*this); }

void History::on_due(Instant now) noexcept {
  sample();
  loop_.deadlines().set(*this, rules::later(now, kBetweenPoints));
}

void History::sample() {
  const auto now = Loop::now();
  const auto seconds = std::max(1e-3, std::chrono::duration<double>(now - sampled_).count());
  sampled_ = now;
  ++last_;
  const auto injected = engine_.injected();
  points_.push_back({unix_time(), static_cast<double>(injected - injected_) / seconds});
  injected_ = injected;
  if (points_.size() > kPoints) points_.pop_front();
  follow_listeners(seconds);
}

void History::follow_listeners(double seconds) {
  for (const auto& listener : engine_.listeners()) {
    const auto* stats = listener.view->stats.get();
    const auto now = counters_of(*stats);
    auto found = listeners_.find(listener.name);
    if (found == listeners_.end()) {
      if (listeners_.size() >= kMostListeners) continue;
      found = listeners_.emplace(listener.name, Course{}).first;
    }
    auto& course = found->second;
    if (course.stats != stats) course = {stats, now, {}, last_};
    if (course.last == last_) continue;
    course.points.push_back(between(course.before, now, seconds));
    if (course.points.size() > kPoints) course.points.pop_front();
    course.before = now;
    course.last = last_;
  }
  std::erase_if(listeners_, [&](const auto& row) { return row.second.last != last_; });
}

History::Counters History::counters_of(const ListenerStats& stats) {
  Counters counters;
  counters.bytes = {stats.bytes(rules::Direction::kUpstream),
                    stats.bytes(rules::Direction::kDownstream)};
  counters.failed = stats.failed.load();
  counters.connect_failed = stats.connect_failed.load();
  for (std::size_t i = 0; i < counters.answered.size(); ++i) {
    counters.answered[i] = stats.answered.count(i);
  }
  return counters;
}

History::Traffic History::between(const Counters& before, const Counters& now, double seconds) {
  const auto rate = [&](std::uint64_t from, std::uint64_t to) {
    return static_cast<float>(static_cast<double>(to - from) / seconds);
  };
  auto answered = now.answered;
  for (std::size_t i = 0; i < answered.size(); ++i) answered[i] -= before.answered[i];
  return {rate(before.bytes[0], now.bytes[0]),
          rate(before.bytes[1], now.bytes[1]),
          static_cast<float>(percentile_ms(answered, 0.5)),
          static_cast<float>(percentile_ms(answered, 0.99)),
          rate(before.failed, now.failed),
          rate(before.connect_failed, now.connect_failed)};
}

HistoryJson History::after(std::uint64_t number) const {
  const auto oldest = last_ - points_.size();
  const auto from = number > last_ ? oldest : std::max(number, oldest);
  HistoryJson json{{"first", from + 1}, {"last", last_}};
  json["time"] = HistoryJson::array();
  json["faults"] = HistoryJson::array();
  for (auto i = from - oldest; i < points_.size(); ++i) {
    json["time"].push_back(std::round(points_[i].time * 1000) / 1000);
    json["faults"].push_back(rounded(points_[i].faults));
  }
  json["listeners"] = HistoryJson::object();
  for (const auto& [name, course] : listeners_) {
    HistoryJson columns{{"up", HistoryJson::array()},     {"down", HistoryJson::array()},
                        {"p50_ms", HistoryJson::array()}, {"p99_ms", HistoryJson::array()},
                        {"failed", HistoryJson::array()}, {"connect_failed", HistoryJson::array()}};
    const auto add = [&](const char* column, float value) {
      columns[column].push_back(value < 0 ? HistoryJson(nullptr) : HistoryJson(rounded(value)));
    };
    const auto missing = last_ - course.points.size();
    for (auto i = from; i < last_; ++i) {
      const auto point = i < missing ? Traffic{-1, -1, -1, -1, -1, -1} : course.points[i - missing];
      add("up", point.up);
      add("down", point.down);
      add("p50_ms", point.p50_ms);
      add("p99_ms", point.p99_ms);
      add("failed", point.failed);
      add("connect_failed", point.connect_failed);
    }
    json["listeners"][rules::valid_text(name)] = std::move(columns);
  }
  return json;
}

}  // namespace brownout::proxy
