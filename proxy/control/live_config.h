// LiveConfig: what the proxy does, while it runs: the rule file, what the API changed of it, and
// Toxiproxy's proxies. The one place that reloads the engine.
//
// Every change is read as a whole rule file would be and takes effect as a whole, or says why not.
// Changes under a lease are undone when it lapses. Control loop's thread only.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "proxy/control/overlay.h"
#include "proxy/control/state_file.h"
#include "proxy/control/state_writer.h"
#include "proxy/control/zone_files.h"
#include "proxy/engine/engine.h"

namespace brownout::proxy {

// What is wrong with a change, and where: in which table of the document, and by which pointer
// (RFC 6901) within it. Kind and name are empty for what is wrong with the document itself.
struct Mistake {
  std::string kind;
  std::string name;
  std::string pointer;
  std::string what;
  std::string hint;
};
struct Refusal {
  int status = 422;
  std::string what;
  std::vector<Mistake> mistakes = {};
};
// One line for a person.
std::string describe(const Refusal& refusal);

template <class T>
using Allowed = tl::expected<T, Refusal>;

struct LiveOptions {
  std::optional<Duration> max_fault_time;  // every rule is over then
  std::string state_file;                  // "" keeps nothing
  // On a thread of its own: it may wait for a disk.
  std::function<Result<void>(const std::string& path, const std::string& text)> save = save_state;
};

class LiveConfig final : private Deadline {
 public:
  struct Lease {
    std::string id;
    Instant until{};
    // What was there before each change; one for each thing that was changed.
    struct Undo {
      std::string kind;
      std::string name;
      std::optional<Overlay::Change> before;
    };
    std::vector<Undo> undo;
  };

  struct File {
    rules::Node document;
    ZoneFiles zones = {};  // that its zones include
  };

  // `file` is without mistakes.
  LiveConfig(Loop& loop, File file, LiveOptions options);
  ~LiveConfig() override;

  // What the API changed before the last restart.
  Result<void> restore();
  // What to start an engine with; then attach it. It is borrowed.
  const rules::Config& config() const { return own_; }
  void attach(Engine& engine) { engine_ = &engine; }
  Engine& engine() const { return *engine_; }

  // The rule file says something else now; what the API changed stays changed.
  Allowed<void> set_file(File file);
  // The rule file could not be loaded, and the one before stays; "" once one is.
  void file_refused(std::string why) { file_problem_ = std::move(why); }
  const std::string& file_problem() const { return file_problem_; }
  // `lease` is the id of one, or "".
  Allowed<void> change(Overlay::Change change, const std::string& lease);
  // As the rule file says again: one thing, or all that the API changed.
  Allowed<void> reset(std::string_view kind, std::string_view name, const std::string& lease);
  Allowed<void> reset(const std::string& lease);
  // Toxiproxy's share: these proxies, in place of what they were (Engine::replace).
  Result<void> replace_toxiproxys(const std::vector<std::string>& proxies, rules::Config part);

  // Takes or prolongs; the id is drawn if it is "".
  std::string take_lease(std::string id, Duration ttl);
  // Lapses now; false if there is none.
  bool end_lease(const std::string& id);
  const std::map<std::string, Lease>& leases() const { return leases_; }
  // "" if no lease changed it.
  std::string lease_of(std::string_view kind, std::string_view name) const;

  // Whether what the API changed is in the state file; nothing without one.
  std::optional<bool> saved() const;
  // Waits for that, some seconds at most; false if it is not.
  bool finish() { return !state_ || state_->finish(); }

  const rules::Node& document() const { return document_; }
  // What the file says otherwise.
  const Overlay& overlay() const { return overlay_; }
  bool in_file(std::string_view kind, std::string_view name) const {
    return find_table(file_.document, kind, name) != nullptr;
  }
  bool is_toxiproxys(std::string_view listener) const;

 private:
  // A document, and what it says.
  struct Reading {
    rules::Node document;
    rules::Config config;
  };
  Allowed<Reading> read(const File& file, const Overlay& overlay) const;
  Allowed<void> apply(File file, Overlay overlay);
  // `before`: what it was that is changed.
  Allowed<void> apply_change(Overlay overlay, std::vector<Lease::Undo> before,
                             const std::string& lease);
  Lease::Undo present(std::string_view kind, std::string_view name) const;
  std::optional<Refusal> takes_toxiproxys_name(const rules::Config& config) const;
  rules::Config with_toxiproxy(rules::Config config) const;
  void cap(rules::Config& config) const;
  void take_over(Lease::Undo change, const std::string& lease);
  void warn_of(const std::string& rule) const;
  void undo(const Lease& lease);
  void save() const;
  void arm();
  void on_due(Instant now) noexcept override;

  Loop& loop_;
  LiveOptions options_;
  Engine* engine_ = nullptr;
  File file_;
  std::string file_problem_;
  Overlay overlay_;
  rules::Node document_;                                         // both of them
  rules::Config own_;                                            // what it says
  std::map<std::string, rules::Config, std::less<>> toxiproxy_;  // by proxy
  std::map<std::string, Lease> leases_;
  std::unique_ptr<StateWriter> state_;  // null without a state file
};

}  // namespace brownout::proxy
