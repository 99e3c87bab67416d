#include "proxy/net/syn_filter.h"

#include <linux/if_ether.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <limits>

#include "proxy/loop/fd.h"

namespace brownout::proxy {
namespace {

using rules::PortRange;
using rules::Prefix;
using rules::SynClause;
using rules::SynDraw;
using rules::SynHash;

constexpr std::uint16_t kLoad = BPF_LD | BPF_MEM;
constexpr std::uint16_t kLoadIndex = BPF_LDX | BPF_MEM;
constexpr std::uint16_t kLoadWord = BPF_LD | BPF_W | BPF_ABS;
constexpr std::uint16_t kLoadHalf = BPF_LD | BPF_H | BPF_ABS;
constexpr std::uint16_t kLoadByte = BPF_LD | BPF_B | BPF_ABS;
constexpr std::uint16_t kImmediate = BPF_LD | BPF_IMM;
constexpr std::uint16_t kAnd = BPF_ALU | BPF_AND | BPF_K;
constexpr std::uint16_t kMultiply = BPF_ALU | BPF_MUL | BPF_K;
constexpr std::uint16_t kShiftRight = BPF_ALU | BPF_RSH | BPF_K;
constexpr std::uint16_t kXorIndex = BPF_ALU | BPF_XOR | BPF_X;
constexpr std::uint16_t kToIndex = BPF_MISC | BPF_TAX;
constexpr std::uint16_t kEqual = BPF_JMP | BPF_JEQ | BPF_K;
constexpr std::uint16_t kAtLeast = BPF_JMP | BPF_JGE | BPF_K;
constexpr std::uint16_t kMoreThan = BPF_JMP | BPF_JGT | BPF_K;
constexpr std::uint16_t kJump = BPF_JMP | BPF_JA;
constexpr std::uint16_t kReturn = BPF_RET | BPF_K;

constexpr std::uint32_t kKeepAll = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint32_t kFlagsOffset = 13;  // of a TCP header (RFC 9293, section 3.1)
constexpr std::uint32_t kSynFlag = 0x02;
constexpr std::uint32_t kSynOrAckFlag = 0x12;

// Slots in the BPF program's scratch memory (32 bits each). An address, in IPv6 or IPv4-mapped
// form, takes four slots.
enum Slot : std::uint32_t {
  kSource = 0,
  kTarget = 4,
  kSourcePort = 8,
  kTargetPort,
  kSequence,
  kV4
};

constexpr std::uint32_t net(std::uint32_t offset) {
  return static_cast<std::uint32_t>(SKF_NET_OFF) + offset;
}
constexpr std::uint32_t special(std::uint32_t offset) {
  return static_cast<std::uint32_t>(SKF_AD_OFF) + offset;
}

std::uint32_t word_of(const rules::IpAddress& address, std::size_t index) {
  std::uint32_t word = 0;
  for (std::size_t i = 4 * index; i < 4 * index + 4; ++i) word = word << 8 | address.bytes.at(i);
  return word;
}

// Writes a program. Jumps are forward only, to labels that are placed later.
class Assembler {
 public:
  using Label = std::size_t;

  Label label() {
    targets_.push_back(0);
    return targets_.size() - 1;
  }
  void place(Label label) { targets_[label] = program_.size(); }
  void add(std::uint16_t code, std::uint32_t value = 0) { program_.push_back({code, 0, 0, value}); }
  void jump(Label to) {
    jumps_.push_back({program_.size(), to});
    add(kJump);
  }
  // Jumps if the accumulator meets the condition. The offset of a condition has only 8 bits, so a
  // long jump follows it.
  void jump_if(std::uint16_t condition, std::uint32_t value, Label to) {
    program_.push_back({condition, 0, 1, value});
    jump(to);
  }
  void jump_unless(std::uint16_t condition, std::uint32_t value, Label to) {
    program_.push_back({condition, 1, 0, value});
    jump(to);
  }
  SynProgram finished() {
    for (const auto& [at, to] : jumps_) {
      program_[at].k = static_cast<std::uint32_t>(targets_[to] - at - 1);
    }
    return std::move(program_);
  }

