// Puts the text of each file that a fault or listener names in place of its path. So the readers of
// keys (rules/schema/file_text.h) need no I/O. Pure function; any thread.
#pragma once

#include <functional>
#include <string>

#include "rules/schema/node.h"

namespace brownout::rules {

using FileReader = std::function<FileText(const std::string& path)>;

// Returns the document of a rule file with the files that its listeners and faults name, and that
// the phases of a rehearsal give to its faults. Reads each path once.
Node with_file_texts(Node document, const FileReader& read);

}  // namespace brownout::rules
