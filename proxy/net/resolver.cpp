#include "proxy/net/resolver.h"

#include <ares.h>
#include <netdb.h>
#include <resolv.h>
#include <uv.h>

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

namespace brownout::proxy {
namespace {

constexpr Duration kReuse = std::chrono::seconds(1);
constexpr std::size_t kMostKnown = 1024;

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;
using FoundList = std::unique_ptr<ares_addrinfo, decltype(&ares_freeaddrinfo)>;

using Channel = std::unique_ptr<std::remove_pointer_t<ares_channel>, decltype(&ares_destroy)>;

Error resolve_error(const std::string& name, const std::string& why) {
  return {Origin::kUpstream,
          "cannot resolve \"" + name + "\": " + why,
          "check the name, /etc/hosts, and the nameservers in /etc/resolv.conf",
          {}};
}

std::optional<IpAddress> ip_of(const sockaddr* from, socklen_t length) {
  SocketAddress address;
  std::memcpy(&address.storage, from, std::min<std::size_t>(length, sizeof address.storage));
  return address.ip();
}

// Returns the address that `name` is in text form, in all forms of inet_aton(3); none if it is a
// name. Never asks DNS. c-ares itself supports only one of these forms.
std::vector<IpAddress> literal_addresses(const std::string& name) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST;
  addrinfo* list = nullptr;
  if (getaddrinfo(name.c_str(), nullptr, &hints, &list) != 0) return {};
  const AddressList owner(list, &freeaddrinfo);
  std::vector<IpAddress> addresses;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    if (const auto ip = ip_of(entry->ai_addr, entry->ai_addrlen)) addresses.push_back(*ip);
  }
  return addresses;
}

// Sets `timeout` and `attempts` as glibc reads them from resolv.conf, with its defaults. c-ares
// reads these options under other names.
void take_patience(ares_options& options) {
  std::remove_pointer_t<res_state> state{};
  if (res_ninit(&state) != 0) return;
  options.timeout = state.retrans * 1000;
  options.tries = state.retry;
  res_nclose(&state);
}

std::vector<IpAddress> addresses_in(const ares_addrinfo* list) {
  std::vector<IpAddress> addresses;
  for (const auto* node = list->nodes; node != nullptr; node = node->ai_next) {
    if (const auto ip = ip_of(node->ai_addr, node->ai_addrlen)) addresses.push_back(*ip);
  }
  return addresses;
}

ares_addrinfo_hints both_families() {
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  return hints;
}

// Whether a name ends with a dot, as in "localhost." (RFC 1034, section 3.1). Names in /etc/hosts
// have no such dot.
bool is_absolute(const std::string& name) { return name.size() > 1 && name.ends_with('.'); }

}  // namespace

std::vector<IpAddress> local_addresses(const std::string& name) {
  if (is_absolute(name)) return local_addresses(name.substr(0, name.size() - 1));
  auto addresses = literal_addresses(name);
  if (!addresses.empty()) return addresses;
  char files_only[] = "f";
  ares_options options{};
  options.lookups = files_only;
  ares_channel channel = nullptr;
  if (ares_init_options(&channel, &options, ARES_OPT_LOOKUPS) != ARES_SUCCESS) return {};
  const Channel owner(channel, &ares_destroy);
  const auto hints = both_families();
  // With these options, the callback runs before ares_getaddrinfo() returns.
  ares_getaddrinfo(
      channel, name.c_str(), nullptr, &hints,
      [](void* to, int status, int, ares_addrinfo* list) {
        const FoundList found(list, &ares_freeaddrinfo);
        if (status == ARES_SUCCESS) *static_cast<std::vector<IpAddress>*>(to) = addresses_in(list);
      },
      &addresses);
  return addresses;
}

// The lookup of one name by c-ares. It reads the system's configuration when it begins. It has its
// own sockets, so that the port of each lookup is unpredictable.
class Resolver::Lookup final : private Deadline {
 public:
  Lookup(Resolver& owner, std::string name) : owner_(owner), name_(std::move(name)) {}
  ~Lookup() override {
    over_ = true;  // c-ares makes one more callback when the channel is destroyed
    owner_.loop_.deadlines().cancel(*this);
  }

  // Begins the lookup, which may have ended when start() returns.
  void start() {
    if (auto addresses = literal_addresses(name_); !addresses.empty()) {
      return finish(std::move(addresses));
    }
    // Asks DNS for the name with its final dot, so that no search domain of resolv.conf is
    // appended.
    if (is_absolute(name_)) {
      if (auto addresses = local_addresses(name_); !addresses.empty()) {
        return finish(std::move(addresses));
      }
    }
    if (const int status = open_channel(); status != ARES_SUCCESS) return fail(status);
    const auto hints = both_families();
    ares_getaddrinfo(channel_.get(), name_.c_str(), nullptr, &hints, &Lookup::answered, this);
    arm();
  }
  void add(const Ticket& ticket) { waiting_.push_back(ticket); }
  const std::vector<std::weak_ptr<Done>>& waiting() const { return waiting_; }
  bool wanted() const {
    return std::any_of(waiting_.begin(), waiting_.end(),
                       [](const auto& ticket) { return !ticket.expired(); });
  }

