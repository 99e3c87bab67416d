// Modifies a refusal for a client that retries too early, before the time in an earlier Retry-After
// header has passed. Shared by the faults that answer with Retry-After. Pure; any thread.
#pragma once

#include "rules/engine/stage.h"
#include "rules/protocols/http1/retry_after.h"

namespace brownout::rules {

// Returns the entry for the event log (Note) about a refusal. `left` is the time that the client
// must still wait; zero if the client is not early. If it is early, sets Retry-After of `answer` to
// `left` and marks the entry as an early retry.
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
