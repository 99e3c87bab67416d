// Synthetic users of the kind xmpp, by libstrophe. Each attempt pings the server (XEP-0199) and
// sends three numbered messages to the user itself. An attempt succeeds when the ping is answered
// and all messages have come back. The users take the accounts of the rule file in rotation, each
// user with its own resource.
//
// After a failed attempt the user connects again. If the server offers stream management
// (XEP-0198), the user resumes its stream, and unacknowledged stanzas are sent again.
#include <strophe.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <random>

#include "proxy/loop/deadlines.h"
#include "proxy/rehearsal/numbered.h"
#include "rules/protocols/xmpp/xmpp_message.h"

namespace brownout::rehearsal {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kXmppGoodbye(300);

struct Free {
  void operator()(xmpp_ctx_t* context) const { xmpp_ctx_free(context); }
  void operator()(xmpp_conn_t* connection) const { xmpp_conn_release(connection); }
  void operator()(xmpp_stanza_t* stanza) const { xmpp_stanza_release(stanza); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

struct LibraryInUse {
  LibraryInUse() { xmpp_initialize(); }
  ~LibraryInUse() { xmpp_shutdown(); }
};

// Data for libstrophe's socket callback about the connect in progress. A thread-local variable
// holds the data, since libstrophe passes only the connection to the callback.
struct Dial {
  const std::optional<rules::IpAddress>* local = nullptr;
  int* fd = nullptr;
};
thread_local Dial dialling;

int prepare(xmpp_conn_t*, void* socket) {
  const int fd = *static_cast<int*>(socket);
  if (dialling.fd != nullptr) *dialling.fd = fd;
  if (dialling.local == nullptr || !*dialling.local) return 0;
  const auto address = proxy::SocketAddress::of(**dialling.local, 0);
  return bind(fd, address.get(), address.length);
}

class XmppClient final : public ProbeClient {
 public:
  explicit XmppClient(const ClientSettings& settings) : settings_(settings) {
    static const LibraryInUse kLibrary;
    context_.reset(xmpp_ctx_new(nullptr, nullptr));
    const auto& accounts =
        *probe().options.of<std::vector<std::string>>(rules::XmppMessage::protocol(), "accounts");
    account_ = accounts[settings.user % accounts.size()];
    tag_ = "brownout-" + std::to_string(std::random_device{}());
  }
  ~XmppClient() override { drop(); }

  void drop() override {
    if (ready_) {
      xmpp_disconnect(connection_.get());
      static_cast<void>(
          run(rules::later(proxy::monotonic_now(), kXmppGoodbye), [&] { return !open_; }));
    }
    ready_ = open_ = false;
    connection_.reset();
  }

  Attempt attempt(const Target& target, Instant deadline) override {
    Attempt done;
    done_ = &done;
    done.why = talk(target, deadline, done);
    done_ = nullptr;
    if (!done.ok()) hang_up();
    return done;
  }

 private:
  const rules::Probe& probe() const { return *settings_.probe; }

  std::string talk(const Target& target, Instant deadline, Attempt& done) {
    if (!ready_) {
      done.connects = 1;
      auto why = connect(target, deadline);
      if (!why.empty()) return why;
    }
    const auto before = numbers_.last();
    ping();
    for (int i = 0; i < kMessages; ++i) say(std::to_string(numbers_.send(done)));
    const auto whole = run(deadline, [&] { return numbers_.all_came(before) && ponged_; });
    if (!whole) return whole.error();
    if (*whole) return {};
    if (!numbers_.all_came(before)) return numbers_.missing(before);
    return "no answer to a ping";
  }

  // Opens a stream and binds a resource. Returns the error; "" after success.
  std::string connect(const Target& target, Instant deadline) {
    const auto address = address_of(settings_, target, deadline);
    if (!address) return address.error();
    if (!connection_) make();
    why_.clear();
    dialling = {&settings_.local, &fd_};
    errno = 0;
    const int code = xmpp_connect_client(connection_.get(), address->host.c_str(), address->port,
                                         &XmppClient::on_event, this);
    dialling = {};
    if (code != XMPP_EOK) {
      // libstrophe does not report the reason of a failure, so it is taken from the socket, if
      // possible.
      return "cannot connect to " + to_text(*address) + ": " +
             (code == XMPP_EMEM ? "there is no memory"
              : errno != 0      ? std::strerror(errno)
                                : "libstrophe failed (" + std::to_string(code) + ")");
    }
    open_ = true;
    const auto answered = run(deadline, [&] { return ready_; });
    if (!answered) return answered.error();
    return *answered ? "" : "the server does not answer";
  }

  void make() {
    connection_.reset(xmpp_conn_new(context_.get()));
    auto* connection = connection_.get();
    xmpp_conn_set_jid(connection, (account_ + "/" + tag_).c_str());
    xmpp_conn_set_pass(connection, settings_.password.c_str());
    xmpp_conn_set_sockopt_callback(connection, &prepare);
    const bool tls = !probe().ca.empty();
    xmpp_conn_set_flags(connection, static_cast<long>(tls ? XMPP_CONN_FLAG_MANDATORY_TLS
                                                          : XMPP_CONN_FLAG_DISABLE_TLS));
    if (tls) xmpp_conn_set_cafile(connection, probe().ca.c_str());
  }

  // Closes the connection without closing the XMPP stream, as when the network fails, so that the
  // session can be resumed.
  void hang_up() {
    ready_ = false;
    if (!open_) return;
    shutdown(fd_, SHUT_RDWR);
    static_cast<void>(
        run(rules::later(proxy::monotonic_now(), kXmppGoodbye), [&] { return !open_; }));
    if (open_) connection_.reset();
    open_ = false;
  }

  void ping() {
    ponged_ = false;
    const auto id = tag_ + "-ping-" + std::to_string(++pings_);
    const Owned<xmpp_stanza_t> iq(xmpp_iq_new(context_.get(), "get", id.c_str()));
    const Owned<xmpp_stanza_t> child(xmpp_stanza_new(context_.get()));
    xmpp_stanza_set_name(child.get(), "ping");
    xmpp_stanza_set_ns(child.get(), "urn:xmpp:ping");
    xmpp_stanza_add_child(iq.get(), child.get());
    xmpp_stanza_set_to(iq.get(), account_.substr(account_.find('@') + 1).c_str());
    // An error also counts as an answer: a server without ping support sends one (XEP-0199, section
    // 4.2).
    const auto answered = [](xmpp_conn_t*, xmpp_stanza_t*, void* self) {
      static_cast<XmppClient*>(self)->ponged_ = true;
      return 0;
    };
    xmpp_id_handler_add(connection_.get(), answered, id.c_str(), this);
    xmpp_send(connection_.get(), iq.get());
  }

  void say(const std::string& number) {
    const char* self = xmpp_conn_get_bound_jid(connection_.get());
    const Owned<xmpp_stanza_t> message(xmpp_message_new(
        context_.get(), "chat", self != nullptr ? self : account_.c_str(), nullptr));
    xmpp_message_set_body(message.get(), (tag_ + " " + number).c_str());
    xmpp_send(connection_.get(), message.get());
  }

  int on_message(xmpp_stanza_t* stanza) {
    char* body = xmpp_message_get_body(stanza);
    if (body == nullptr) return 1;
    const std::string text(body);
    xmpp_free(context_.get(), body);
    const char* type = xmpp_stanza_get_type(stanza);
    const bool returned = type != nullptr && std::string_view(type) == "error";
    if (returned || !text.starts_with(tag_ + " ") || done_ == nullptr) return 1;
    numbers_.came(std::strtoull(text.c_str() + tag_.size(), nullptr, 10), *done_);
    return 1;
  }

  static void on_event(xmpp_conn_t* connection, xmpp_conn_event_t event, int,
                       xmpp_stream_error_t* problem, void* user) {
    auto& self = *static_cast<XmppClient*>(user);
    if (event == XMPP_CONN_CONNECT) {
      const auto heard = [](xmpp_conn_t*, xmpp_stanza_t* stanza, void* client) {
        return static_cast<XmppClient*>(client)->on_message(stanza);
      };
      xmpp_handler_add(connection, heard, nullptr, "message", nullptr, user);
      const Owned<xmpp_stanza_t> presence(xmpp_presence_new(self.context_.get()));
      xmpp_send(connection, presence.get());
      self.ready_ = true;
      return;
    }
    self.open_ = self.ready_ = false;
    self.why_ = "the server ended the stream";
    if (problem != nullptr && problem->text != nullptr)
      self.why_ += std::string(": ") + problem->text;
  }

  // Runs libstrophe's loop until done() returns true. Returns false if the deadline came first.
  template <class Done>
  Outcome<bool> run(Instant deadline, Done done) {
    while (!done()) {
      const auto left = std::chrono::ceil<milliseconds>(deadline - proxy::monotonic_now());
      if (left <= milliseconds::zero() || given_up()) return false;
      const auto wait = std::min(left, kMostLibraryWait);
      xmpp_run_once(context_.get(), static_cast<unsigned long>(wait.count()));
      if (!open_ && !done()) return tl::unexpected(why_);
    }
    return true;
  }

  const ClientSettings settings_;
  std::string account_;
  std::string tag_;
  Owned<xmpp_ctx_t> context_;
  Owned<xmpp_conn_t> connection_;
  int fd_ = -1;         // the connection's socket, owned by libstrophe
  bool open_ = false;   // a connection exists or is being opened
  bool ready_ = false;  // the stream has bound a resource
  bool ponged_ = false;
  std::uint64_t pings_ = 0;
  std::string why_;          // reason why the connection ended
  Attempt* done_ = nullptr;  // the attempt in progress; null if there is none
  NumberedMessages numbers_;
};

}  // namespace

extern const UserRow kXmppUser{"xmpp", make_client<XmppClient>};

}  // namespace brownout::rehearsal