 private:
  int open_channel() {
    // Initialises c-ares once in this process. Other libraries may do so too, since c-ares counts
    // its initialisations.
    static const int library = ares_library_init(ARES_LIB_INIT_ALL);
    if (library != ARES_SUCCESS) return library;
    ares_options options{};
    options.timeout = RES_TIMEOUT * 1000;
    options.tries = RES_DFLRETRY;
    take_patience(options);
    options.sock_state_cb = &Lookup::watch;
    options.sock_state_cb_data = this;
    ares_channel channel = nullptr;
    const int status = ares_init_options(
        &channel, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
    if (status != ARES_SUCCESS) return status;
    channel_.reset(channel);
    if (owner_.servers_.empty()) return ARES_SUCCESS;
    return ares_set_servers_ports_csv(channel, owner_.servers_.c_str());
  }

  // Watches a socket of c-ares for the given events. c-ares calls this function, and calls it
  // without events before it closes the socket.
  static void watch(void* data, ares_socket_t fd, int readable, int writable) {
    auto& self = *static_cast<Lookup*>(data);
    if (readable == 0 && writable == 0) {
      self.sockets_.erase(fd);
      return;
    }
    auto& socket = self.sockets_[fd];
    // Watches with uv_poll_t, which is level-triggered, since c-ares may leave bytes unread.
    if (!socket) socket = make_uv<uv_poll_t>(self.owner_.loop_.uv(), uv_poll_init, &self, int{fd});
    if (!socket) return;
    const int events = (readable != 0 ? UV_READABLE : 0) | (writable != 0 ? UV_WRITABLE : 0);
    self.owner_.loop_.uv();
    uv_poll_start(socket.get(), events, [](uv_poll_t* handle, int status, int ready) {
      if (handle->data == nullptr) return;
      uv_os_fd_t which = ARES_SOCKET_BAD;
      uv_fileno(reinterpret_cast<const uv_handle_t*>(handle), &which);
      // After an error, lets c-ares read and write: the failing call reports the error to c-ares.
      const bool in = status != 0 || (ready & UV_READABLE) != 0;
      const bool out = status != 0 || (ready & UV_WRITABLE) != 0;
      static_cast<Lookup*>(handle->data)
          ->process(in ? which : ARES_SOCKET_BAD, out ? which : ARES_SOCKET_BAD);
    });
  }

  void process(ares_socket_t readable, ares_socket_t writable) {
    ares_process_fd(channel_.get(), readable, writable);
    arm();
  }

  void arm() {
    timeval left{};
    if (over_ || ares_timeout(channel_.get(), nullptr, &left) == nullptr) {
      return owner_.loop_.deadlines().cancel(*this);
    }
    const auto wait = std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec);
    owner_.loop_.deadlines().set(*this, rules::later(Loop::now(), wait));
  }
  void on_due(Instant) noexcept override { process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); }

  static void answered(void* data, int status, int, ares_addrinfo* list) {
    const FoundList owner(list, &ares_freeaddrinfo);
    auto& self = *static_cast<Lookup*>(data);
    if (self.over_) return;
    if (status != ARES_SUCCESS) return self.fail(status);
    self.finish(addresses_in(list));
  }

  void fail(int status) { finish(tl::unexpected(resolve_error(name_, ares_strerror(status)))); }
  void finish(Answer answer) {
    over_ = true;
    owner_.finished(name_, std::move(answer));
  }

  Resolver& owner_;
  std::string name_;
  std::vector<std::weak_ptr<Done>> waiting_;
  bool over_ = false;
  std::map<ares_socket_t, UvPtr<uv_poll_t>> sockets_;
  std::unique_ptr<std::remove_pointer_t<ares_channel>, decltype(&ares_destroy)> channel_{
      nullptr, &ares_destroy};
};

Resolver::Resolver(Loop& loop, std::string servers) : loop_(loop), servers_(std::move(servers)) {}

Resolver::~Resolver() { loop_.deadlines().cancel(*this); }

Resolver::Ticket Resolver::resolve(const std::string& name, Done done) {
  auto ticket = std::make_shared<Done>(std::move(done));
  const auto known = known_.find(name);
  if (known != known_.end() && Loop::now() < known->second.until) {
    give(ticket, known->second.answer);
    return ticket;
  }
  const auto running = running_.find(name);
  if (running != running_.end()) {
    running->second->add(ticket);
    return ticket;
  }
  if (!make_room()) {
    give(ticket,
         std::make_shared<const Answer>(tl::unexpected(resolve_error(
             name,
             "the limit of simultaneous lookups is reached, because DNS servers do not answer"))));
    return ticket;
  }
  auto& lookup = *running_.emplace(name, std::make_unique<Lookup>(*this, name)).first->second;
  lookup.add(ticket);
  lookup.start();
  return ticket;
}

bool Resolver::make_room() {
  if (running_.size() < kMostLookups) return true;
  std::erase_if(running_, [](const auto& lookup) { return !lookup.second->wanted(); });
  return running_.size() < kMostLookups;
}

// Gives the answer to all callers. The lookup is destroyed later, since this function is often
// called from inside it.
void Resolver::finished(const std::string& name, Answer answer) {
  const auto shared = std::make_shared<const Answer>(std::move(answer));
  if (known_.size() >= kMostKnown) known_.clear();
  known_.insert_or_assign(name, Known{shared, rules::later(Loop::now(), kReuse)});
  const auto found = running_.find(name);
  finished_.push_back(std::move(found->second));
  running_.erase(found);
  for (const auto& ticket : finished_.back()->waiting()) give(ticket.lock(), shared);
  loop_.deadlines().set(*this, Loop::now());
}

void Resolver::give(const Ticket& ticket, SharedAnswer answer) {
  given_.push_back({ticket, std::move(answer)});
  loop_.deadlines().set(*this, Loop::now());
}

void Resolver::on_due(Instant) noexcept {
  finished_.clear();
  for (const auto& delivery : std::exchange(given_, {})) {
    if (const auto ticket = delivery.ticket.lock()) (*ticket)(*delivery.answer);
  }
}

}  // namespace brownout::proxy
