// Converts netem commands to a rule file. Netem acts on packets that leave an interface, but
// Brownout on the connections of a listener. The comments of the file explain the differences.
#include <utility>

#include "proxy/draft/sources.h"
#include "proxy/formats/netem.h"
#include "proxy/formats/toml_text.h"
#include "rules/match/protocol.h"

namespace brownout::draft {
namespace {

using codecs::Netem;
using codecs::toml_string;

// Collects the keys of a fault, in the order in which they are added.
class Fault {
 public:
  explicit Fault(std::string_view type) { add("type", std::string(type)); }

  void add(std::string key, std::string value) {
    keys_.push_back({std::move(key), {}, rules::Node{std::move(value)}});
  }
  void add(std::string key, std::int64_t value) {
    keys_.push_back({std::move(key), {}, rules::Node{value}});
  }
  // Leaves the key out if the value is zero, its default.
  void add_unless_zero(const std::string& key, rules::Ratio value) {
    if (value.parts_per_billion != 0) add(key, to_text(value));
  }
  void add_unless_zero(const std::string& key, rules::Bytes value) {
    if (value.count != 0) add(key, to_text(value));
  }
  std::string text() && { return codecs::toml_text(rules::Node{std::move(keys_)}); }

 private:
  rules::Node::Table keys_;
};

class NetemDraft {
 public:
  NetemDraft(bool datagrams, Draft& draft) : datagrams_(datagrams), draft_(draft) {}

  void add(const Netem& netem) {
    device_ = netem.device.empty() ? "netem" : netem.device;
    both_ways_ = netem.device == "lo";
    // Brownout applies rules in the order of the file. So the rules are added in the order in which
    // netem applies its options.
    if (netem.loss) add_loss(*netem.loss);
    if (netem.loss_model) add_model(*netem.loss_model);
    if (netem.loss_states) add_states(*netem.loss_states);
    if (netem.duplicate) add_duplicate(*netem.duplicate);
    if (netem.corrupt) add_corrupt(*netem.corrupt);
    if (netem.reorder && datagrams_ && netem.delay) {
      add_reorder(netem);
    } else if (netem.delay) {
      add_delay(*netem.delay);
    }
    if (netem.reorder && !(datagrams_ && netem.delay)) {
      leave_out(
          netem.line, "reorder",
          "it has an effect only with a delay, on a listener with datagrams (--protocol udp)");
    }
    if (netem.rate) add_rate(*netem.rate);
    if (netem.slot) add_slot(*netem.slot);
    for (const auto& word : netem.left_out) {
      leave_out(netem.line, word,
                word.starts_with("distribution ")
                    ? "give the file of this distribution in the key `distribution_file`"
                    : "a proxy cannot do this");
    }
    if (netem.duplicate && !datagrams_) {
      leave_out(netem.line, "duplicate",
                "TCP removes duplicates; use a listener with datagrams (--protocol udp)");
    }
  }

 private:
  void leave_out(std::size_t line, const std::string& what, const std::string& why) {
    draft_.about.push_back("Left out of line " + std::to_string(line) + ": " + what + ": " + why +
                           ".");
  }

  void add_rule(const std::string& what, Fault fault, std::string about = {}) {
    Table rule{.kind = "rule",
               .lines = {{"name", toml_string(names_.take(device_ + ": " + what))}},
               .about = std::move(about)};
    if (!both_ways_) rule.lines.push_back({"match", R"({ direction = "upstream" })"});
    rule.lines.push_back({"fault", std::move(fault).text()});
    draft_.tables.push_back(std::move(rule));
  }

  void add_loss(const codecs::NetemShare& loss) {
    Fault fault("loss");
    fault.add("loss", to_text(loss.share));
    fault.add_unless_zero("correlation", loss.correlation);
    add_rule("loss", std::move(fault));
  }

  void add_model(const codecs::NetemModel& model) {
    Fault fault("loss");
    fault.add("p", to_text(model.p));
    fault.add("r", to_text(model.r));
    fault.add("1-h", to_text(model.one_minus_h));
    fault.add("1-k", to_text(model.one_minus_k));
    add_rule("loss in bursts", std::move(fault));
  }

  void add_states(const codecs::NetemStates& states) {
    Fault fault("loss");
    fault.add("p13", to_text(states.p13));
    fault.add("p31", to_text(states.p31));
    fault.add("p32", to_text(states.p32));
    fault.add("p23", to_text(states.p23));
    fault.add("p14", to_text(states.p14));
    add_rule("loss in bursts", std::move(fault));
  }

