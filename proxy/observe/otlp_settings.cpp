#include "proxy/observe/otlp_settings.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "proxy/loop/url.h"
#include "rules/base/diagnostics.h"
#include "rules/base/whole_number.h"
#include "rules/protocols/http1/http.h"

namespace brownout::proxy {
namespace {

constexpr std::int64_t kMostOtlpTimeout = 600'000;  // milliseconds

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

struct OtlpPair {
  std::size_t number;  // from 1
  std::string_view name;
  std::optional<std::string> value;  // none if there is no "="
};

// Splits a list "name=value,name=value" with percent-encoded values. Skips empty parts.
void for_each_pair(std::string_view text, const std::function<void(const OtlpPair&)>& visit) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto part = text.substr(0, text.find(','));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    if (trimmed(part).empty()) continue;
    const auto equals = part.find('=');
    OtlpPair pair{.number = number, .name = trimmed(part.substr(0, equals)), .value = {}};
    if (equals != std::string_view::npos) {
      pair.value = unescaped(std::string(trimmed(part.substr(equals + 1))));
    }
    visit(pair);
  }
}

// Signal-specific paths of OTLP. A base URL must not end with one of them.
constexpr std::array<std::string_view, 3> kSignalPaths{"/v1/traces", "/v1/metrics", "/v1/logs"};

rules::Result<std::string> base_of(std::string url) {
  if (!url.starts_with("http://") && !url.starts_with("https://")) {
    return rules::config_error("--otlp: " + rules::in_quotes(url) + " is not an HTTP URL",
                               "give the collector's base URL, e.g. http://127.0.0.1:4318");
  }
  while (url.ends_with('/')) url.pop_back();
  for (const auto path : kSignalPaths) {
    if (!url.ends_with(path)) continue;
    return rules::config_error(
        "--otlp: " + rules::in_quotes(url) + " ends with the path of a single signal",
        "give the collector's base URL, to which Brownout adds the path of each signal: " +
            url.substr(0, url.size() - path.size()));
  }
  return url;
}

void read_headers(OtlpSettings& settings, const std::string& text) {
  auto headers = otlp_headers(text);
  settings.headers = std::move(headers.lines);
  for (const auto number : headers.malformed) {
    settings.warnings.push_back(
        fmt::format("OTEL_EXPORTER_OTLP_HEADERS: pair {} is ignored: write NAME=VALUE, where NAME "
                    "is the name of a header",
                    number));
  }
}

void read_timeout(OtlpSettings& settings, const std::string& text) {
  if (text.empty()) return;
  const auto timeout = rules::parse_whole_number(text, kMostOtlpTimeout);
  if (timeout && *timeout > 0) {
    settings.timeout = std::chrono::milliseconds(*timeout);
    return;
  }
  settings.warnings.push_back(
      fmt::format("OTEL_EXPORTER_OTLP_TIMEOUT: {} is ignored: write a number of milliseconds from "
                  "1 to {}; the default of {} is used",
                  rules::in_quotes(text), kMostOtlpTimeout, settings.timeout.count()));
}

void set_attribute(OtlpAttributes& attributes, std::string name, std::string value) {
  const auto known = std::find_if(attributes.begin(), attributes.end(),
                                  [&](const auto& pair) { return pair.first == name; });
  if (known != attributes.end()) {
    known->second = std::move(value);
  } else {
    attributes.emplace_back(std::move(name), std::move(value));
  }
}

// Discards the whole list if it has an error, as the specification demands ("Resource SDK",
// Specifying resource information via an environment variable).
void read_attributes(OtlpSettings& settings, const std::string& text) {
  auto attributes = settings.attributes;
  std::size_t malformed = 0;
  for_each_pair(text, [&](const OtlpPair& pair) {
    if (pair.name.empty() || !pair.value) {
      malformed = pair.number;
    } else {
      set_attribute(attributes, std::string(pair.name), *pair.value);
    }
  });
  if (malformed == 0) {
    settings.attributes = std::move(attributes);
    return;
  }
  settings.warnings.push_back(fmt::format(
      "OTEL_RESOURCE_ATTRIBUTES is ignored: pair {} is not of the form NAME=VALUE", malformed));
}

}  // namespace

OtlpHeaders otlp_headers(std::string_view text) {
  OtlpHeaders headers;
  for_each_pair(text, [&](const OtlpPair& pair) {
    const auto header = rules::make_header(std::string(pair.name), pair.value.value_or(""));
    if (header && pair.value) {
      headers.lines.push_back(header->name + ": " + header->value);
    } else {
      headers.malformed.push_back(pair.number);
    }
  });
  return headers;
}

rules::Result<OtlpSettings> otlp_settings(std::string url, OtlpAttributes attributes,
                                          const OtlpVariable& variable) {
  auto base = base_of(std::move(url));
  if (!base) return tl::unexpected(base.error());
  OtlpSettings settings;
  settings.url = std::move(*base);
  settings.attributes = std::move(attributes);
  read_headers(settings, variable("OTEL_EXPORTER_OTLP_HEADERS"));
  read_timeout(settings, variable("OTEL_EXPORTER_OTLP_TIMEOUT"));
  read_attributes(settings, variable("OTEL_RESOURCE_ATTRIBUTES"));
  if (auto service = variable("OTEL_SERVICE_NAME"); !service.empty()) {
    set_attribute(settings.attributes, "service.name", std::move(service));
  }
  settings.ca_file = variable("OTEL_EXPORTER_OTLP_CERTIFICATE");
  if (settings.ca_file.empty()) settings.ca_file = variable("SSL_CERT_FILE");
  return settings;
}

}  // namespace brownout::proxy
