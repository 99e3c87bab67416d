#include "proxy/http/request_copy.h"

#include <sys/epoll.h>

#include <cerrno>
#include <utility>

namespace brownout::proxy {
namespace {

constexpr Duration kPatience = std::chrono::seconds(30);

}  // namespace

RequestCopy::RequestCopy(RequestCopies& owner, Host& host, std::shared_ptr<UpstreamGroup> group,
                         const rules::FlowFacts& flow, std::string request, std::string_view method)
    : owner_(owner), host_(host), request_(std::move(request)) {
  response_.answers(method);
  connector_ =
      std::make_unique<Connector>(host_.loop(), host_.resolver(), std::move(group),
                                  static_cast<Connector::Owner&>(*this), flow.key(), flow.ordinal);
}

RequestCopy::~RequestCopy() {
  if (stream_) host_.loop().poller().forget(stream_.number());
}

void RequestCopy::start() {
  host_.loop().deadlines().set(*this, rules::later(Loop::now(), kPatience));
  connector_->start();
}

void RequestCopy::on_connected(Stream stream, const SocketAddress&, std::uint32_t events) {
  stream_ = std::move(stream);
  host_.loop().poller().replace(stream_.number(), static_cast<Ready&>(*this));
  host_.loop().retire(std::move(connector_));
  out_.write(stream_, codecs::bytes_of(request_));
  on_ready(events);
}

void RequestCopy::on_connect_failed(const Error&) { over(); }

// Reads until the response is complete, since closing earlier may make the server abort its work.
void RequestCopy::on_ready(std::uint32_t) noexcept {
  using What = codecs::Http1Parser::What;
  if (!out_.flush(stream_)) return over();
  const auto buffer = host_.loop().read_buffer();
  while (true) {
    const auto count = stream_.receive(buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (count <= 0) return over();
    codecs::ByteView bytes = buffer.first(static_cast<std::size_t>(count));
    while (true) {
      const auto step = response_.next(bytes);
      bytes = bytes.subspan(step.taken);
      if (step.what == What::kMore || step.what == What::kBody) break;
      if (step.what == What::kHead) continue;
      if (step.what != What::kEnd || response_.framing().status >= 200) return over();
    }
  }
}

void RequestCopy::over() {
  if (std::exchange(over_, true)) return;
  if (stream_) host_.loop().poller().forget(stream_.number());
  if (connector_) {
    connector_->cancel();
    host_.loop().retire(std::move(connector_));
  }
  host_.loop().deadlines().cancel(*this);
  auto self = std::move(*place_);
  owner_.all_.erase(place_);
  host_.loop().retire(std::move(self));
}

bool RequestCopies::send(const std::shared_ptr<UpstreamGroup>& group, const rules::FlowFacts& flow,
                         std::string request, std::string_view method) {
  if (all_.size() >= kMost) return false;
  all_.push_back(
      std::make_unique<RequestCopy>(*this, host_, group, flow, std::move(request), method));
  auto& copy = *all_.back();
  copy.place_ = std::prev(all_.end());
  copy.start();
  return true;
}

}  // namespace brownout::proxy
