// What INFO and CONNECT say, by members of their JSON.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace brownout::rules {

// "" or false where there is no such member, or no JSON.
std::string nats_json_text(std::string_view json, const char* member);
bool nats_json_flag(std::string_view json, const char* member);

// The same with this member instead of its own, or added; "" where it is no JSON object.
std::string with_nats_flag(std::string_view json, const char* member, bool value);
std::string with_nats_texts(std::string_view json, const char* member,
                            const std::vector<std::string>& values);

// What a client says of itself in CONNECT, which has asked for headers.
struct NatsIntroduction {
  std::string name;
  std::string user;  // empty: it says none
  std::string password;
  bool tls = false;
};
std::string nats_introduction(const NatsIntroduction& client);

}  // namespace brownout::rules
