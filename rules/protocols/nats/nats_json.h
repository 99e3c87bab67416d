// Functions that read and change single members of the JSON in the NATS messages INFO and CONNECT.
// Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace brownout::rules {

// Return the value of a member. "" or false means that the member is missing or the text is not
// JSON.
std::string nats_json_text(std::string_view json, const char* member);
bool nats_json_flag(std::string_view json, const char* member);

// Return the JSON with the member set to the new value; "" if the text is not a JSON object.
std::string with_nats_flag(std::string_view json, const char* member, bool value);
std::string with_nats_texts(std::string_view json, const char* member,
                            const std::vector<std::string>& values);

// The settings that a synthetic user (a client of a rehearsal) sends in CONNECT.
struct NatsIntroduction {
  std::string name;
  std::string user;  // empty if the client sends no credentials
  std::string password;
  bool tls = false;
};
std::string nats_introduction(const NatsIntroduction& client);

}  // namespace brownout::rules
