// Replaces, in a rule file, the path of each file that a fault or listener names by the text of
// that file. The functions that parse such keys (rules/schema/file_text.h) then need no I/O. Pure,
// apart from `read`; any thread.
#pragma once

#include <functional>
#include <string>

#include "rules/schema/node.h"

namespace brownout::rules {

using FileReader = std::function<FileText(const std::string& path)>;

// Returns the document with the texts of all files that its listeners, its faults and the phases of
// its rehearsal name. Reads each path once.
Node with_file_texts(Node document, const FileReader& read);

}  // namespace brownout::rules
