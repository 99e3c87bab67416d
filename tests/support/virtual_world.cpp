#include "tests/support/virtual_world.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "rules/language/file_texts.h"
#include "rules/language/load_toml.h"

namespace brownout::test {

namespace {

std::string file_of(const std::string& rules_text, const std::string& protocol,
                    const std::string& listener_keys = "") {
  return R"(version = 1
[[upstream]]
name = "servers"
servers = ["127.0.0.1:1"]
[[listener]]
name = "chat"
protocol = ")" +
         protocol + R"("
listen = "127.0.0.1:0"
upstream = "servers"
)" + listener_keys +
         "\n" + rules_text;
}

rules::Config loaded(const std::string& text) {
  auto config = rules::load_toml(text);
  if (config) return std::move(*config);
  std::fprintf(stderr, "%s", rules::render(config.error(), "test", text).c_str());
  std::abort();
}

}  // namespace

rules::Config config_of(const std::string& rules_text, const std::string& protocol,
                        const std::string& listener_keys) {
  return loaded(file_of(rules_text, protocol, listener_keys));
}

rules::Config intercepted_config_of(const std::string& rules_text) {
  return loaded(
      "version = 1\n[[listener]]\nname = \"chat\"\nlisten = \"127.0.0.1:0\"\n"
      "intercept = \"tproxy\"\n" +
      rules_text);
}

std::string first_problem_of(const std::string& rules_text, const std::string& protocol) {
  const auto config = rules::load_toml(file_of(rules_text, protocol));
  return config ? "" : config.error().sorted().front().what;
}

namespace {

tl::expected<rules::Config, rules::Diagnostics> load_with(const Files& files,
                                                          const std::string& text) {
  auto document = rules::parse_toml(text);
  if (!document) return tl::unexpected(document.error());
  return rules::read_config(
      rules::with_file_texts(std::move(*document), [&](const std::string& path) {
        const auto file = files.find(path);
        if (file == files.end()) return rules::FileText{path, {}, "No such file or directory"};
        return rules::FileText{path, file->second};
      }));
}

}  // namespace

rules::Config config_with(const Files& files, const std::string& rules_text,
                          const std::string& protocol) {
  const auto text = file_of(rules_text, protocol);
  auto config = load_with(files, text);
  if (config) return std::move(*config);
  std::fprintf(stderr, "%s", rules::render(config.error(), "test", text).c_str());
  std::abort();
}

std::string first_problem_with(const Files& files, const std::string& rules_text,
                               const std::string& protocol) {
  const auto config = load_with(files, file_of(rules_text, protocol));
  return config ? "" : config.error().sorted().front().what;
}

rules::FlowFacts flow_of(std::uint64_t ordinal, const std::string& client, rules::Carrier carrier) {
  return {.listener = "chat",
          .carrier = carrier,
          .ordinal = ordinal,
          .client = rules::IpAddress::parse(client),
          .destination = rules::IpAddress::parse("127.0.0.1"),
          .opened = Instant{}};
}

VirtualWorld VirtualWorld::of_datagrams(const std::string& rules_text, std::uint64_t seed) {
  return {rules::RuleSet::activate(config_of(rules_text, "udp").rules, seed, Instant{}),
          flow_of(1, "10.1.2.3", rules::Carrier::kDatagram), rules::Direction::kUpstream};
}

VirtualWorld::VirtualWorld(const std::string& rules_text, rules::Direction direction,
                           std::uint64_t seed, std::uint64_t ordinal)
    : VirtualWorld(rules::RuleSet::activate(config_of(rules_text).rules, seed, Instant{}),
                   flow_of(ordinal), direction) {}

VirtualWorld::VirtualWorld(std::shared_ptr<const rules::RuleSet> set, rules::FlowFacts flow,
                           rules::Direction direction)
    : set_(std::move(set)), flow_(std::move(flow)) {
  flow_.activity = &activity_;
  activity_.last = flow_.opened;
  rules_ = rules::plan_arrival(*set_, flow_).rules;
  rules::plan_server(*set_, flow_, rules_);
  chain_ = std::make_unique<rules::Chain>(flow_, direction, *this);
  now_ = cursor_ = flow_.opened;
  chain_->set_rules(rules::for_direction(rules_, direction), flow_.opened);
}

VirtualWorld& VirtualWorld::at(Duration when) {
  cursor_ = Instant(when);
  return *this;
}

VirtualWorld& VirtualWorld::call(std::function<void()> action) {
  script_.emplace(cursor_, std::move(action));
  return *this;
}

VirtualWorld& VirtualWorld::send(std::string bytes) {
  return call([this, bytes = std::move(bytes)] {
    chain_->push(rules::Chunk::copy_of(std::as_bytes(std::span(bytes))), now_);
  });
}

VirtualWorld& VirtualWorld::send_fin() {
  return call([this] { chain_->finish(now_); });
}

VirtualWorld& VirtualWorld::reload(const std::string& rules_text) {
  return call([this, rules_text] {
    const auto* protocol = flow_.carrier == rules::Carrier::kDatagram ? "udp" : "tcp";
    auto next = rules::RuleSet::activate(config_of(rules_text, protocol).rules, set_->seed(), now_,
                                         set_.get());
    rules_ = rules::plan_reload(*next, flow_, rules_);
    set_ = std::move(next);
    chain_->set_rules(rules_, now_);
  });
}

void VirtualWorld::run(Duration until) { play(until, false); }
void VirtualWorld::run_coarsely(Duration until) { play(until, true); }

void VirtualWorld::play(Duration until, bool coarsely) {
  for (auto next = script_.begin(); next != script_.end(); next = script_.erase(next)) {
    advance(next->first, coarsely);
    now_ = next->first;
    next->second();
    most_held_ = std::max(most_held_, chain_->held());
  }
  advance(Instant(until), coarsely);
}

void VirtualWorld::advance(Instant now, bool coarsely) {
  while (!coarsely && chain_->deadline() <= now) {
    now_ = chain_->deadline();
    chain_->advance(now_);
  }
  now_ = now;
  chain_->advance(now);
}

void VirtualWorld::emit(rules::Chunk chunk) {
  const auto bytes = chunk.bytes();
  bytes_out_ += bytes.size();
  left_.push_back(
      {now_, std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()), false});
}

void VirtualWorld::injected(const rules::Rule&, rules::Direction, const rules::Note& note) {
  notes_ += std::string(note.action) + " " + rules::to_text(note.delay) + " " +
            std::to_string(note.bytes) + " bytes #" + std::to_string(note.ordinal) + "\n";
}

std::string VirtualWorld::bytes() const {
  std::string all;
  for (const auto& output : left_) {
    if (!output.is_event) all += output.what;
  }
  return all;
}

std::string VirtualWorld::log() const {
  std::string text;
  for (const auto& output : left_) {
    text += rules::to_text(output.at.time_since_epoch()) + " " + output.what + "\n";
  }
  return text;
}

std::string VirtualWorld::notes() const { return notes_; }

}  // namespace brownout::test
