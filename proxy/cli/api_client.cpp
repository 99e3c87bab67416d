#include "proxy/cli/api_client.h"

#include <curl/curl.h>

#include <cstdlib>
#include <memory>

#include "proxy/control/admin.h"

namespace brownout::cli {
namespace {

using Curl = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using Headers = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;
using Sink = std::function<bool(std::string_view)>;

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::size_t write(char* data, std::size_t, std::size_t size, void* sink) {
  return (*static_cast<Sink*>(sink))({data, size}) ? size : 0;
}

void add(Headers& headers, const std::string& line) {
  headers.reset(curl_slist_append(headers.release(), line.c_str()));
}

// `headers`, `sink` and `ca` outlive it.
Curl prepared(const std::string& url, const Headers& headers, Sink& sink, const std::string& ca) {
  Curl curl(curl_easy_init(), &curl_easy_cleanup);
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, &write);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &sink);
  // Whatever the environment says: it is this machine, mostly.
  curl_easy_setopt(curl.get(), CURLOPT_PROXY, "");
  if (!ca.empty()) curl_easy_setopt(curl.get(), CURLOPT_CAINFO, ca.c_str());
  return curl;
}

}  // namespace

rules::Result<ApiClient> ApiClient::make(const CtlOptions& options) {
  ApiClient client;
  client.url_ = options.url;
  for (const auto* name : {"BROWNOUT_URL", "TOXIPROXY_URL"}) {
    if (client.url_.empty()) client.url_ = from_environment(name);
  }
  if (client.url_.empty()) client.url_ = "http://127.0.0.1:8474";
  // Toxiproxy's clients take "localhost:8474" as well.
  if (client.url_.find("://") == std::string::npos) client.url_ = "http://" + client.url_;
  while (client.url_.ends_with('/')) client.url_.pop_back();
  client.ca_ = options.ca;
  client.token_ = from_environment("BROWNOUT_TOKEN");
  if (!options.token_file.empty()) {
    auto token = proxy::read_token(options.token_file);
    if (!token) return tl::unexpected(token.error());
    client.token_ = std::move(*token);
  }
  return client;
}

rules::Result<ApiClient::Answer> ApiClient::call(
    const std::string& method, const std::string& path, const nlohmann::ordered_json& body,
    const std::map<std::string, std::string>& more) const {
  Headers headers(nullptr, &curl_slist_free_all);
  add(headers, "Content-Type: application/json");
  if (!token_.empty()) add(headers, "Authorization: Bearer " + token_);
  for (const auto& [name, value] : more) add(headers, name + ": " + value);
  const auto sent = body.is_null() ? std::string() : body.dump();
  std::string text;
  Sink sink = [&](std::string_view part) {
    text += part;
    return true;
  };
  const auto curl = prepared(url_ + "/api/v1/" + path, headers, sink, ca_);
  curl_easy_setopt(curl.get(), CURLOPT_CUSTOMREQUEST, method.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, 30L);
  if (!sent.empty()) curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, sent.c_str());
  if (const auto code = curl_easy_perform(curl.get()); code != CURLE_OK) {
    return tl::unexpected(rules::Error{
        rules::Origin::kUpstream, "nobody answers at " + url_ + ": " + curl_easy_strerror(code),
        "start `brownout run`, or say where it is by --url"});
  }
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  auto json = nlohmann::ordered_json::parse(text, nullptr, false);
  if (!text.empty() && json.is_discarded()) {
    return tl::unexpected(rules::Error{rules::Origin::kUpstream,
                                       url_ + " is there, but no API of Brownout",
                                       "is that another server, or `brownout toxiproxy`?"});
  }
  return Answer{static_cast<int>(status), text.empty() ? nullptr : std::move(json)};
}

rules::Result<void> ApiClient::follow(const std::function<bool(const std::string&)>& take) const {
  Headers headers(nullptr, &curl_slist_free_all);
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
  const auto curl = prepared(url_ + "/api/v1/events", headers, sink, ca_);
  curl_easy_setopt(curl.get(), CURLOPT_FAILONERROR, 1L);
  const auto code = curl_easy_perform(curl.get());
  if (code == CURLE_OK || code == CURLE_WRITE_ERROR) return {};
  return tl::unexpected(
      rules::Error{rules::Origin::kUpstream, url_ + ": " + curl_easy_strerror(code)});
}

}  // namespace brownout::cli
