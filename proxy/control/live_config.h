// LiveConfig is the configuration in force: the rule file, the changes that the API made to it, and
// the proxies of Toxiproxy's API. Only this class reloads the engine.
//
// Every change is validated like a whole rule file. It takes effect completely, or is refused with
// the reasons. Changes under a lease are undone when the lease expires. Control loop's thread only.
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

// An error in a change: the table (kind and name), and a JSON pointer within the table (RFC 6901).
// Kind and name are empty if the error is in the document itself.
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
// The refusal in one line of text.
std::string describe(const Refusal& refusal);

template <class T>
using Allowed = tl::expected<T, Refusal>;

struct LiveOptions {
  std::optional<Duration> max_fault_time;  // upper bound on each rule's duration
  std::string state_file;                  // "": changes are not saved
  // Called when a lease has lapsed and its changes are undone.
  std::function<void(const std::string& lease)> lapsed = {};
  // Called on the state writer's thread, since it may wait for a disk.
  std::function<Result<void>(const std::string& path, const std::string& text)> save = save_state;
};

class LiveConfig final : private Deadline {
 public:
  struct Lease {
    std::string id;
    Instant until{};
    // The earlier overlay entry of each table that was changed under the lease.
    struct Undo {
      std::string kind;
      std::string name;
      std::optional<Overlay::Change> before;
    };
    std::vector<Undo> undo;
  };

  struct File {
    rules::Node document;
    ZoneFiles zones = {};  // the files that its zones include
  };

  // `file` must be valid.
  LiveConfig(Loop& loop, File file, LiveOptions options);
  ~LiveConfig() override;

  // Loads the changes of the API that the state file holds.
  Result<void> restore();
  // The configuration to start the engine with. Call attach() afterwards; the engine is borrowed.
  const rules::Config& config() const { return own_; }
  void attach(Engine& engine) { engine_ = &engine; }
  Engine& engine() const { return *engine_; }
  Loop& loop() const { return loop_; }

  // Replaces the rule file's contents; changes of the API stay.
  Allowed<void> set_file(File file);
  // Records why a new rule file could not be loaded; the old contents stay. "" after a success.
  void file_refused(std::string why) { file_problem_ = std::move(why); }
  const std::string& file_problem() const { return file_problem_; }
  // `lease` is the id of a lease, or "" for a lasting change.
  Allowed<void> change(Overlay::Change change, const std::string& lease);
  // The configuration as it would be with this rule. Changes nothing.
  Allowed<rules::Config> with_rule(const std::string& name, rules::Node rule) const;
  // Restores the rule file's version of one table, or of all tables that the API changed.
  Allowed<void> reset(std::string_view kind, std::string_view name, const std::string& lease);
  Allowed<void> reset(const std::string& lease);
  // Replaces the named proxies of Toxiproxy's API by those in `part` (Engine::replace).
  Result<void> replace_toxiproxys(const std::vector<std::string>& proxies, rules::Config part);

  // Takes or prolongs a lease and returns its id; draws an id if `id` is "".
  std::string take_lease(std::string id, Duration ttl);
  // Undoes the lease's changes now; false if there is no such lease.
  bool end_lease(const std::string& id);
  const std::map<std::string, Lease>& leases() const { return leases_; }
  // The lease under which a table was changed, or "".
  std::string lease_of(std::string_view kind, std::string_view name) const;

  // Whether the state file holds all changes of the API; nothing without a state file.
  std::optional<bool> saved() const;
  // Waits up to three seconds for the state file; false if it is not written by then.
  bool finish() { return !state_ || state_->finish(); }

  const rules::Node& document() const { return document_; }
  // The differences from the rule file.
  const Overlay& overlay() const { return overlay_; }
  bool in_file(std::string_view kind, std::string_view name) const {
    return find_table(file_.document, kind, name) != nullptr;
  }
  bool is_toxiproxys(std::string_view listener) const;

 private:
  // A document and its configuration.
  struct Reading {
    rules::Node document;
    rules::Config config;
  };
  Allowed<Reading> read(const File& file, const Overlay& overlay) const;
  Allowed<void> apply(File file, Overlay overlay);
  // `before` holds the undo entries of the tables that change.
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
  rules::Node document_;                                         // file_ with overlay_ applied
  rules::Config own_;                                            // the configuration of document_
  std::map<std::string, rules::Config, std::less<>> toxiproxy_;  // by proxy
  std::map<std::string, Lease> leases_;
  std::unique_ptr<StateWriter> state_;  // null without a state file
};

}  // namespace brownout::proxy
