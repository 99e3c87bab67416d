#include "proxy/observe/why_ring.h"

#include <algorithm>
#include <cctype>

#include "proxy/observe/wall_time.h"
#include "rules/engine/describe.h"

namespace brownout::proxy {
namespace {

constexpr Properties::Limits kEntryLimits{.longest = 256, .most = 1024};

char folded(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

bool contains(std::string_view text, std::string_view wanted) {
  const auto same = [](char a, char b) { return folded(a) == folded(b); };
  return std::search(text.begin(), text.end(), wanted.begin(), wanted.end(), same) != text.end();
}

std::string client_of(const Touched& entry) {
  return entry.client ? to_text(*entry.client, entry.client_port) : std::string();
}

std::string value_of(const Touched& entry, std::string_view key) {
  if (key == "flow") return std::to_string(entry.flow);
  if (key == "request") return entry.request == 0 ? "" : std::to_string(entry.request);
  if (key == "status") return entry.status == 0 ? "" : std::to_string(entry.status);
  if (key == "fault") return std::string(entry.fault);
  if (key == "action") return std::string(entry.action);
  if (key == "direction") return std::string(entry.direction);
  if (key == "destination" && entry.destination) {
    return to_text(*entry.destination, entry.destination_port);
  }
  return std::string(entry.properties.find(key));
}

bool has_text(const Touched& entry, std::string_view wanted) {
  bool found = contains(entry.fault, wanted) || contains(entry.action, wanted) ||
               contains(client_of(entry), wanted) || contains(value_of(entry, "status"), wanted);
  entry.properties.for_each(
      [&](std::string_view, std::string_view value) { found = found || contains(value, wanted); });
  return found;
}

// Whether the rule acts on bytes of a connection and not on a request, query or message. All such
// actions on one connection share one entry.
bool is_of_bytes(const rules::FlowFacts& flow, const rules::Rule& rule, const rules::Note& note) {
  return rule.kind->level == rules::Level::kBytes && note.message == nullptr &&
         flow.http == nullptr && !flow.dns.question;
}

}  // namespace

bool WhyQuery::matches(const Touched& entry) const {
  if (!entry.properties.find("listener").starts_with(listener)) return false;
  if (!entry.properties.find("rule").starts_with(rule)) return false;
  if (status && !status->contains(entry.status)) return false;
  if (!client.empty() && !client_of(entry).starts_with(client)) return false;
  for (const auto& [key, wanted] : where) {
    if (!contains(value_of(entry, key), wanted)) return false;
  }
  return text.empty() || has_text(entry, text);
}

std::vector<std::string> WhyQuery::keys() {
  auto keys = rules::described_keys();
  for (const auto* key :
       {"flow", "request", "status", "fault", "action", "direction", "destination", "event"}) {
    keys.emplace_back(key);
  }
  return keys;
}

void WhyList::finish(std::size_t most) {
  std::stable_sort(entries.begin(), entries.end(),
                   [](const auto& a, const auto& b) { return a.micros > b.micros; });
  if (entries.size() > most)
    entries.erase(entries.begin() + static_cast<long>(most), entries.end());
}

void WhyRing::add(const rules::FlowFacts& flow, const rules::Rule& rule, std::string_view direction,
                  const rules::Note& note) {
  if (!is_of_bytes(flow, rule, note)) return next().set(flow, rule, direction, note);
  const auto place = (flow.ordinal * 2 + (direction == "downstream" ? 1 : 0) +
                      reinterpret_cast<std::uintptr_t>(&rule) / sizeof(rules::Rule)) %
                     recent_.size();
  auto& recent = recent_[place];
  const bool same =
      recent.rule == &rule && recent.flow == flow.ordinal && recent.direction == direction;
  if (same && repeats(recent, flow, rule, note)) return;
  next().set(flow, rule, direction, note);
  recent = {&rule, flow.ordinal, direction, added_};
}

void WhyRing::add(const rules::FlowFacts& flow, std::string_view event, std::string_view why) {
  next().set(flow, event, why);
}

bool WhyRing::repeats(const Recent& recent, const rules::FlowFacts& flow, const rules::Rule& rule,
                      const rules::Note& note) {
  // If the entry will soon be overwritten, a new entry is needed.
  if (!has(recent.number) || added_ - recent.number >= kMost / 2) return false;
  auto& entry = at(recent.number);
  const auto& texts = entry.properties;
  if (texts.find("listener") != flow.listener || texts.find("rule") != rule.name) return false;
  if (entry.action != note.action) return false;
  entry.micros = wall_micros();
  ++entry.times;
  entry.delay = note.delay;
  entry.bytes += note.bytes;
  entry.ordinal = note.ordinal;
  entry.draw = note.draw;
  return true;
}

Touched& WhyRing::next() {
  ++added_;
  if (entries_.size() < kMost) return entries_.emplace_back(kEntryLimits);
  return at(added_);
}

std::uint64_t WhyRing::look(const WhyQuery& query, std::uint64_t from, std::size_t count,
                            WhyList& found) const {
  for (; count > 0 && has(from); --count, --from) {
    if (!query.matches(at(from))) continue;
    ++found.total;
    found.entries.push_back(at(from));
  }
  return has(from) ? from : 0;
}

}  // namespace brownout::proxy
