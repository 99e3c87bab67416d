#include "rules/protocols/postgres/codec/postgres_watch.h"

#include <algorithm>
#include <array>
#include <deque>

#include "rules/protocols/postgres/codec/postgres_codec.h"

namespace brownout::messages {
namespace {

using rules::Instant;
using rules::PostgresMessage;
using rules::PostgresType;

constexpr std::size_t kMostOpenPostgres = 4096;
constexpr std::array<std::string_view, 7> kServersErrors{"08", "40", "53", "55P03",
                                                         "57", "58", "XX"};

class PostgresWatch final : public RequestWatch, MessageReader::Wanted {
 public:
  PostgresWatch() { codec_.reader(Direction::kDownstream).ask(*this); }

  void from_client(ByteView bytes, Instant now) override {
    read(Direction::kUpstream, bytes, [&](const PostgresMessage& message) {
      leaving_ |= message.type == PostgresType::kTerminate;
      const bool asks =
          message.type == PostgresType::kQuery || message.type == PostgresType::kSync ||
          message.type == PostgresType::kFunctionCall || message.type == PostgresType::kStartup;
      if (asks && open_.size() < kMostOpenPostgres) open_.push_back(now);
    });
  }
  void to_client(ByteView bytes, std::vector<Answer>& answers) override {
    read(Direction::kDownstream, bytes, [&](const PostgresMessage& message) {
      if (message.error && message.type == PostgresType::kErrorResponse) {
        failed_ |= is_of_server(message.error->sqlstate);
      }
      if (message.type != PostgresType::kReadyForQuery) return;
      const bool failed = std::exchange(failed_, false);
      if (open_.empty()) return;
      answers.push_back({open_.front(), !failed});
      open_.pop_front();
    });
  }
  void secured() override {
    secures_ = false;
    codec_.secured();
  }
  std::size_t open() const override { return open_.size(); }
  bool leaving() const override { return leaving_; }

 private:
  bool wants(const rules::Message& head) override {
    return rules::view_as<PostgresMessage>(&head)->type == PostgresType::kReadyForQuery;
  }
  bool wants_answers() const override { return true; }

  static bool is_of_server(std::string_view sqlstate) {
    return std::any_of(kServersErrors.begin(), kServersErrors.end(),
                       [&](std::string_view code) { return sqlstate.starts_with(code); });
  }

  template <class See>
  void read(Direction direction, ByteView bytes, const See& see) {
    while (!broken_ && !secures_ && !bytes.empty()) {
      const auto step = codec_.reader(direction).next(bytes, true);
      broken_ = !step.broken.empty();
      if (broken_) return open_.clear();
      secures_ = step.secures;
      bytes = bytes.subspan(step.taken);
      if (step.ended) see(*rules::view_as<PostgresMessage>(step.ended->message.get()));
    }
  }

  PostgresCodec codec_;
  std::deque<Instant> open_;  // when each request was sent
  bool failed_ = false;       // whether the current answer has an error of the server
  bool broken_ = false;
  bool secures_ = false;  // whether TLS has begun; no bytes can be parsed until secured()
  bool leaving_ = false;
};

}  // namespace

std::unique_ptr<RequestWatch> make_postgres_watch() { return std::make_unique<PostgresWatch>(); }

}  // namespace brownout::messages
