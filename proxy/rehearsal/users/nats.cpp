// Synthetic users of the kind nats. Each attempt sends three numbered messages to a subject to
// which only this user subscribes. An attempt succeeds when all have come back and, with `stream`,
// JetStream has acknowledged each.
//
// Messages that JetStream has not acknowledged when the connection ends are published again on the
// next one. They keep their Nats-Msg-Id, so that each is stored once (docs.nats.io, JetStream,
// Message Deduplication).
#include <array>
#include <charconv>
#include <map>
#include <random>

#include "proxy/loop/deadlines.h"
#include "proxy/rehearsal/numbered.h"
#include "proxy/rehearsal/user_link.h"
#include "rules/protocols/nats/codec/nats_codec.h"
#include "rules/protocols/nats/codec/nats_line.h"
#include "rules/protocols/nats/nats_json.h"

namespace brownout::rehearsal {
namespace {

using rules::NatsLine;
using rules::NatsVerb;

class NatsClient final : public ProbeClient {
 public:
  explicit NatsClient(const ClientSettings& settings) : settings_(settings) {
    const auto& protocol = rules::NatsMessage::protocol();
    const auto& options = settings.probe->options;
    const auto* subject = options.of<std::string>(protocol, "subject");
    stream_ = options.of<bool>(protocol, "jetstream") != nullptr &&
              *options.of<bool>(protocol, "jetstream");
    // Makes the id unique, since another rehearsal may use the same server.
    id_ =
        "brownout-" + std::to_string(std::random_device{}()) + "-" + std::to_string(settings.user);
    subject_ = (subject != nullptr ? *subject : std::string(rules::kUsersSubject)) + "." + id_;
    inbox_ = "_INBOX." + id_;
    auto context = tls_of(probe());
    if (context) {
      context_ = std::move(*context);
    } else {
      problem_ = context.error();
    }
  }

  void drop() override { link_.close(); }

  Attempt attempt(const Target& target, Instant deadline) override {
    Attempt done;
    done_ = &done;
    done.why = talk(target, deadline, done);
    done_ = nullptr;
    if (!done.ok()) drop();
    return done;
  }

 private:
  const rules::Probe& probe() const { return *settings_.probe; }

  std::string talk(const Target& target, Instant deadline, Attempt& done) {
    if (!link_.is_open()) {
      done.connects = 1;
      auto why = connect(target, deadline);
      if (!why.empty()) return why;
    }
    const auto before = numbers_.last();
    std::string words;
    for (int i = 0; i < kMessages; ++i) {
      const auto number = numbers_.send(done);
      if (stream_) unacknowledged_.insert(number);
      words += publish(number);
    }
    if (auto why = link_.send(words, deadline); !why.empty()) return why;
    auto why = run(deadline, [&] { return numbers_.all_came(before) && unacknowledged_.empty(); });
    if (!why.empty() || (numbers_.all_came(before) && unacknowledged_.empty())) return why;
    if (!numbers_.all_came(before)) return numbers_.missing(before);
    const auto count = unacknowledged_.size();
    return std::to_string(count) + (count == 1 ? " message was" : " messages were") + " not stored";
  }

  // Connects to the server and subscribes. Returns the error; "" after success.
  std::string connect(const Target& target, Instant deadline) {
    if (!problem_.empty()) return problem_;
    const auto address = address_of(settings_, target, deadline);
    if (!address) return address.error();
    if (auto why = link_.connect(*address, settings_.local, deadline); !why.empty()) return why;
    codec_.emplace();
    info_.reset();
    ponged_ = false;
    if (auto why = run(deadline, [&] { return info_.has_value(); }); !why.empty()) return why;
    if (!info_) return "the server does not send INFO";
    if (context_) {
      auto why = link_.shake_hands(*context_, target.address.host, deadline);
      if (!why.empty()) return why;
    }
    auto words = codecs::write_nats({.verb = NatsVerb::kConnect, .text = introduction()}, {});
    words += codecs::write_nats({.verb = NatsVerb::kSub, .subject = subject_, .sid = "1"}, {});
    if (stream_) {
      words +=
          codecs::write_nats({.verb = NatsVerb::kSub, .subject = inbox_ + ".*", .sid = "2"}, {});
    }
    words += codecs::write_nats({.verb = NatsVerb::kPing}, {});
    for (const auto number : unacknowledged_) words += publish(number);
    if (auto why = link_.send(words, deadline); !why.empty()) return why;
    if (auto why = run(deadline, [&] { return ponged_; }); !why.empty()) return why;
    return ponged_ ? "" : "the server does not answer";
  }

