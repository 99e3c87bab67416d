// Compiles rules that drop SYNs (rules/engine/syn_plan.h) into a classic BPF program for a
// listening socket. The kernel then discards these SYNs, so clients see connects that hang. Most
// kernels require no privilege for this. Safe on any thread.
//
// Packets that TPROXY diverts to the socket keep their original destination address, so the program
// can match on it.
//
// The program passes all segments except those with SYN and without ACK, so open connections and
// handshakes in progress continue.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "rules/engine/syn_plan.h"

namespace brownout::proxy {

using SynProgram = std::vector<sock_filter>;

// Returns the program; nothing if it would be longer than the kernel allows. The program is empty
// if no rule drops SYNs.
std::optional<SynProgram> compile_syn_filter(std::span<const rules::SynRule> rules);
// Returns a program that discards all datagrams, for a UDP socket.
SynProgram discard_all();

// Whether the kernel lets this process attach such programs to sockets of its own network
// namespace.
bool kernel_filters_sockets();

// Attaches the program to a socket (SO_ATTACH_FILTER, socket(7)) in place of an earlier one. An
// empty program detaches the earlier one. Returns false and sets errno if the kernel refuses it.
bool attach_filter(int socket, SynProgram program);
void detach_filter(int socket);
// Returns how many segments or datagrams the socket has discarded so far (SO_MEMINFO); nothing if
// the kernel does not count them.
std::optional<std::uint32_t> discarded_by(int socket);

}  // namespace brownout::proxy