 private:
  SynProgram program_;
  std::vector<std::size_t> targets_;
  std::vector<std::pair<std::size_t, Label>> jumps_;
};

class SynCompiler {
 public:
  SynProgram run(std::span<const rules::SynRule> rules) {
    load_facts();
    for (const auto& rule : rules) add_rule(rule);
    code_.place(pass_);
    code_.add(kReturn, kKeepAll);
    code_.place(lose_);
    code_.add(kReturn, 0);
    return code_.finished();
  }

 private:
  void store(std::uint32_t slot) { code_.add(BPF_ST, slot); }
  void copy(std::uint32_t slot, std::uint16_t load, std::uint32_t offset) {
    code_.add(load, offset);
    store(slot);
  }

  void load_facts() {
    code_.add(kLoadByte, kFlagsOffset);
    code_.add(kAnd, kSynOrAckFlag);
    code_.jump_unless(kEqual, kSynFlag, pass_);
    copy(kSourcePort, kLoadHalf, 0);
    copy(kTargetPort, kLoadHalf, 2);
    copy(kSequence, kLoadWord, 4);
    const auto v6 = code_.label();
    const auto ready = code_.label();
    code_.add(kLoadHalf, special(SKF_AD_PROTOCOL));
    code_.jump_unless(kEqual, ETH_P_IP, v6);
    load_v4(kSource, 12);
    load_v4(kTarget, 16);
    copy(kV4, kImmediate, 1);
    code_.jump(ready);
    code_.place(v6);
    code_.jump_unless(kEqual, ETH_P_IPV6, pass_);
    for (std::uint32_t i = 0; i < 4; ++i) {
      copy(kSource + i, kLoadWord, net(8 + 4 * i));
      copy(kTarget + i, kLoadWord, net(24 + 4 * i));
    }
    copy(kV4, kImmediate, 0);
    code_.place(ready);
  }

  // Stores an IPv4 address in its mapped form (RFC 4291, section 2.5.5.2).
  void load_v4(std::uint32_t slot, std::uint32_t offset) {
    copy(slot, kImmediate, 0);
    copy(slot + 1, kImmediate, 0);
    copy(slot + 2, kImmediate, 0xffff);
    copy(slot + 3, kLoadWord, net(offset));
  }

  void add_rule(const rules::SynRule& rule) {
    const auto over = code_.label();
    for (const auto& clause : rule.clauses) {
      const auto next = code_.label();
      if (clause.v4) {
        code_.add(kLoad, kV4);
        code_.jump_unless(kEqual, *clause.v4 ? 1 : 0, next);
      }
      require_address(kSource, clause.client, next);
      require_port(kSourcePort, clause.client_port, next);
      require_address(kTarget, clause.destination, next);
      if (clause.named) {
        if (clause.named->empty()) code_.jump(next);
        require_address(kTarget, *clause.named, next);
      }
      require_port(kTargetPort, clause.port, next);
      require_draw(clause.draw, next);
      code_.jump(clause.loses ? lose_ : over);
      code_.place(next);
    }
    code_.place(over);
  }

  // Emits code that continues if the address is in one of the prefixes (or if there are none), and
  // else jumps to `otherwise`.
  void require_address(std::uint32_t slot, const std::vector<Prefix>& prefixes,
                       Assembler::Label otherwise) {
    if (prefixes.empty()) return;
    const auto found = code_.label();
    for (const auto& prefix : prefixes) {
      const auto next = code_.label();
      // Compares the last 32 bits first, in which addresses differ most.
      for (std::size_t i = 4; i-- > 0;) {
        const auto bits = static_cast<int>(prefix.length) - 32 * static_cast<int>(i);
        if (bits <= 0) continue;
        code_.add(kLoad, slot + static_cast<std::uint32_t>(i));
        if (bits < 32) code_.add(kAnd, kKeepAll << (32 - bits));
        code_.jump_unless(kEqual, word_of(prefix.network, i), next);
      }
      code_.jump(found);
      code_.place(next);
    }
    code_.jump(otherwise);
    code_.place(found);
  }