  std::string introduction() const {
    return rules::nats_introduction({.name = id_,
                                     .user = probe().user_name,
                                     .password = settings_.password,
                                     .tls = context_ != nullptr});
  }

  // Encodes a message. JetStream sends its acknowledgement to the subject `reply`, and stores
  // messages with the same id only once.
  std::string publish(std::uint64_t number) const {
    const auto text = std::to_string(number);
    NatsLine line{.verb = NatsVerb::kPub, .subject = subject_};
    if (stream_) {
      line.verb = NatsVerb::kHpub;
      line.reply = inbox_ + "." + text;
      line.headers = "NATS/1.0\r\nNats-Msg-Id: " + id_ + "-" + text + "\r\n\r\n";
    }
    return codecs::write_nats(line, text);
  }

  // Handles data from the server until done() returns true or the deadline comes. Returns the
  // error; "" without an error.
  template <class Done>
  std::string run(Instant deadline, Done done) {
    std::array<std::byte, 16384> buffer{};
    while (!done()) {
      if (proxy::monotonic_now() >= deadline || given_up()) return {};
      const auto count = link_.receive(buffer, deadline);
      if (!count) return count.error();
      if (*count == 0) return {};
      if (auto why = hear(std::span(buffer).first(*count), deadline); !why.empty()) return why;
    }
    return {};
  }

  std::string hear(std::span<const std::byte> bytes, Instant deadline) {
    while (!bytes.empty()) {
      const auto step = codec_->reader(rules::Direction::kDownstream).next(bytes, true);
      if (!step.broken.empty()) return "the server's data is not NATS: " + std::string(step.broken);
      bytes = bytes.subspan(step.taken);
      if (!step.ended) continue;
      const auto& line = rules::view_as<rules::NatsMessage>(step.ended->message.get())->line;
      if (auto why = hear(line, step.ended->payload, deadline); !why.empty()) return why;
    }
    return {};
  }
  std::string hear(const NatsLine& line, std::span<const std::byte> payload, Instant deadline) {
    switch (line.verb) {
      case NatsVerb::kInfo:
        info_ = line.text;
        return {};
      case NatsVerb::kPing:
        return link_.send(codecs::write_nats({.verb = NatsVerb::kPong}, {}), deadline);
      case NatsVerb::kPong:
        ponged_ = true;
        return {};
      case NatsVerb::kErr:
        return "error from the server: " + line.text;
      case NatsVerb::kMsg:
      case NatsVerb::kHmsg:
        return hear_message(line, codecs::text_of(payload));
      default:
        return {};
    }
  }
  std::string hear_message(const NatsLine& line, std::string_view text) {
    if (line.sid == "1") {
      std::uint64_t number = 0;
      const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
      if (read.ec == std::errc()) numbers_.came(number, *done_);
      return {};
    }
    if (!line.acknowledges) {
      return rules::nats_status(line.headers) != 0
                 ? "no JetStream stream stores the subject " + subject_
                 : "JetStream: " + std::string(text.substr(0, 200));
    }
    std::uint64_t number = 0;
    const auto last = std::string_view(line.subject).substr(line.subject.rfind('.') + 1);
    std::from_chars(last.data(), last.data() + last.size(), number);
    unacknowledged_.erase(number);
    return {};
  }

  const ClientSettings settings_;
  std::string id_;
  std::string subject_;
  std::string inbox_;
  bool stream_ = false;  // whether JetStream stores the messages
  std::shared_ptr<tls::ClientContext> context_;
  std::string problem_;
  UserLink link_;
  std::optional<messages::NatsCodec> codec_;
  std::optional<std::string> info_;
  bool ponged_ = false;
  Attempt* done_ = nullptr;  // the attempt in progress; null if there is none
  NumberedMessages numbers_;
  std::set<std::uint64_t> unacknowledged_;
};

}  // namespace

extern const UserRow kNatsUser{"nats", make_client<NatsClient>};

}  // namespace brownout::rehearsal
