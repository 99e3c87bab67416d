#include "proxy/cli/api_client.h"

#include <chrono>
#include <cstdlib>
#include <thread>

#include "proxy/control/admin.h"
#include "proxy/formats/json_text.h"
#include "proxy/loop/curl.h"

namespace brownout::cli {
namespace {

using proxy::curl;
using proxy::CurlHandle;
using proxy::CurlList;
constexpr std::string_view kUnix = "unix:";
constexpr auto kPatience = std::chrono::seconds(10);
constexpr auto kBeforeAgain = std::chrono::milliseconds(20);

using Sink = std::function<bool(std::string_view)>;

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::size_t write(char* data, std::size_t, std::size_t size, void* sink) {
  return (*static_cast<Sink*>(sink))({data, size}) ? size : 0;
}

void add(CurlList& headers, const std::string& line) {
  headers.reset(curl().slist_append(headers.release(), line.c_str()));
}

// Whether a request may be sent again if its response is lost. This is so for halt and resume: a
// second halt changes nothing, and both must succeed even if the API is overloaded.
bool may_repeat(std::string_view path) { return path == "halt" || path == "resume"; }

bool is_lost(CURLcode code) {
  return code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR ||
         code == CURLE_SSL_CONNECT_ERROR || code == CURLE_PARTIAL_FILE;
}

// `headers`, `sink` and `ca` must outlive the returned handle.
CurlHandle prepared(const std::string& url, const CurlList& headers, Sink& sink,
                    const std::string& ca, const std::string& socket) {
  CurlHandle request(curl().easy_init());
  curl().easy_setopt(request.get(), CURLOPT_URL, url.c_str());
  curl().easy_setopt(request.get(), CURLOPT_HTTPHEADER, headers.get());
  curl().easy_setopt(request.get(), CURLOPT_WRITEFUNCTION, &write);
  curl().easy_setopt(request.get(), CURLOPT_WRITEDATA, &sink);
  // Ignores proxies set by environment variables: the API is usually on this machine.
  curl().easy_setopt(request.get(), CURLOPT_PROXY, "");
  if (!socket.empty()) {
    curl().easy_setopt(request.get(), CURLOPT_UNIX_SOCKET_PATH, socket.c_str());
  }
  if (!ca.empty()) curl().easy_setopt(request.get(), CURLOPT_CAINFO, ca.c_str());
  return request;
}

}  // namespace

rules::Result<ApiClient> ApiClient::make(const CtlOptions& options) {
  ApiClient client;
  client.url_ = options.url;
  for (const auto* name : {"BROWNOUT_URL", "TOXIPROXY_URL"}) {
    if (client.url_.empty()) client.url_ = from_environment(name);
  }
  if (client.url_.empty()) client.url_ = "http://127.0.0.1:8474";
  if (client.url_.starts_with(kUnix)) {
    client.socket_ = client.url_.substr(kUnix.size());
    client.url_ = "http://localhost";
  }
  // Accepts "localhost:8474" without a scheme, as Toxiproxy's clients do.
  if (client.url_.find("://") == std::string::npos) client.url_ = "http://" + client.url_;
  while (client.url_.ends_with('/')) client.url_.pop_back();
  client.ca_ = options.ca;
  for (const auto* name : {"BROWNOUT_TOKEN", "TOXIPROXY_AUTH_TOKEN"}) {
    if (client.token_.empty()) client.token_ = from_environment(name);
  }
  if (!options.token_file.empty()) {
    auto token = proxy::read_token(options.token_file, proxy::read_once);
    if (!token) return tl::unexpected(token.error());
    client.token_ = std::move(*token);
  }
  return client;
}

rules::Result<ApiClient::Answer> ApiClient::call(
    const std::string& method, const std::string& path, const nlohmann::ordered_json& body,
    const std::map<std::string, std::string>& more) const {
  CurlList headers;
  add(headers, "Content-Type: application/json");
  if (!token_.empty()) add(headers, "Authorization: Bearer " + token_);
  for (const auto& [name, value] : more) add(headers, name + ": " + value);
  const auto sent = body.is_null() ? std::string() : codecs::json_text(body);
  std::string text;
  Sink sink = [&](std::string_view part) {
    text += part;
    return true;
  };
  const auto request = prepared(url_ + "/api/v1/" + path, headers, sink, ca_, socket_);
  curl().easy_setopt(request.get(), CURLOPT_CUSTOMREQUEST, method.c_str());
  if (!sent.empty()) curl().easy_setopt(request.get(), CURLOPT_POSTFIELDS, sent.c_str());
  curl().easy_setopt(request.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(patience_.count()));
  const auto until = std::chrono::steady_clock::now() + kPatience;
  auto code = curl().easy_perform(request.get());
  while (is_lost(code) && may_repeat(path) && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(kBeforeAgain);
    text.clear();
    code = curl().easy_perform(request.get());
  }
  if (code != CURLE_OK) {
    const auto where = socket_.empty() ? url_ : "unix:" + socket_;
    return tl::unexpected(rules::Error{
        rules::Origin::kUpstream, "no response from " + where + ": " + curl().easy_strerror(code),
        url_.starts_with('/') ? "for a unix socket, write --url unix:" + url_
                              : "start `brownout run`, or give its address with --url"});
  }
  long status = 0;
  curl().easy_getinfo(request.get(), CURLINFO_RESPONSE_CODE, &status);
  auto json = codecs::read_json<nlohmann::ordered_json>(text);
  if (!text.empty() && !json) {
    return tl::unexpected(rules::Error{rules::Origin::kUpstream,
                                       url_ + " does not answer as Brownout's API does",
                                       "check --url: another program may listen there, or "
                                       "`brownout toxiproxy`, which does not serve this API"});
  }
  return Answer{static_cast<int>(status), json ? std::move(*json) : nlohmann::ordered_json()};
}

rules::Result<void> ApiClient::follow(const std::function<bool(const std::string&)>& take) const {
  CurlList headers;
  if (!token_.empty()) add(headers, "Authorization: Bearer " + token_);
  std::string rest;
  Sink sink = [&](std::string_view part) {
    rest += part;
    for (auto end = rest.find("\n\n"); end != std::string::npos; end = rest.find("\n\n")) {
      const auto block = rest.substr(0, end);
      rest.erase(0, end + 2);
      if (block.starts_with("data: ") && !take(block.substr(6))) return false;
    }
    return true;
  };
  const auto where = socket_.empty() ? url_ : "unix:" + socket_;
  const auto request = prepared(url_ + "/api/v1/events", headers, sink, ca_, socket_);
  curl().easy_setopt(request.get(), CURLOPT_FAILONERROR, 1L);
  const auto code = curl().easy_perform(request.get());
  if (code == CURLE_OK || code == CURLE_WRITE_ERROR) return {};
  long status = 0;
  curl().easy_getinfo(request.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status == kUnauthorized) {
    return tl::unexpected(
        rules::Error{rules::Origin::kUpstream, where + " needs a token", std::string(kTokenHint)});
  }
  return tl::unexpected(rules::Error{rules::Origin::kUpstream,
                                     "no events from " + where + ": " + curl().easy_strerror(code),
                                     "start `brownout run`, or give its address with --url"});
}

}  // namespace brownout::cli
