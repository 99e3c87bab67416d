// malformed_event: changes the lines of an event so that they are invalid, not UTF-8, or have
// another meaning. The standard defines how clients must handle each case, so a correct client does
// not fail.
#include <array>

#include "rules/engine/fault.h"
#include "rules/protocols/sse/sse_message.h"

namespace brownout::rules {
namespace {

enum class MalformedEventHow { kNoEnd, kField, kUtf8 };

}  // namespace

template <>
struct EnumNames<MalformedEventHow> {
  static constexpr std::array kValues{
      std::pair<std::string_view, MalformedEventHow>{"no_end", MalformedEventHow::kNoEnd},
      std::pair<std::string_view, MalformedEventHow>{"field", MalformedEventHow::kField},
      std::pair<std::string_view, MalformedEventHow>{"utf8", MalformedEventHow::kUtf8}};
};

namespace {

struct MalformedEventSettings {
  MalformedEventHow how = MalformedEventHow::kNoEnd;
};

// Returns the positions of lines of the field `data`.
std::vector<std::size_t> data_lines_of(std::string_view wire) {
  std::vector<std::size_t> found;
  for (std::size_t at = 0; at < wire.size();) {
    const auto line = wire.substr(at);
    if (line.starts_with("data") && line.find_first_of(":\r\n") == 4) found.push_back(at);
    const auto end = line.find_first_of("\r\n");
    if (end == std::string_view::npos) break;
    at += end + 1;
  }
  return found;
}

void malform(std::string& wire, MalformedEventHow how) {
  const auto lines = data_lines_of(wire);
  switch (how) {
    case MalformedEventHow::kNoEnd:
      wire.resize(wire.size() - (wire.ends_with("\r\n") ? 2 : 1));
      break;
    case MalformedEventHow::kField:
      for (const auto at : lines) wire[at + 3] = 'e';
      break;
    case MalformedEventHow::kUtf8:
      if (lines.empty()) break;
      wire.insert(wire.find_first_of("\r\n", lines.front()),
                  wire[lines.front() + 4] == ':' ? "\xff" : ":\xff");
      break;
  }
}

class MalformedEventStage final : public Stage {
 public:
  explicit MalformedEventStage(MalformedEventHow how) : how_(how) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const auto* event = view_as<SseMessage>(chunk.message());
    const auto& received = chunk.message()->wire;
    // An event that another rule changed has no received bytes.
    if (event == nullptr || event->kind != SseKind::kEvent || received.empty()) {
      return out.emit(std::move(chunk), now);
    }
    std::string wire(text_of(received));
    malform(wire, how_);
    auto message = std::make_shared<Message>(*chunk.message());
    const auto bytes = std::as_bytes(std::span(wire));
    message->wire.assign(bytes.begin(), bytes.end());
    out.note({.action = "malform", .bytes = static_cast<std::int64_t>(chunk.size())}, now);
    out.emit(Chunk::of(chunk.bytes(), std::move(message)), now);
  }

 private:
  MalformedEventHow how_;
};

class MalformedEvent final : public Fault {
 public:
  using Settings = MalformedEventSettings;
  explicit MalformedEvent(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("how", &Settings::how,
              "the error in the event. \"no_end\": the empty line after the event is missing, so "
              "the client joins the event with the next one. \"field\": the field `data` is called "
              "`date`, so the client ignores it, and dispatches no event. \"utf8\": a byte of the "
              "data is not UTF-8"),
    }};
    return schema;
  }
  std::unique_ptr<Stage> stage(const StageContext&) const override {
    return std::make_unique<MalformedEventStage>(settings_.how);
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kMalformedEvent = describe<MalformedEvent>(
    {.name = "malformed_event",
     .level = Level::kBytes,
     .carriers = kMessages,
     .per_chunk = true,
     .protocols = [] { return ProtocolSet::of(SseMessage::protocol()); },
     .summary = "An event arrives malformed: without the empty line at its end, with the wrong "
                "field name, or with a byte that is not UTF-8.",
     .correct_client =
         "parses malformed lines as the standard defines (it joins events, ignores unknown fields, "
         "and replaces invalid bytes), and validates the data of an event before it uses them",
     .unit = "event",
     .composition = "the first rule that changes an event decides; an event that an earlier rule "
                    "replaced is not changed again",
     .source = "WHATWG HTML, 9.2.5 (parsing) and 9.2.6 (fields)"});

}  // namespace brownout::rules
