// edit_body: edits HTTP bodies by a JSON merge patch, by JSON pointers, or by a regular expression.
#include <atomic>

#include "rules/engine/fault.h"
#include "rules/engine/whole_body.h"
#include "rules/protocols/http1/regex_edit.h"
#include "rules/schema/json_text.h"

namespace brownout::rules {
namespace {

struct EditBodySettings {
  std::optional<std::string> merge;  // the merge patch as JSON text
  std::vector<std::pair<JsonPointer, std::string>> set;
  std::optional<std::vector<JsonPointer>> set_null;
  std::optional<std::vector<JsonPointer>> remove;
  std::optional<std::string> regex;
  std::string with;
  Bytes most = kMostBody;
};

void read_merge(const Node& node, EditBodySettings& settings, Diagnostics& problems) {
  const auto* text = node.string();
  if (text == nullptr && node.table() == nullptr) {
    problems.add(node.where, "merge: expected JSON as a text, or a table",
                 R"(e.g. merge = '{"price": null}' or merge = { price = 0 })");
    return;
  }
  const Result<std::string> json = text != nullptr ? *text : json_of(node);
  if (!json) return problems.add(node.where, "merge: " + json.error().what, json.error().hint);
  settings.merge = *json;
  if (is_merge_patch(*settings.merge)) return;
  problems.add(node.where, "merge is not JSON, or has more than 64 levels",
               R"(write JSON in single quotes, e.g. merge = '{"price": null}')");
}

void read_set(const Node& node, EditBodySettings& settings, Diagnostics& problems) {
  if (node.table() == nullptr || node.table()->empty()) {
    problems.add(node.where, "set: expected a table of JSON pointers and their new values",
                 R"(e.g. set = { "/items/0/price" = 0 })");
    return;
  }
  for (const auto& member : *node.table()) {
    auto pointer = JsonPointer::parse(member.key);
    auto value = json_of(member.node);
    if (!pointer) {
      problems.add(member.where, "set: " + pointer.error().what, pointer.error().hint);
    } else if (!value) {
      problems.add(member.node.where, "set: " + value.error().what, value.error().hint);
    } else {
      settings.set.emplace_back(std::move(*pointer), std::move(*value));
    }
  }
}

// The pointers of a rule at which a body had nothing to change.
class Missing {
 public:
  void add(const JsonPointer& at) {
    constexpr std::size_t kMostNamed = 5;
    if (++count_ > kMostNamed) {
      more_ = " and others";
    } else {
      names_ += (names_.empty() ? "" : ", ") + in_quotes(at.to_text());
    }
  }
  bool empty() const { return count_ == 0; }
  std::string text() const { return "the body has nothing at " + names_ + more_; }

