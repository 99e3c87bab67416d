// Fuzzes requests to a forward proxy with any bytes: the result must not depend on how they are
// cut. Also fuzzes the URL of a request: if it names a server, the server must receive a path and a
// host.
#include <cstdlib>

#include "rules/protocols/http1/forward.h"
#include "rules/protocols/proxy/codec/proxy_protocol.h"
#include "rules/protocols/proxy/codec/proxy_request.h"

namespace {

using brownout::codecs::ByteView;
using brownout::codecs::ProxyRequest;

std::string run(ByteView bytes, std::size_t size) {
  ProxyRequest request({.username = bytes.size() % 2 == 0 ? "" : "qa", .password = ""});
  std::string said;
  std::size_t taken = 0;
  for (auto seen = std::min(size, bytes.size()); seen <= bytes.size();) {
    const auto step = request.feed(bytes.subspan(taken, seen - taken));
    if (step.taken > seen - taken) std::abort();
    taken += step.taken;
    said += step.reply;
    if (step.state != ProxyRequest::State::kMore) return said + to_text(request.target());
    if (step.taken > 0 && taken < seen) continue;
    if (seen == bytes.size()) break;
    seen = std::min(seen + size, bytes.size());
  }
  return said;
}

void forward(const std::string& target) {
  brownout::rules::HttpHead head;
  head.method = "GET";
  head.target = target;
  head.start_line = "GET " + target + " HTTP/1.1";
  head.headers = {{"Host", "a"}, {"Connection", target}};
  const auto server = brownout::rules::server_of(target);
  brownout::rules::make_direct(head);
  if (!server) return;
  const auto* host = head.find("host");
  if (host == nullptr || host->find('@') != host->npos) std::abort();
  if (head.target != "*" && !head.target.starts_with('/')) std::abort();
  if (head.find("connection") != nullptr) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(reinterpret_cast<const std::byte*>(data), size);
  // A request may be refused earlier or later, depending on the pieces. Only the response must be
  // the same.
  if (size > 0 && size < 1024 && run(bytes, 1) != run(bytes, 7)) std::abort();
  forward(std::string(reinterpret_cast<const char*>(data), size));
  const auto header = brownout::codecs::read_proxy_header(bytes);
  if (header.state == brownout::codecs::ProxyHeader::State::kHeader && header.length > size)
    std::abort();
  return 0;
}
