# Functions for tests with several networks connected by veth pairs, in addition to lib.sh.

# network NAME: creates a network namespace for the duration of the test.
# inside NAME COMMAND...: runs a command in that namespace.
declare -A holders
left_ours() { [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }
network() {
  unshare --net sleep 600 &
  holders[$1]=$!
  pids+=("$!")
  wait_for 5 left_ours "$!" || fail "network $1: expected a new network namespace within 5 s, but the process did not leave the script's own"
  inside "$1" ip link set lo up
}
inside() { local name=$1; shift; nsenter --target "${holders[$name]}" --net "$@"; }
# start_inside NAME NETWORK COMMAND...: like start in lib.sh, but inside the network.
start_inside() { local name=$1 where=$2; shift 2; start "$name" nsenter --target "${holders[$where]}" --net "$@"; }

# link GATEWAY NETWORK PREFIX PREFIX6: connects two networks by a veth pair. The gateway's end has
# the name to-NETWORK and the addresses PREFIX.1 and PREFIX6::1. The other end has .2 and ::2.
link() {
  inside "$1" ip link add "to-$2" type veth peer name eth0 netns "/proc/${holders[$2]}/ns/net"
  inside "$1" ip addr add "$3.1/24" dev "to-$2"
  inside "$1" ip -6 addr add "$4::1/64" dev "to-$2" nodad
  inside "$1" ip link set "to-$2" up
  inside "$2" ip addr add "$3.2/24" dev eth0
  inside "$2" ip -6 addr add "$4::2/64" dev eth0 nodad
  inside "$2" ip link set eth0 up
  inside "$2" ip route add default via "$3.1"
  inside "$2" ip -6 route add default via "$4::1"
}
forward() { inside "$1" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'; }
