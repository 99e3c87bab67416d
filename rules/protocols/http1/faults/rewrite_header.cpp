// rewrite_header: sets, removes or appends headers. All other headers keep their order and case.
#include "rules/engine/fault.h"
#include "rules/engine/http_fault.h"

namespace brownout::rules {
namespace {

struct RewriteHeaderSettings {
  std::vector<HttpHeader> set;
  std::optional<std::vector<std::string>> remove;
  std::vector<HttpHeader> append;
};

// Reports settings that would change a header that says where the body ends. With a wrong value,
// the receiver would take a part of the body for the next message.
void check_framing(const RewriteHeaderSettings& settings, const Node& table,
                   Diagnostics& problems) {
  const auto refuse = [&](std::string_view key, std::string_view name) {
    if (!same_header_name(name, "content-length") && !same_header_name(name, "transfer-encoding"))
      return;
    problems.add(
        position_of(table, key), "rewrite_header cannot change " + std::string(name),
        "it describes the length of the body; for a wrong value use the fault \"malformed\"");
  };
  for (const auto& header : settings.set) refuse("set", header.name);
  if (settings.remove) {
    for (const auto& name : *settings.remove) refuse("remove", name);
  }
  for (const auto& header : settings.append) refuse("append", header.name);
}

class RewriteHeader final : public HttpOnlyFault {
 public:
  using Settings = RewriteHeaderSettings;
  explicit RewriteHeader(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("set", &Settings::set,
              "headers with their new values; each replaces all headers of the same name"),
        field("remove", &Settings::remove,
              "names of the headers that are removed, in upper or lower case"),
        field("append", &Settings::append,
              "headers that are added after the others, even if one has the same name"),
    }};
    return schema;
  }

  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    if (settings.set.empty() && !settings.remove && settings.append.empty()) {
      problems.add(table.where, "fault \"rewrite_header\" needs \"set\", \"remove\" or \"append\"",
                   "e.g. set = { server = \"overloaded\" }");
    }
    check_framing(settings, table, problems);
  }

  std::optional<Note> act(const HttpContext&, HttpMessage& message) const override {
    if (message.decided()) return std::nullopt;
    if (settings_.remove) {
      for (const auto& name : *settings_.remove) message.head.remove(name);
    }
    for (const auto& header : settings_.set) message.head.set(header.name, header.value);
    for (const auto& header : settings_.append) message.head.append(header.name, header.value);
    message.edited = true;
    return Note{.action = "rewrite"};
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kRewriteHeader = describe<RewriteHeader>(
    {.name = "rewrite_header",
     .level = Level::kMessage,
     .carriers = kHttpRequests,
     .directed = true,
     .summary = "Headers of the message are set, removed or added. The body is unchanged.",
     .correct_client = "works without optional headers, ignores unknown headers, and reports a "
                       "required header that is missing or invalid",
     .unit = "request, response, or both (`direction`)",
     .composition =
         "each rule changes the headers that the previous one left, in the order of the file",
     .source = "RFC 9110, 5.1 (field names) and 5.3 (field order)"});

}  // namespace brownout::rules