  void require_port(std::uint32_t slot, const std::vector<PortRange>& ranges,
                    Assembler::Label otherwise) {
    if (ranges.empty()) return;
    const auto found = code_.label();
    code_.add(kLoad, slot);
    for (const auto& range : ranges) {
      const auto next = code_.label();
      code_.jump_unless(kAtLeast, range.first, next);
      code_.jump_unless(kMoreThan, range.last, found);
      code_.place(next);
    }
    code_.jump(otherwise);
    code_.place(found);
  }

  void require_draw(const SynDraw& draw, Assembler::Label otherwise) {
    const auto threshold = syn_threshold(draw);
    if (!threshold) return;
    if (draw.per == SynDraw::Per::kSegment) {
      code_.add(kLoadWord, special(SKF_AD_RANDOM));
    } else {
      hash(draw);
    }
    code_.jump_if(kAtLeast, *threshold, otherwise);
  }

  // Emits code that computes syn_number() into the accumulator.
  void hash(const SynDraw& draw) {
    std::vector<std::uint32_t> slots{kSource, kSource + 1, kSource + 2, kSource + 3};
    if (draw.per == SynDraw::Per::kConnection) {
      slots.push_back(kSourcePort);
      slots.push_back(kSequence);
    }
    code_.add(kImmediate, draw.seed);
    for (const auto slot : slots) {
      code_.add(kLoadIndex, slot);
      code_.add(kXorIndex);
      mix(SynHash::kStep, SynHash::kStepShift);
    }
    mix(SynHash::kFirst, SynHash::kFirstShift);
    mix(SynHash::kSecond, SynHash::kSecondShift);
  }

  void mix(std::uint32_t factor, int shift) {
    code_.add(kMultiply, factor);
    code_.add(kToIndex);
    code_.add(kShiftRight, static_cast<std::uint32_t>(shift));
    code_.add(kXorIndex);
  }

  Assembler code_;
  const Assembler::Label pass_ = code_.label();
  const Assembler::Label lose_ = code_.label();
};

}  // namespace

std::optional<SynProgram> compile_syn_filter(std::span<const rules::SynRule> rules) {
  if (rules.empty()) return SynProgram{};
  auto program = SynCompiler().run(rules);
  if (program.size() > BPF_MAXINSNS) return std::nullopt;
  return program;
}

SynProgram discard_all() { return {{kReturn, 0, 0, 0}}; }

bool kernel_filters_sockets() {
  // Tries a filter on a TCP socket. Some kernels require CAP_NET_ADMIN for it, but not for UDP
  // sockets.
  const Fd probe(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return probe && attach_filter(probe.get(), discard_all()) && discarded_by(probe.get());
}

bool attach_filter(int socket, SynProgram program) {
  if (program.empty()) {
    detach_filter(socket);
    return true;
  }
  const sock_fprog all{static_cast<unsigned short>(program.size()), program.data()};
  return setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &all, sizeof all) == 0;
}

void detach_filter(int socket) {
  const int ignored = 0;
  setsockopt(socket, SOL_SOCKET, SO_DETACH_FILTER, &ignored, sizeof ignored);
}

std::optional<std::uint32_t> discarded_by(int socket) {
  std::array<std::uint32_t, SK_MEMINFO_VARS> info{};
  socklen_t size = sizeof info;
  if (getsockopt(socket, SOL_SOCKET, SO_MEMINFO, info.data(), &size) != 0 || size < sizeof info)
    return std::nullopt;
  return info[SK_MEMINFO_DROPS];
}

}  // namespace brownout::proxy
