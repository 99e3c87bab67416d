// h2_settings: announces unusual SETTINGS to clients.
#include "rules/engine/http2_fault.h"

namespace brownout::rules {
namespace {

struct H2SettingsSettings {
  std::optional<std::int64_t> max_concurrent_streams;
  std::optional<Bytes> initial_window_size;
  std::optional<Bytes> header_table_size;
  std::optional<Bytes> max_frame_size;
};

class H2Settings final : public Http2OnlyFault {
 public:
  using Settings = H2SettingsSettings;
  explicit H2Settings(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("max_concurrent_streams", &Settings::max_concurrent_streams,
              "streams that the client may have open; with 0, it can send no request",
              {.least = 0, .most = 0x7fffffff}),
        field("initial_window_size", &Settings::initial_window_size,
              "bytes of a body that the client may send before it gets a WINDOW_UPDATE",
              {.least = Bytes{0}, .most = Bytes{0x7fffffff}}),
        field("header_table_size", &Settings::header_table_size,
              "size of the table for compressed headers",
              {.least = Bytes{0}, .most = Bytes{0x7fffffff}}),
        field("max_frame_size", &Settings::max_frame_size, "largest frame that the client may send",
              {.least = Bytes{16384}, .most = Bytes{16777215}}),
    }};
    return schema;
  }

  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    if (settings.max_concurrent_streams || settings.initial_window_size ||
        settings.header_table_size || settings.max_frame_size)
      return;
    problems.add(table.where, "h2_settings has no setting", "e.g. max_concurrent_streams = 1");
  }

  std::string_view on_connection(Http2ConnectionFaults& faults) const override {
    const auto take = [](auto& to, std::int64_t value) { to = static_cast<std::uint32_t>(value); };
    if (settings_.max_concurrent_streams)
      take(faults.max_concurrent_streams, *settings_.max_concurrent_streams);
    if (settings_.initial_window_size)
      take(faults.initial_window_size, settings_.initial_window_size->count);
    if (settings_.header_table_size)
      take(faults.header_table_size, settings_.header_table_size->count);
    if (settings_.max_frame_size) take(faults.max_frame_size, settings_.max_frame_size->count);
    return "send SETTINGS";
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kH2Settings = describe<H2Settings>(
    {.name = "h2_settings",
     .level = Level::kMessage,
     .carriers = kHttpRequests,
     .on_http2 = true,
     .summary = "HTTP/2 clients get these SETTINGS, at the beginning of the connection or when the "
                "rule begins to act. When it ends, they get the usual ones again.",
     .correct_client = "keeps to the settings: it queues requests beyond max_concurrent_streams or "
                       "opens another connection, and sends bodies in small parts",
     .unit = "HTTP/2 connection",
     .composition = "for each setting, the last rule decides",
     .source = "RFC 9113, 5.1.2, 6.5 and 6.9.2"});

}  // namespace brownout::rules