 private:
  std::size_t count_ = 0;
  std::string names_;
  std::string more_;
};

// Returns whether the text was changed.
bool edit_members(const EditBodySettings& settings, std::string& json, Missing& missing) {
  bool changed = false;
  const auto tell = [&](const JsonPointer& at, bool done) {
    changed = changed || done;
    if (!done) missing.add(at);
  };
  if (settings.remove) {
    for (const auto& at : *settings.remove) tell(at, remove_json(json, at));
  }
  if (settings.set_null) {
    for (const auto& at : *settings.set_null) tell(at, set_json(json, at, "null"));
  }
  for (const auto& [at, value] : settings.set) tell(at, set_json(json, at, value));
  return changed;
}

Result<std::string> edit_json(const EditBodySettings& settings, const std::string& text,
                              Missing& missing) {
  if (!is_json(text))
    return config_error("the body is not JSON; use `regex` to edit a body of another type");
  auto json = text;
  const bool changed =
      settings.merge ? merge_json(json, *settings.merge) : edit_members(settings, json, missing);
  if (!changed) {
    return config_error(missing.empty()
                            ? "`merge` changes nothing, because the body already has its values"
                            : missing.text());
  }
  if (json.size() > static_cast<std::size_t>(settings.most.count))
    return config_error("the result has more than " + to_text(settings.most));
  return json;
}

struct EditBodyState final : FaultState {
  // Whether an event has already reported a missing part of a body that was otherwise edited.
  // Reported only once.
  std::atomic<bool> told{false};
};

// Adds a note if the replacement contains $1 or ${1}, the notation of other tools for groups.
void note_dollar(std::string_view with, Position where, Diagnostics& problems) {
  for (std::size_t i = 0; i + 1 < with.size(); ++i) {
    const char next = with[i + 1] == '{' && i + 2 < with.size() ? with[i + 2] : with[i + 1];
    if (with[i] != '$' || next < '0' || next > '9') continue;
    problems.note(where, "with: " + in_quotes(with.substr(i, 2)) + " is inserted as it is",
                  R"(the first group of `regex` is \1, as in with = '\1')");
    return;
  }
}

class EditBody final : public HttpOnlyFault {
 public:
  using Settings = EditBodySettings;
  explicit EditBody(const Settings& settings) : settings_(settings) {
    if (!settings_.regex) return;
    if (auto edit = RegexEdit::parse(*settings_.regex, settings_.with)) regex_ = std::move(*edit);
  }

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        nested<Settings>("merge", "JSON as a text, or table",
                         "JSON merge patch: its members replace the members of the body with the "
                         "same names, and null removes a member, e.g. '{\"price\": null}'",
                         read_merge),
        nested<Settings>(
            "set", "table of JSON pointers and values",
            "JSON pointers with their new values, e.g. { \"/items/0/price\" = 0 }; a member that "
            "its object lacks is added, and /- after an array adds an element at its end",
            read_set),
        field("set_null", &Settings::set_null,
              "JSON pointers of members and elements whose new value is null (TOML has no null)"),
        field("remove", &Settings::remove,
              "JSON pointers of members and elements to remove; removal comes before `set`"),
        field("regex", &Settings::regex,
              "regular expression (RE2 syntax) of which each match is replaced by `with`; for "
              "bodies of any type"),
        field("with", &Settings::with,
              "text in place of each match; \\1 is the first group of `regex`, \\0 the match; left "
              "out, each match is removed"),
        field(
            "most", &Settings::most,
            "largest body that is edited, as it arrives, decoded and edited; a larger body passes "
            "unchanged. The head waits until the body has arrived",
            {.least = Bytes{1}, .most = Bytes{8 << 20}}),
    }};
    return schema;
  }

  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    const bool points = !settings.set.empty() || settings.set_null || settings.remove;
    const int ways = (settings.merge ? 1 : 0) + (points ? 1 : 0) + (settings.regex ? 1 : 0);
    if (ways != 1) {
      problems.add(table.where,
                   ways == 0 ? "fault \"edit_body\" changes nothing"
                             : "fault \"edit_body\" edits in one way: by `merge`, by `set`, "
                               "`set_null` and `remove`, or by `regex`",
                   ways == 0 ? "give merge, set, set_null, remove or regex"
                             : "write a second rule for another edit");
    }
    if (!settings.regex && table.find("with") != nullptr) {
      problems.add(position_of(table, "with"), "with replaces the matches of `regex`",
                   "give regex, or leave out with");
    }
    if (!settings.regex) return;
    const auto edit = RegexEdit::parse(*settings.regex, settings.with);
    if (!edit) problems.add(position_of(table, "regex"), edit.error().what, edit.error().hint);
    note_dollar(settings.with, position_of(table, "with"), problems);
  }

  std::optional<Note> act(const HttpContext& context, HttpMessage& message) const override {
    want_body(context, message, settings_.most);
    return std::nullopt;
  }

  Result<std::optional<Note>> on_body(const HttpContext& context,
                                      HttpMessage& message) const override {
    Missing missing;
    auto note = edit_body(message, settings_.most, "edit", [&](const std::string& text) {
      return regex_ ? regex_->apply(text, static_cast<std::size_t>(settings_.most.count))
                    : edit_json(settings_, text, missing);
    });
    if (note && !missing.empty() &&
        !static_cast<EditBodyState*>(context.shared)->told.exchange(true)) {
      message.not_found = missing.text();
    }
    return note;
  }
  std::unique_ptr<FaultState> make_state() const override {
    return std::make_unique<EditBodyState>();
  }

 private:
  Settings settings_;
  std::optional<RegexEdit> regex_;
};

}  // namespace

extern const FaultKind kEditBody = describe<EditBody>(
    {.name = "edit_body",
     .level = Level::kMessage,
     .carriers = kHttpRequests,
     .directed = true,
     .http_part = ExchangePart::kResponseByDefault,
     .summary = "Parts of the body are changed, and all other bytes stay. A body in gzip, deflate "
                "or br is decoded and encoded again. Content-Length is right; ETag, Last-Modified, "
                "digests and Accept-Ranges are removed. A body passes unchanged, with an event "
                "that gives the reason, if it is not JSON, is too large, is a part of a resource "
                "(206) or is a stream of events. If a body lacks the place of a pointer in `set`, "
                "`set_null` or `remove`, an event names this pointer once.",
     .correct_client = "validates each value before it acts on it, reports a member that is "
                       "missing or has another type, and keeps running",
     .unit = "body of the response, or of the request with `direction` = \"upstream\"",
     .composition = "each rule edits the body that the previous one left, in the order of the file",
     .source = "RFC 7396 (JSON merge patch); RFC 6901 (JSON pointer); RFC 9110, 8.4 and 8.8"});

}  // namespace brownout::rules
