// Fuzzes the edits of bodies. The input is one byte that chooses the coding, a merge patch or a
// pointer, a NUL, and a body. The result of a patch must be that of nlohmann's merge_patch, and
// bytes that no edit means must stay.
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "rules/base/utf8.h"
#include "rules/protocols/http1/content_coding.h"
#include "rules/protocols/http1/regex_edit.h"
#include "rules/schema/json_text.h"
#include "tests/fuzz/require.h"

using namespace brownout;
using nlohmann::json;

namespace {

constexpr std::size_t kMost = 1 << 16;
constexpr const char* kHeaders[] = {"", "gzip", "deflate", "br", "gzip, br"};

// A body that can be decoded is encoded again, and then decodes to the same text.
void check_codings(const std::string& header, const std::string& body) {
  const auto plain = rules::decode_body(header, body, kMost);
  if (!plain) return;
  require(plain->text.size() <= kMost);
  const auto again = rules::encode_body(*plain);
  require(again.has_value());
  const auto twice = rules::decode_body(header, *again, kMost);
  require(twice && twice->text == plain->text);
}

void check_patch(const std::string& patch, const std::string& body) {
  if (!rules::is_merge_patch(patch)) return;
  auto edited = body;
  const bool changed = rules::merge_json(edited, patch);
  require(rules::is_json(edited));
  require(changed || edited == body);
  if (!json::accept(body)) return;
  auto expected = json::parse(body);
  expected.merge_patch(json::parse(patch));
  require(json::parse(edited) == expected);
}

void check_pointer(const std::string& text, const std::string& body) {
  // Pointers come from rule files, which are UTF-8.
  const auto pointer = rules::JsonPointer::parse(text);
  if (!pointer || !rules::is_utf8(text)) return;
  auto edited = body;
  if (rules::set_json(edited, *pointer, "[null]")) {
    require(rules::is_json(edited));
    // The value that was set can be replaced.
    const bool appended = !pointer->names().empty() && pointer->names().back() == "-";
    if (!appended) {
      auto back = edited;
      require(rules::set_json(back, *pointer, "[null]") && back == edited);
    }
  } else {
    require(edited == body);
  }
  edited = body;
  if (rules::remove_json(edited, *pointer)) {
    require(rules::is_json(edited) && edited.size() < body.size());
  } else {
    require(edited == body);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string all(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto middle = std::min(all.find('\0'), all.size());
  const auto edit = all.substr(0, middle);
  const auto body = all.substr(std::min(middle + 1, all.size()));
  check_codings(kHeaders[data[0] % std::size(kHeaders)], body);
  if (const auto regex = rules::RegexEdit::parse(edit, "<\\0>")) {
    const auto result = regex->apply(body, kMost);
    require(!result || result->size() >= body.size() + 2);
  }
  // The library refuses some JSON, such as numbers out of range. It takes a NUL for the end.
  if (json::accept(body) && body.find('\0') == body.npos) require(rules::is_json(body));
  if (!rules::is_json(body)) return 0;
  check_patch(edit, body);
  check_pointer(edit, body);
  return 0;
}
