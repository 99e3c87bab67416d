// http and prometheus: requests by libcurl, on a connection that is kept alive.
#include <nlohmann/json.hpp>

#include "proxy/control/url.h"
#include "proxy/loop/curl.h"
#include "proxy/rehearsal/curl_transfers.h"
#include "proxy/rehearsal/probe_client.h"

namespace brownout::rehearsal {
namespace {

constexpr std::size_t kMostKept = 1 << 20;

std::size_t keep(char* data, std::size_t, std::size_t size, void* to) {
  auto& body = *static_cast<std::string*>(to);
  body.append(data, std::min(size, kMostKept - std::min(kMostKept, body.size())));
  return size;
}

struct Reply {
  long status = 0;
  std::string body;
};

class Requests {
 public:
  explicit Requests(const ClientSettings& settings) : settings_(settings) {}

  void drop() {
    handle_.reset();
    transfers_.emplace();
  }

  Outcome<Reply> get(const Target& target, const std::string& url, Instant deadline,
                     std::uint32_t& connects) {
    const auto& curl = proxy::curl();
    if (!handle_) handle_.reset(curl.easy_init());
    auto* handle = handle_.get();
    const auto& probe = *settings_.probe;
    Reply reply;
    curl.easy_setopt(handle, CURLOPT_URL, url.c_str());
    curl.easy_setopt(handle, CURLOPT_CUSTOMREQUEST, probe.method.c_str());
    curl.easy_setopt(handle, CURLOPT_NOBODY, probe.method == "HEAD" ? 1L : 0L);
    curl.easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl.easy_setopt(handle, CURLOPT_PROXY, "");
    curl.easy_setopt(handle, CURLOPT_WRITEFUNCTION, keep);
    curl.easy_setopt(handle, CURLOPT_WRITEDATA, &reply.body);
    if (!probe.ca.empty()) curl.easy_setopt(handle, CURLOPT_CAINFO, probe.ca.c_str());
    if (settings_.local) {
      curl.easy_setopt(handle, CURLOPT_INTERFACE, ("host!" + to_text(*settings_.local)).c_str());
    }
    const proxy::CurlList elsewhere(connect_to(target, deadline));
    if (!why_.empty()) return tl::unexpected(why_);
    curl.easy_setopt(handle, CURLOPT_CONNECT_TO, elsewhere.get());
    const auto code = transfers_->perform(handle, deadline);
    long made = 0;
    curl.easy_getinfo(handle, CURLINFO_NUM_CONNECTS, &made);
    connects = static_cast<std::uint32_t>(made);
    if (code != CURLE_OK) return tl::unexpected(std::string(curl.easy_strerror(code)));
    curl.easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &reply.status);
    return reply;
  }

 private:
  // With `resolve`, the address in our own lookup's answer.
  curl_slist* connect_to(const Target& target, Instant deadline) {
    why_.clear();
    if (target.name.empty() || !target.url.empty()) return nullptr;
    const auto address = address_of(settings_, target, deadline);
    if (!address) {
      why_ = address.error();
      return nullptr;
    }
    return proxy::curl().slist_append(nullptr, ("::" + to_text(*address)).c_str());
  }

  const ClientSettings settings_;
  std::optional<CurlTransfers> transfers_{std::in_place};
  proxy::CurlHandle handle_;
  std::string why_;
};

std::string base_of(const Target& target) {
  return target.url.empty() ? "http://" + to_text(target.address) : target.url;
}

class HttpClient final : public ProbeClient {
 public:
  explicit HttpClient(const ClientSettings& settings) : settings_(settings), requests_(settings) {}

  void drop() override { requests_.drop(); }

  Attempt attempt(const Target& target, Instant deadline) override {
    Attempt done;
    done.sent = 1;
    const auto& probe = *settings_.probe;
    // A whole URL has its path.
    const auto url = target.url.empty() ? base_of(target) + probe.path : target.url;
    const auto reply = requests_.get(target, url, deadline, done.connects);
    if (!reply) {
      done.why = reply.error();
    } else if (reply->status != probe.status) {
      done.why = "status " + std::to_string(reply->status);
    } else if (reply->body.find(probe.body) == std::string::npos) {
      done.why = "another body";
    }
    done.lost = done.ok() ? 0 : 1;
    return done;
  }

 private:
  ClientSettings settings_;
  Requests requests_;
};

class PrometheusClient final : public ProbeClient {
 public:
  explicit PrometheusClient(const ClientSettings& settings)
      : settings_(settings), requests_(settings) {}

  Attempt attempt(const Target& target, Instant deadline) override {
    Attempt done;
    const auto url =
        base_of(target) + "/api/v1/query?query=" + proxy::escaped(settings_.probe->query);
    const auto reply = requests_.get(target, url, deadline, done.connects);
    if (!reply) {
      done.why = reply.error();
      return done;
    }
    const auto json = nlohmann::json::parse(reply->body, nullptr, false);
    const auto at = nlohmann::json::json_pointer("/data/result");
    const bool found = !json.is_discarded() && json.contains(at) && !json.at(at).empty();
    if (!found) done.why = "no result";
    return done;
  }

 private:
  ClientSettings settings_;
  Requests requests_;
};

}  // namespace

std::unique_ptr<ProbeClient> make_http_client(const ClientSettings& settings) {
  return std::make_unique<HttpClient>(settings);
}
std::unique_ptr<ProbeClient> make_prometheus_client(const ClientSettings& settings) {
  return std::make_unique<PrometheusClient>(settings);
}

}  // namespace brownout::rehearsal
