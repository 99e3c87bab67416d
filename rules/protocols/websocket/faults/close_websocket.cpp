// close_websocket: sends a Close in place of the message on which the rule acts. Servers use the
// status 1001 or 1012 for a restart and 1013 for overload.
#include "rules/engine/fault.h"
#include "rules/protocols/websocket/websocket.h"

namespace brownout::rules {
namespace {

struct CloseWebsocketSettings {
  std::int64_t code = 1001;
  std::string reason;
};

class CloseWebsocketStage final : public Stage {
 public:
  explicit CloseWebsocketStage(const CloseWebsocketSettings& settings) {
    payload_ += static_cast<char>(settings.code >> 8);
    payload_ += static_cast<char>(settings.code & 0xff);
    payload_ += settings.reason;
  }

  // Sends a Close in place of the message.
  void push(Chunk, Instant now, Output& out) override {
    const auto close = websocket_chunk(Opcode::kClose, payload_);
    out.note({.action = "close"}, now);
    out.reply(close, now);
    out.emit(close, now);
    out.close(Close::kFin, now);
  }

 private:
  std::string payload_;
};

class CloseWebsocket final : public Fault {
 public:
  using Settings = CloseWebsocketSettings;
  explicit CloseWebsocket(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("code", &Settings::code,
              "status code of the Close frame; 1005, 1006 and 1015 are never sent",
              {.least = 1000, .most = 4999}),
        field("reason", &Settings::reason, "reason text of the Close frame, at most 123 bytes"),
    }};
    return schema;
  }
  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    if (is_local(settings.code)) {
      problems.add(position_of(table, "code"),
                   "code " + std::to_string(settings.code) + " must not be sent in a Close frame",
                   "1000 to 4999 without 1005, 1006 and 1015 (RFC 6455, 7.4.1), e.g. 1011 "
                   "(internal error)");
    }
    if (settings.reason.size() > 123) {
      problems.add(position_of(table, "reason"), "a reason has at most 123 bytes", "shorten it");
    }
  }

  std::unique_ptr<Stage> stage(const StageContext&) const override {
    return std::make_unique<CloseWebsocketStage>(settings_);
  }

 private:
  // Codes by which a library tells its program of a Close without a code, of a lost connection, and
  // of a failed TLS handshake (RFC 6455, 7.4.1).
  static bool is_local(std::int64_t code) { return code == 1005 || code == 1006 || code == 1015; }

  Settings settings_;
};

}  // namespace

extern const FaultKind kCloseWebsocket = describe<CloseWebsocket>(
    {.name = "close_websocket",
     .level = Level::kBytes,
     .carriers = kMessages,
     .per_chunk = true,
     .protocols = [] { return ProtocolSet::of(WebSocketMessage::protocol()); },
     .summary =
         "At the next message that matches, both ends of the connection get a Close frame "
         "with `code` and `reason`. The connection then closes with a FIN, and the message is "
         "lost.",
     .correct_client =
         "connects again after a random delay that grows with each failure; codes 1001, 1012 "
         "and 1013 ask for a reconnect",
     .unit = "connection",
     .composition = "the first rule that closes the connection decides",
     .source = "RFC 6455, 7.2.3 (reconnect) and 7.4 (codes); IANA WebSocket Close Code Number "
               "Registry (1012, 1013)"});

}  // namespace brownout::rules
