#include "proxy/net/resolver.h"

#include <uv.h>

namespace brownout::proxy {
namespace {

constexpr Duration kReuse = std::chrono::seconds(1);
constexpr std::size_t kMostKnown = 1024;

}  // namespace

// Owned by libuv until its callback, which always comes.
struct Resolver::Lookup {
  uv_getaddrinfo_t request{};
  Resolver* owner = nullptr;  // null once the resolver is gone
  std::string name;
  std::vector<std::weak_ptr<Done>> waiting;

  static Result<std::vector<IpAddress>> read(const std::string& name, int status, addrinfo* list) {
    const std::unique_ptr<addrinfo, decltype(&uv_freeaddrinfo)> owner(list, &uv_freeaddrinfo);
    if (status != 0) {
      return tl::unexpected(Error{
          Origin::kUpstream, "cannot resolve \"" + name + "\": " + uv_strerror(status), {}, {}});
    }
    std::vector<IpAddress> addresses;
    for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
      SocketAddress address;
      std::copy_n(reinterpret_cast<const char*>(one->ai_addr), one->ai_addrlen,
                  reinterpret_cast<char*>(&address.storage));
      if (const auto ip = address.ip()) addresses.push_back(*ip);
    }
    return addresses;
  }

  static void done(uv_getaddrinfo_t* request, int status, addrinfo* list) {
    const std::unique_ptr<Lookup> self(static_cast<Lookup*>(request->data));
    const auto answer = read(self->name, status, list);
    if (self->owner != nullptr) self->owner->answered(*self, answer);
  }
};

Resolver::Resolver(Loop& loop) : loop_(loop) {}

Resolver::~Resolver() {
  for (auto& [name, lookup] : running_) {
    lookup->owner = nullptr;
    uv_cancel(reinterpret_cast<uv_req_t*>(&lookup->request));
  }
}

Resolver::Ticket Resolver::resolve(const std::string& name, Done done) {
  auto ticket = std::make_shared<Done>(std::move(done));
  const auto known = known_.find(name);
  if (known != known_.end() && Loop::now() < known->second.until) {
    (*ticket)(known->second.answer);
    return ticket;
  }
  auto& running = running_[name];
  if (running == nullptr) {
    auto lookup = std::make_unique<Lookup>();
    lookup->owner = this;
    lookup->name = name;
    lookup->request.data = lookup.get();
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    running = lookup.release();
    const int status = uv_getaddrinfo(loop_.uv(), &running->request, &Lookup::done,
                                      running->name.c_str(), nullptr, &hints);
    if (status != 0) {
      const std::unique_ptr<Lookup> failed(running);
      running_.erase(name);
      (*ticket)(Lookup::read(name, status, nullptr));
      return ticket;
    }
  }
  running->waiting.push_back(ticket);
  return ticket;
}

void Resolver::answered(Lookup& lookup, const Result<std::vector<IpAddress>>& answer) {
  running_.erase(lookup.name);
  if (known_.size() >= kMostKnown) known_.clear();
  known_.insert_or_assign(lookup.name, Known{answer, Loop::now() + kReuse});
  for (const auto& one : lookup.waiting) {
    if (const auto waiting = one.lock()) (*waiting)(answer);
  }
}

}  // namespace brownout::proxy