  void add_duplicate(const codecs::NetemShare& duplicate) {
    if (!datagrams_) return;
    Fault fault("duplicate");
    fault.add("share", to_text(duplicate.share));
    fault.add_unless_zero("correlation", duplicate.correlation);
    add_rule("duplicate", std::move(fault));
  }

  void add_corrupt(const codecs::NetemShare& corrupt) {
    Fault fault("corrupt");
    fault.add("chance", to_text(corrupt.share));
    fault.add("each", "chunk");
    fault.add_unless_zero("correlation", corrupt.correlation);
    add_rule(
        "corrupt", std::move(fault),
        "In a network, checksums turn most corrupt packets into lost ones: for that effect use "
        "the fault loss.");
  }

  void add_delay(const codecs::NetemDelay& delay) {
    Fault fault("latency");
    fault.add("delay", rules::to_text(delay.delay));
    if (delay.jitter != rules::Duration{}) {
      fault.add("jitter", rules::to_text(delay.jitter));
      fault.add_unless_zero("correlation", delay.correlation);
      if (!delay.distribution.empty()) fault.add("distribution", delay.distribution);
    }
    add_rule("delay", std::move(fault));
  }

  void add_reorder(const Netem& netem) {
    Fault fault("reorder");
    fault.add("share", to_text(netem.reorder->share));
    fault.add("delay", rules::to_text(netem.delay->delay));
    fault.add_unless_zero("correlation", netem.reorder->correlation);
    if (netem.gap > 0) fault.add("gap", netem.gap);
    add_rule("reorder", std::move(fault),
             netem.delay->jitter == rules::Duration{}
                 ? "The packets that are not reordered wait for the delay of the command."
                 : "The packets that are not reordered wait for the delay of the command, without "
                   "its jitter.");
  }

  void add_rate(const codecs::NetemRate& link) {
    Fault fault("bandwidth");
    fault.add("rate", to_text(link.rate));
    fault.add("shared", "rule");
    fault.add_unless_zero("overhead", rules::Bytes{link.overhead});
    fault.add_unless_zero("cell", rules::Bytes{link.cell});
    if (link.cell > 0) fault.add_unless_zero("cell_overhead", rules::Bytes{link.cell_overhead});
    add_rule("rate", std::move(fault));
  }

  void add_slot(const codecs::NetemSlot& slot) {
    if (slot.max == rules::Duration{}) return;
    Fault fault("slot");
    fault.add("min", rules::to_text(slot.min));
    // The fault has no shorter slots.
    const auto max = std::max<rules::Duration>(slot.max, std::chrono::microseconds(100));
    if (max != slot.min) fault.add("max", rules::to_text(max));
    if (slot.packets > 0) fault.add("packets", slot.packets);
    fault.add_unless_zero("bytes", rules::Bytes{slot.bytes});
    add_rule("slot", std::move(fault), "Each direction of each connection has its own slots.");
  }

  bool datagrams_;
  Draft& draft_;
  Names names_;
  std::string device_;
  bool both_ways_ = false;
};

}  // namespace

rules::Result<Draft> draft_of_netem(std::string_view text, const Place& place) {
  const auto read = codecs::read_netem(text);
  if (!read) return tl::unexpected(read.error());
  auto listener = listener_of(place);
  if (!listener) return tl::unexpected(listener.error());
  const auto protocol = rules::Protocol::named(
      place.protocol.empty() ? std::string(Place::kProtocol) : place.protocol);
  Draft draft{introduction("netem commands"), {std::move(*listener)}};
  draft.about.push_back(
      "Netem acts on packets that leave an interface. These rules act on data that clients send "
      "(direction \"upstream\"), as if the interface were the client's; for an interface of the "
      "server, write \"downstream\". For lo, both directions apply.");
  if (!place.is_known()) {
    draft.about.push_back("Netem commands contain no addresses: change `listen` and `upstream`.");
  }
  NetemDraft rules(!protocol->is_connections(), draft);
  for (const auto& netem : read->commands) rules.add(netem);
  for (const auto& other : read->left_out) {
    draft.about.push_back("Left out, because this command sets up no netem: " + other);
  }
  return draft;
}

}  // namespace brownout::draft
