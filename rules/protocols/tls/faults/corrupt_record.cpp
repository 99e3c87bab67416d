// corrupt_record: flips a bit in an encrypted record to the client, so that decryption fails and
// the client sends the alert bad_record_mac (RFC 8446, 5.2).
#include "rules/engine/fault.h"

namespace brownout::rules {
namespace {

struct CorruptRecordSettings {
  Bytes after{};
};

class CorruptRecord final : public Fault {
 public:
  using Settings = CorruptRecordSettings;
  explicit CorruptRecord(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("after", &Settings::after, "encrypted data that passes before the corrupt record"),
    }};
    return schema;
  }

  std::optional<Note> on_hello(const StageContext&, TlsVerdict& verdict) const override {
    if (verdict.corrupt_behind && *verdict.corrupt_behind <= settings_.after) return std::nullopt;
    verdict.corrupt_behind = settings_.after;
    return Note{.action = "flip", .bytes = settings_.after.count};
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kCorruptRecord =
    describe<CorruptRecord>({.name = "corrupt_record",
                             .level = Level::kConnection,
                             .carriers = kTlsHandshakes,

                             .summary = "A record in mid-stream is corrupt.",
                             .unit = "connection",
                             .composition = "the smallest `after` wins",
                             .source = "RFC 8446, 5.2"});

}  // namespace brownout::rules
