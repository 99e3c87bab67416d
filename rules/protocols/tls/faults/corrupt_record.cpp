// corrupt_record: flips a bit in a TLS record, like damage that the checksum of TCP does not
// detect.
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
        field("after", &Settings::after,
              "how many bytes of encrypted data reach the client before the corrupt record; in TLS "
              "1.3 most of the handshake is encrypted, too"),
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

extern const FaultKind kCorruptRecord = describe<CorruptRecord>(
    {.name = "corrupt_record",
     .level = Level::kConnection,
     .carriers = kTlsHandshakes,
     .summary =
         "One encrypted record to the client has an inverted bit, so the client cannot decrypt it.",
     .correct_client = "sends the alert bad_record_mac, closes the connection, and delivers no "
                       "data of this record",
     .unit = "connection",
     .composition = "the smallest `after` decides",
     .source = "RFC 8446, 5.2; RFC 5246, 7.2.2"});

}  // namespace brownout::rules
