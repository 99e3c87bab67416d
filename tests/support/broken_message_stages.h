// Message stages with one bug each, to test that the checks detect it (see broken_stages.h).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "rules/engine/delay_line.h"
#include "rules/protocols/xmpp/xmpp_message.h"

namespace brownout::test {

using namespace rules;

class DropsOneMessage final : public Stage {
 public:
  void push(Chunk chunk, Instant now, Output& out) override {
    if (++count_ != 3) out.emit(std::move(chunk), now);
  }

 private:
  int count_ = 0;
};

class MakesOneMessage final : public Stage {
 public:
  void push(Chunk chunk, Instant now, Output& out) override {
    if (++count_ == 3) out.emit(chunk, now);
    out.emit(std::move(chunk), now);
  }

 private:
  int count_ = 0;
};

class MergesTwoMessages final : public Stage {
 public:
  void push(Chunk chunk, Instant now, Output& out) override {
    if (++count_ == 3) {
      first_ = std::move(chunk);
      return;
    }
    if (count_ != 4) return out.emit(std::move(chunk), now);
    std::string both;
    for (const auto* part : {&first_, &chunk}) {
      for (const auto byte : part->bytes()) both += static_cast<char>(byte);
    }
    out.emit(Chunk::of(std::as_bytes(std::span(both)),
                       std::make_shared<const Message>(*chunk.message())),
             now);
  }
  void release(Instant now, Output& out) override {
    if (count_ == 3) out.emit(std::move(first_), now);
  }

 private:
  int count_ = 0;
  Chunk first_;
};

class ReordersMessages final : public Stage {
 public:
  void push(Chunk chunk, Instant now, Output& out) override {
    held_.push_back(std::move(chunk));
    if (held_.size() == 2) release(now, out);
  }
  void release(Instant now, Output& out) override {
    for (; !held_.empty(); held_.pop_back()) out.emit(std::move(held_.back()), now);
  }

 private:
  std::vector<Chunk> held_;
};

class KeepsMessagesOnRelease final : public HoldingStage {
 public:
  void push(Chunk chunk, Instant now, Output& out) override {
    hold(std::move(chunk), later(now, std::chrono::hours(1)), now, out);
  }
  void release(Instant, Output&) override {}
};

// Keeps a copy of each message. Copies count as held bytes.
class HoardsMessages final : public Stage {
 public:
  void push(Chunk chunk, Instant now, Output& out) override {
    hoard().push_back(chunk);
    out.emit(std::move(chunk), now);
  }
  static std::vector<Chunk>& hoard() {
    static std::vector<Chunk> chunks;
    return chunks;
  }
};

class EmitsMalformedXml final : public Stage {
 public:
  void push(Chunk, Instant now, Output& out) override {
    out.emit(xmpp_chunk("<message", XmppElement::kMessage), now);
  }
};

class AltersMessages final : public Stage {
 public:
  void push(Chunk chunk, Instant now, Output& out) override {
    auto other = with_text(chunk, "other");
    out.emit(other ? std::move(*other) : std::move(chunk), now);
  }
};

class RemembersOtherConnections final : public Stage {
 public:
  RemembersOtherConnections() : delay_(++made() * std::chrono::milliseconds(1)) {}
  void push(Chunk chunk, Instant now, Output& out) override {
    out.note({.action = "delay", .delay = delay_}, now);
    out.emit(std::move(chunk), now);
  }

 private:
  static int& made() {
    static int count = 0;
    return count;
  }
  Duration delay_;
};

class EndsOnRelease final : public Stage {
 public:
  void push(Chunk chunk, Instant now, Output& out) override { out.emit(std::move(chunk), now); }
  void release(Instant now, Output& out) override { out.finish(now); }
};

}  // namespace brownout::test
