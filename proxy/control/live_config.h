// LiveConfig is the configuration in force: the rule file, the changes that the API made to it, and
// the proxies of Toxiproxy's API. Only this class reloads the engine. `brownout run` owns one.
//
// Every change is validated like a whole rule file. It takes effect completely, or is refused with
// the reasons. A change may be made under a lease, which is a time limit: when the lease expires,
// its changes are undone. Used by the control loop's thread only.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "proxy/control/included_files.h"
#include "proxy/control/overlay.h"
#include "proxy/control/state_file.h"
#include "proxy/control/state_writer.h"
#include "proxy/engine/engine.h"

namespace brownout::proxy {

// An error in a requested change. `kind` and `name` identify the table, such as rule "slow", and
// `pointer` is a JSON pointer within that table (RFC 6901). For an error outside any table, `kind`
// and `name` are empty.
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
// Returns a refused change and all its errors in one line of text.
std::string describe(const Refusal& refusal);

template <class T>
using Allowed = tl::expected<T, Refusal>;

struct LiveOptions {
  std::optional<Duration> max_fault_time;  // upper bound on each rule's duration
  std::string state_file;                  // path of the state file; "" to save no changes
  // Called when a lease has expired and its changes are undone.
  std::function<void(const std::string& lease)> lapsed = {};
  // Writes the state file. Called on the state writer's thread, since it may wait for a disk.
  std::function<Result<void>(const std::string& path, const std::string& text)> save = save_state;
};

class LiveConfig final : private Deadline {
 public:
  struct Lease {
    std::string id;
    Instant until{};
    // How to undo the change of one table at the end of the lease. `before` is the API's earlier
    // change of this table, which the end of the lease restores. Empty if the API had not changed
    // the table.
    struct Undo {
      std::string kind;
      std::string name;
      std::optional<Overlay::Change> before;
    };
    std::vector<Undo> undo;
  };

  struct File {
    rules::Node document;
    IncludedFiles included = {};  // files that the rule file names
  };

  // `file` must be a valid rule file.
  LiveConfig(Loop& loop, File file, LiveOptions options);
  ~LiveConfig() override;

  // Loads and applies the API's changes that the state file has kept.
  Result<void> restore();
  // The configuration with which to start the engine. After the start, call attach() with the
  // engine.
  const rules::Config& config() const { return own_; }
  void attach(Engine& engine) { engine_ = &engine; }
  Engine& engine() const { return *engine_; }
  Loop& loop() const { return loop_; }

  // Applies a new rule file; the API's changes stay.
  Allowed<void> set_file(File file);
  // Records why a new rule file could not be loaded; "" after success. The status of the API shows
  // it.
  void file_refused(std::string why) { file_problem_ = std::move(why); }
  const std::string& file_problem() const { return file_problem_; }
  // Applies one change of the API. `lease` is the id of the lease that ends the change, or "".
  Allowed<void> change(Overlay::Change change, const std::string& lease);
  // Returns the configuration that would be in force with this rule. Changes nothing.
  Allowed<rules::Config> with_rule(const std::string& name, rules::Node rule) const;
  // Restores the rule file's version of one table, or of all tables that the API changed.
  Allowed<void> reset(std::string_view kind, std::string_view name, const std::string& lease);
  Allowed<void> reset(const std::string& lease);
  // Replaces the named proxies of Toxiproxy's API by the proxies in `part`.
  Result<void> replace_toxiproxy_part(const std::vector<std::string>& proxies, rules::Config part);

  // Starts or prolongs a lease and returns its id. If `id` is "", makes a random one.
  // `ttl` is counted from now.
  std::string take_lease(std::string id, Duration ttl);
  // Ends a lease at once, and undoes its changes. Returns false if no lease has this id.
  bool end_lease(const std::string& id);
  const std::map<std::string, Lease>& leases() const { return leases_; }
  // Returns the id of the lease under which a table was changed; "" if no lease applies.
  std::string lease_of(std::string_view kind, std::string_view name) const;

  // Whether the state file has all changes of the API except those under leases. Returns nothing
  // without a state file.
  std::optional<bool> saved() const;
  // Waits up to three seconds until the state file is written. Returns false if it is not.
  bool finish() { return !state_ || state_->finish(); }

  const rules::Node& document() const { return document_; }
  // The changes of the API to the rule file.
  const Overlay& overlay() const { return overlay_; }
  bool in_file(std::string_view kind, std::string_view name) const {
    return find_table(file_.document, kind, name) != nullptr;
  }
  // Whether the listener belongs to a proxy of Toxiproxy's API.
  bool is_toxiproxys(std::string_view listener) const;

 private:
  // A rule file with the API's changes, and the configuration that it describes.
  struct Reading {
    rules::Node document;
    rules::Config config;
  };
  Allowed<Reading> read(const File& file, const Overlay& overlay) const;
  Allowed<void> apply(File file, Overlay overlay);
  // Applies `overlay`, on behalf of `lease` if it is not "". `before` has the entries that undo the
  // changes at the end of the lease.
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
  rules::Node document_;  // the rule file with the API's changes
  rules::Config own_;     // the configuration that document_ describes
  // the proxies of Toxiproxy's API, by name
  std::map<std::string, rules::Config, std::less<>> toxiproxy_;
  std::map<std::string, Lease> leases_;
  std::unique_ptr<StateWriter> state_;  // writes the state file; null without a state file
};

}  // namespace brownout::proxy
