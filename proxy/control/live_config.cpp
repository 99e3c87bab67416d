#include "proxy/control/live_config.h"

#include <fmt/core.h>
#include <spdlog/spdlog.h>
#include <sys/random.h>

#include <algorithm>

#include "proxy/formats/json_document.h"
#include "proxy/formats/load_rules.h"
#include "rules/base/describe.h"
#include "rules/base/find_named.h"
#include "rules/base/terminal_text.h"
#include "rules/language/load_toml.h"
#include "rules/language/warnings.h"

namespace brownout::proxy {
namespace {

std::string draw_id() {
  std::uint64_t bits = 0;
  if (getrandom(&bits, sizeof bits, 0) != sizeof bits) bits = 1;
  return fmt::format("{:016x}", bits);
}

// Splits a JSON pointer into the document, such as "/rule/3/fault/delay". Returns the kind and the
// name of the table, and the rest of the pointer ("/fault/delay").
Mistake located(const rules::Node& document, const std::string& pointer) {
  const auto kind_end = pointer.find('/', 1);
  if (kind_end == std::string::npos) return {"", "", pointer, "", ""};
  const auto index_end = std::min(pointer.find('/', kind_end + 1), pointer.size());
  const auto kind = pointer.substr(1, kind_end - 1);
  const auto index = pointer.substr(kind_end + 1, index_end - kind_end - 1);
  const auto* list = document.find(kind);
  if (list == nullptr || list->array() == nullptr) return {"", "", pointer, "", ""};
  const auto& table = list->array()->at(std::stoul(index));
  return {kind, name_of(table), pointer.substr(index_end), "", ""};
}

Refusal refusal_of(const rules::Diagnostics& problems, const rules::Node& document,
                   const codecs::Pointers& pointers) {
  Refusal refusal{.status = 422, .what = "nothing was changed, because the request has errors"};
  for (const auto& problem : problems.sorted()) {
    auto mistake = located(document, pointers.at(problem.where));
    mistake.what = problem.what;
    mistake.hint = problem.hint;
    refusal.mistakes.push_back(std::move(mistake));
  }
  return refusal;
}

// Undoes the lease's changes in `overlay`: each table gets the change that it had before the lease,
// or none.
void put_back(const LiveConfig::Lease& lease, Overlay& overlay) {
  for (const auto& entry : lease.undo) {
    if (entry.before) {
      overlay.set(*entry.before);
    } else {
      overlay.forget(entry.kind, entry.name);
    }
  }
}

}  // namespace

std::string describe(const Refusal& refusal) {
  std::string text = refusal.what;
  for (const auto& mistake : refusal.mistakes) {
    text += "; " + mistake.kind + " " + mistake.name + mistake.pointer + ": " + mistake.what;
    if (!mistake.hint.empty()) text += " (" + mistake.hint + ")";
  }
  return text;
}

LiveConfig::LiveConfig(Loop& loop, File file, LiveOptions options)
    : loop_(loop), options_(std::move(options)), file_(std::move(file)), document_(file_.document) {
  if (auto reading = read(file_, overlay_)) own_ = std::move(reading->config);
  if (options_.state_file.empty()) return;
  state_ = std::make_unique<StateWriter>([save = options_.save, path = options_.state_file](
                                             const std::string& text) { return save(path, text); });
}

LiveConfig::~LiveConfig() { loop_.deadlines().cancel(*this); }

Result<void> LiveConfig::restore() {
  if (options_.state_file.empty()) return {};
  auto saved = load_state(options_.state_file);
  if (!saved) return tl::unexpected(saved.error());
  saved->settle(file_.document);
  auto reading = read(file_, *saved);
  if (!reading) {
    return rules::config_error(
        "the state file " + options_.state_file +
            " does not fit the changed rule file: " + describe(reading.error()),
        "edit the state file, or move it away to discard the changes in it");
  }
  overlay_ = std::move(*saved);
  document_ = std::move(reading->document);
  own_ = std::move(reading->config);
  return {};
}

Allowed<LiveConfig::Reading> LiveConfig::read(const File& file, const Overlay& overlay) const {
  auto document = overlay.over(file.document);
  const codecs::Pointers pointers(document);
  auto config = codecs::load_rules(document, file.included.as_read());
  if (!config) return tl::unexpected(refusal_of(config.error(), document, pointers));
  cap(*config);
  return Reading{std::move(document), std::move(*config)};
}

void LiveConfig::cap(rules::Config& config) const {
  if (!options_.max_fault_time) return;
  for (auto& rule : config.rules) {
    auto& schedule = rule.schedule;
    // A rule that starts repeatedly keeps its times, and ends for good after the longest fault
    // time.
    if (schedule.repeat || schedule.periods) {
      schedule.end = rules::sum(schedule.first_open(), *options_.max_fault_time);
    }
    auto& duration = schedule.duration;
    duration = std::min(duration.value_or(*options_.max_fault_time), *options_.max_fault_time);
    schedule.ramp = std::min(schedule.ramp, *duration);
  }
}

rules::Config LiveConfig::with_toxiproxy(rules::Config config) const {
  const auto append = [](auto& to, const auto& from) {
    to.insert(to.end(), from.begin(), from.end());
  };
  for (const auto& [name, proxy] : toxiproxy_) {
    append(config.listeners, proxy.listeners);
    append(config.upstreams, proxy.upstreams);
    append(config.rules, proxy.rules);
  }
  return config;
}

Allowed<void> LiveConfig::apply(File file, Overlay overlay) {
  overlay.settle(file.document);
  auto reading = read(file, overlay);
  if (!reading) return tl::unexpected(reading.error());
  auto& config = reading->config;
  if (auto taken = takes_toxiproxys_name(config)) return tl::unexpected(std::move(*taken));
  if (const auto done = engine_->reload(with_toxiproxy(config)); !done) {
    return tl::unexpected(Refusal{.status = 409, .what = describe(done.error())});
  }
  // Cuts the open connections of a listener that was disabled.
  for (const auto& old : own_.listeners) {
    const auto* now = rules::find_named(config.listeners, old.name);
    if (old.enabled && now != nullptr && !now->enabled) engine_->cut(old.name);
  }
  engine_->wait_for_workers();
  own_ = std::move(config);
  document_ = std::move(reading->document);
  file_ = std::move(file);
  overlay_ = std::move(overlay);
  return {};
}

// Refuses a configuration whose listener or upstream has the name of a proxy of Toxiproxy's API.
std::optional<Refusal> LiveConfig::takes_toxiproxys_name(const rules::Config& config) const {
  Refusal refusal{.status = 409,
                  .what =
                      "nothing was changed, because Toxiproxy's API has a proxy with the name "
                      "of a listener or upstream"};
  for (const auto& listener : config.listeners) {
    if (is_toxiproxys(listener.name))
      refusal.mistakes.push_back({"listener", listener.name, "/name", "", ""});
  }
  for (const auto& upstream : config.upstreams) {
    if (is_toxiproxys(upstream.name))
      refusal.mistakes.push_back({"upstream", upstream.name, "/name", "", ""});
  }
  if (refusal.mistakes.empty()) return std::nullopt;
  for (auto& mistake : refusal.mistakes) {
    mistake.what = "Toxiproxy's API has a proxy " + rules::in_quotes(mistake.name);
    mistake.hint = "choose another name, or delete the proxy: DELETE /proxies/" + mistake.name;
  }
  return refusal;
}

Allowed<void> LiveConfig::set_file(File file) {
  auto done = apply(std::move(file), overlay_);
  if (done) file_problem_.clear();
  return done;
}

Allowed<void> LiveConfig::change(Overlay::Change change, const std::string& lease) {
  if ((change.kind == "listener" || change.kind == "upstream") && is_toxiproxys(change.name)) {
    return tl::unexpected(
        Refusal{.status = 409,
                .what = change.name + " was made by Toxiproxy's API: change it through that API"});
  }
  auto before = present(change.kind, change.name);
  const auto rule = change.kind == "rule" ? change.name : std::string();
  auto overlay = overlay_;
  overlay.set(std::move(change));
  auto done = apply_change(std::move(overlay), {std::move(before)}, lease);
  if (done && !rule.empty()) warn_of(rule);
  return done;
}

Allowed<rules::Config> LiveConfig::with_rule(const std::string& name, rules::Node rule) const {
  auto overlay = overlay_;
  overlay.set({"rule", name, std::move(rule)});
  auto reading = read(file_, overlay);
  if (!reading) return tl::unexpected(reading.error());
  return std::move(reading->config);
}

void LiveConfig::warn_of(const std::string& rule) const {
  rules::Diagnostics warnings;
  for (const auto& present : own_.rules) {
    if (present.name == rule) rules::add_warnings(own_, present, warnings);
  }
  for (const auto& warning : warnings.sorted()) {
    spdlog::warn("API: {} ({})", rules::printable(warning.what), warning.hint);
  }
}

Allowed<void> LiveConfig::reset(std::string_view kind, std::string_view name,
                                const std::string& lease) {
  auto overlay = overlay_;
  overlay.forget(kind, name);
  return apply_change(std::move(overlay), {present(kind, name)}, lease);
}

Allowed<void> LiveConfig::reset(const std::string& lease) {
  std::vector<Lease::Undo> before;
  for (const auto& change : overlay_.changes()) before.push_back(present(change.kind, change.name));
  return apply_change({}, std::move(before), lease);
}

LiveConfig::Lease::Undo LiveConfig::present(std::string_view kind, std::string_view name) const {
  const auto* current = overlay_.find(kind, name);
  return {std::string(kind), std::string(name),
          current != nullptr ? std::optional(*current) : std::nullopt};
}

Allowed<void> LiveConfig::apply_change(Overlay overlay, std::vector<Lease::Undo> before,
                                       const std::string& lease) {
  if (!lease.empty() && !leases_.contains(lease)) {
    return tl::unexpected(Refusal{.status = 409,
                                  .what = "the lease " + lease +
                                          " is unknown, or has lapsed: take it with PUT "
                                          "/api/v1/lease, then send the change again"});
  }
  if (auto done = apply(file_, std::move(overlay)); !done) return done;
  for (auto& entry : before) take_over(std::move(entry), lease);
  save();
  return {};
}

// Assigns a changed table to `lease`, and takes it away from earlier leases. The undo entry of the
// earlier lease is kept, so the end of `lease` restores the state before any lease. A change
// without a lease deletes the undo entry.
void LiveConfig::take_over(Lease::Undo change, const std::string& lease) {
  if (!lease.empty() && lease_of(change.kind, change.name) == lease) return;
  for (auto& [id, other] : leases_) {
    std::erase_if(other.undo, [&](const auto& entry) {
      if (entry.kind != change.kind || entry.name != change.name) return false;
      change.before = entry.before;
      return true;
    });
  }
  if (const auto mine = leases_.find(lease); mine != leases_.end()) {
    mine->second.undo.push_back(std::move(change));
  }
}

Result<void> LiveConfig::replace_toxiproxy_part(const std::vector<std::string>& proxies,
                                                rules::Config part) {
  for (const auto& name : proxies) {
    if (rules::find_named(own_.listeners, name) != nullptr ||
        rules::find_named(own_.upstreams, name) != nullptr) {
      return rules::config_error(
          rules::in_quotes(name) +
              " is already the name of a listener or upstream of the rule file",
          "choose another name");
    }
  }
  cap(part);
  if (auto done = engine_->replace(proxies, part); !done) return done;
  for (const auto& name : proxies) toxiproxy_.erase(name);
  for (auto& listener : part.listeners)
    toxiproxy_[listener.name].listeners.push_back(std::move(listener));
  for (auto& upstream : part.upstreams)
    toxiproxy_[upstream.name].upstreams.push_back(std::move(upstream));
  for (auto& rule : part.rules) {
    toxiproxy_[rule.match.listener.front()].rules.push_back(std::move(rule));
  }
  return {};
}

bool LiveConfig::is_toxiproxys(std::string_view listener) const {
  return toxiproxy_.find(listener) != toxiproxy_.end();
}

std::string LiveConfig::take_lease(std::string id, Duration ttl) {
  if (id.empty()) id = draw_id();
  auto& lease = leases_[id];
  lease.id = id;
  lease.until = rules::later(Loop::now(), ttl);
  arm();
  return id;
}

bool LiveConfig::end_lease(const std::string& id) {
  const auto found = leases_.find(id);
  if (found == leases_.end()) return false;
  const auto lease = std::move(found->second);
  leases_.erase(found);
  undo(lease);
  arm();
  return true;
}

std::string LiveConfig::lease_of(std::string_view kind, std::string_view name) const {
  for (const auto& [id, lease] : leases_) {
    for (const auto& entry : lease.undo) {
      if (entry.kind == kind && entry.name == name) return id;
    }
  }
  return {};
}

void LiveConfig::undo(const Lease& lease) {
  if (lease.undo.empty()) return;
  auto overlay = overlay_;
  put_back(lease, overlay);
  if (apply(file_, std::move(overlay))) return save();
  // The earlier version of the tables is no longer valid in the present configuration. Deletes the
  // tables instead, since a fault must not outlive its lease.
  for (const auto& entry : lease.undo) {
    overlay = overlay_;
    overlay.set({entry.kind, entry.name, std::nullopt});
    if (const auto done = apply(file_, std::move(overlay)); !done) {
      spdlog::error(
          "lease {}: {} {} could not be restored or deleted when the lease lapsed: {}; delete it "
          "through the API",
          rules::printable(lease.id), entry.kind, rules::printable(entry.name),
          rules::printable(describe(done.error())));
    }
  }
  save();
}

// Saves the API's changes except those under leases, since a restart ends all leases.
void LiveConfig::save() const {
  if (!state_) return;
  auto lasting = overlay_;
  for (const auto& [id, lease] : leases_) put_back(lease, lasting);
  state_->write(state_text(lasting));
}

std::optional<bool> LiveConfig::saved() const {
  return state_ ? std::optional(state_->saved()) : std::nullopt;
}

void LiveConfig::arm() {
  Instant next = kNever;
  for (const auto& [id, lease] : leases_) next = std::min(next, lease.until);
  loop_.deadlines().set(*this, next);
}

void LiveConfig::on_due(Instant now) noexcept {
  std::vector<std::string> lapsed;
  for (const auto& [id, lease] : leases_) {
    if (lease.until <= now) lapsed.push_back(id);
  }
  for (const auto& id : lapsed) {
    spdlog::warn("lease {} lapsed: the changes under it are undone", rules::printable(id));
    end_lease(id);
    if (options_.lapsed) options_.lapsed(id);
  }
  arm();
}

}  // namespace brownout::proxy
