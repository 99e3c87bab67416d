// Reads and changes single members of the JSON in INFO and CONNECT.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace brownout::rules {

// "" or false if the member is missing or the text is not JSON.
std::string nats_json_text(std::string_view json, const char* member);
bool nats_json_flag(std::string_view json, const char* member);

// The JSON with the member set to `value`; "" if the text is not a JSON object.
std::string with_nats_flag(std::string_view json, const char* member, bool value);
std::string with_nats_texts(std::string_view json, const char* member,
                            const std::vector<std::string>& values);

// The client's settings in CONNECT; headers are always enabled.
struct NatsIntroduction {
  std::string name;
  std::string user;  // empty: no credentials
  std::string password;
  bool tls = false;
};
std::string nats_introduction(const NatsIntroduction& client);

}  // namespace brownout::rules
