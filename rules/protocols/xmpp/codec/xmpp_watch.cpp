#include "rules/protocols/xmpp/codec/xmpp_watch.h"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>

#include "rules/protocols/xmpp/codec/xmpp_codec.h"

namespace brownout::messages {
namespace {

using rules::Instant;
using rules::XmppElement;
using rules::XmppStanza;

constexpr std::size_t kMostOpenQueries = 4096;
constexpr std::size_t kMostId = 1024;

// Error conditions that are the server's fault (RFC 6120, 8.3.3).
constexpr std::array<std::string_view, 3> kServersFault{
    "<internal-server-error", "<remote-server-timeout", "<resource-constraint"};

class XmppWatch final : public RequestWatch {
 public:
  void from_client(ByteView bytes, Instant now) override {
    read(Direction::kUpstream, bytes, [&](const XmppStanza& stanza, ByteView) {
      leaving_ |= stanza.element == XmppElement::kStreamEnd;
      const bool asks = stanza.element == XmppElement::kIq &&
                        (stanza.type == "get" || stanza.type == "set") && !stanza.id.empty();
      if (!asks || stanza.id.size() > kMostId || open_.size() >= kMostOpenQueries) return;
      open_.emplace(stanza.id, now);
    });
  }
  void to_client(ByteView bytes, std::vector<Answer>& answers) override {
    read(Direction::kDownstream, bytes, [&](const XmppStanza& stanza, ByteView payload) {
      const bool failed = stanza.type == "error";
      if (stanza.element != XmppElement::kIq || (!failed && stanza.type != "result")) return;
      const auto asked = open_.find(stanza.id);
      if (asked == open_.end()) return;
      answers.push_back({asked->second, !failed || !is_servers_fault(payload)});
      open_.erase(asked);
    });
  }
  void secured() override {
    secures_ = false;
    codec_.secured();
  }
  std::size_t open() const override { return open_.size(); }
  bool leaving() const override { return leaving_; }

 private:
  static bool is_servers_fault(ByteView payload) {
    const auto text = codecs::text_of(payload);
    return std::any_of(kServersFault.begin(), kServersFault.end(), [&](std::string_view condition) {
      return text.find(condition) != std::string_view::npos;
    });
  }

  template <class See>
  void read(Direction direction, ByteView bytes, const See& see) {
    bool more = false;
    while (!broken_ && !secures_ && (more || !bytes.empty())) {
      const auto step = codec_.reader(direction).next(bytes, true);
      broken_ = !step.broken.empty();
      secures_ = step.secures;
      if (broken_) return;
      bytes = bytes.subspan(step.taken);
      more = step.more;
      if (step.ended)
        see(rules::view_as<rules::XmppMessage>(step.ended->message.get())->stanza,
            step.ended->payload);
    }
  }

  XmppCodec codec_;
  std::unordered_map<std::string, Instant> open_;  // time of each open request, by id
  bool broken_ = false;
  bool secures_ = false;  // whether TLS has begun; no bytes can be parsed until secured()
  bool leaving_ = false;
};

}  // namespace

std::unique_ptr<RequestWatch> make_xmpp_watch() { return std::make_unique<XmppWatch>(); }

}  // namespace brownout::messages
