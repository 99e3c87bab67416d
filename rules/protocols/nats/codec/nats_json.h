// What INFO and CONNECT say, by members of their JSON.
#pragma once

#include <string>
#include <string_view>

namespace brownout::codecs {

// "" or false where there is no such member, or no JSON.
std::string nats_json_text(std::string_view json, const char* member);
bool nats_json_flag(std::string_view json, const char* member);

}  // namespace brownout::codecs
