// The answer to a client that comes back before its Retry-After, shared by the faults that answer
// with Retry-After. Pure; any thread.
#pragma once

#include "rules/engine/stage.h"
#include "rules/protocols/http1/retry_after.h"

namespace brownout::rules {

// Returns the answer's entry for the event log. `left` is the time that an early client must still
// wait; zero for a client that is not early. The answer of an early client gets it as Retry-After.
inline Note note_of_refusal(Note note, Duration left, HttpAnswer& answer) {
  if (left == Duration::zero()) return note;
  std::erase_if(answer.headers,
                [](const auto& header) { return same_header_name(header.name, "retry-after"); });
  answer.headers.push_back({"retry-after", retry_after_seconds(left)});
  note.action = "refuse early retry";
  note.delay = {};
  note.early = true;
  return note;
}

}  // namespace brownout::rules
