// Turns the decisions about SYNs (rules/engine/syn_plan.h) into a classic BPF program for a
// listening socket, where the kernel then discards SYNs as if they had been lost on the way. Most
// kernels ask no privilege for this. Safe on any thread.
//
// Where TPROXY leads packets to the socket, they keep their destination, so the program sees it. No
// nftables rule is needed there, and none would know the names of addresses.
//
// The program passes everything but segments with SYN and without ACK, so open connections and
// handshakes in progress go on.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "rules/engine/syn_plan.h"

namespace brownout::proxy {

using SynProgram = std::vector<sock_filter>;

// Returns the program; nothing if it would be longer than the kernel allows. Empty if no rule loses
// SYNs.
std::optional<SynProgram> compile_syn_filter(std::span<const rules::SynRule> rules);
// A program that discards everything, for a socket of datagrams.
SynProgram discard_all();

// Whether the kernel takes such programs from this process, for sockets of its own network.
bool kernel_filters_sockets();

// Gives a socket the program (SO_ATTACH_FILTER, socket(7)) in place of an earlier one; an empty
// program removes that. Returns false and sets errno if the kernel refuses it.
bool attach_filter(int socket, SynProgram program);
void detach_filter(int socket);
// Returns how many segments or datagrams the socket has discarded so far (SO_MEMINFO); nothing if
// the kernel does not count them.
std::optional<std::uint32_t> discarded_by(int socket);

}  // namespace brownout::proxy
