#include "rules/protocols/redis/redis_commands.h"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>

namespace brownout::rules {
namespace {

// Commands that have the same row, with commas between them.
struct RedisCommandGroup {
  RedisCommandRow row;
  std::string_view names;
};
constexpr auto kRedisCommandGroups = std::to_array<RedisCommandGroup>({
    {{kRedisWhileLoading},
     "acl cat,acl deluser,acl dryrun,acl genpass,acl getuser,acl help,acl list,acl load,"
     "acl log,acl save,acl setuser,acl users,acl whoami,client caching,client getname,"
     "client getredir,client help,client id,client info,client kill,client list,"
     "client no-evict,client pause,client reply,client setname,client tracking,"
     "client trackinginfo,client unblock,client unpause,cluster help,command,command count,"
     "command docs,command getkeys,command getkeysandflags,command help,command info,"
     "command list,config get,config help,config resetstat,config rewrite,config set,debug,"
     "echo,exec,function help,info,lastsave,latency doctor,latency graph,latency help,"
     "latency histogram,latency history,latency latest,latency reset,memory help,"
     "module help,monitor,object help,psubscribe,publish,pubsub channels,pubsub help,"
     "pubsub numpat,pubsub numsub,pubsub shardchannels,pubsub shardnumsub,punsubscribe,"
     "readonly,readwrite,role,script help,select,slowlog get,slowlog help,slowlog len,"
     "slowlog reset,subscribe,time,unsubscribe,xgroup help,xinfo help"},
    {{kRedisWrites | kRedisGrows, 1, 1},
     "append,bitfield,decr,decrby,geoadd,georadius,georadiusbymember,getset,hincrby,"
     "hincrbyfloat,hmset,hset,hsetnx,incr,incrby,incrbyfloat,linsert,lpush,lpushx,lset,"
     "pfadd,psetex,restore,restore-asking,rpush,rpushx,sadd,set,setbit,setex,setnx,setrange,"
     "sort,xadd,xsetid,zadd,zincrby"},
    {{kRedisWhileLoading | kRedisWhileBusy | kRedisUnauthenticated}, "auth,hello,quit,reset"},
    {{0, 1, 1},
     "bitcount,bitfield_ro,bitpos,dump,expiretime,geodist,geohash,geopos,georadius_ro,"
     "georadiusbymember_ro,geosearch,get,getbit,getrange,hexists,hget,hgetall,hkeys,hlen,"
     "hmget,hrandfield,hscan,hstrlen,hvals,lindex,llen,lpos,lrange,pexpiretime,pttl,scard,"
     "sismember,smembers,smismember,sort_ro,srandmember,sscan,strlen,substr,ttl,type,xlen,"
     "xpending,xrange,xrevrange,zcard,zcount,zlexcount,zmscore,zrandmember,zrange,"
     "zrangebylex,zrangebyscore,zrank,zrevrange,zrevrangebylex,zrevrangebyscore,zrevrank,"
     "zscan,zscore"},
    {{kRedisWrites | kRedisGrows, 2, -1}, "bitop"},
    {{kRedisWrites | kRedisGrows, 1, 2}, "copy,geosearchstore,lmove,rpoplpush,zrangestore"},
    {{kRedisWrites | kRedisGrows | kRedisBlocks, 1, 2}, "blmove,brpoplpush"},
    {{kRedisWrites | kRedisBlocks, 0, 0, 1, 2}, "blmpop,bzmpop"},
    {{kRedisWrites | kRedisBlocks, 1, -2}, "blpop,brpop,bzpopmax,bzpopmin"},
    {{kRedisWrites, 1, -1}, "del,unlink"},
    {{kRedisWhileLoading | kRedisWhileBusy}, "discard,multi,replconf,shutdown,unwatch"},
    {{0, 0, 0, 1, 2}, "eval,eval_ro,evalsha,evalsha_ro,fcall,fcall_ro"},
    {{0, 1, -1}, "exists,mget,pfcount,sdiff,sinter,sunion,touch"},
    {{kRedisWrites, 1, 1},
     "expire,expireat,getdel,getex,hdel,lpop,lrem,ltrim,move,persist,pexpire,pexpireat,rpop,"
     "spop,srem,xack,xautoclaim,xclaim,xdel,xtrim,zpopmax,zpopmin,zrem,zremrangebylex,"
     "zremrangebyrank,zremrangebyscore"},
    {{kRedisWrites}, "flushall,flushdb,function delete,function flush,swapdb"},
    {{kRedisWhileBusy}, "function kill,function stats,script kill"},
    {{kRedisWrites | kRedisGrows}, "function load,function restore"},
    {{0, 1, 2}, "lcs"},
    {{kRedisWrites, 0, 0, 1, 1}, "lmpop,zmpop"},
    {{0, 2, 2},
     "memory usage,object encoding,object freq,object idletime,object refcount,"
     "xinfo consumers,xinfo groups,xinfo stream"},
    {{kRedisWrites, 3, 3}, "migrate"},
    {{kRedisWrites | kRedisGrows, 1, -1, 2}, "mset,msetnx"},
    {{kRedisWrites | kRedisGrows, 2, 2}, "pfdebug,xgroup create,xgroup createconsumer"},
    {{kRedisWrites | kRedisGrows, 1, -1}, "pfmerge,sdiffstore,sinterstore,sunionstore"},
    {{kRedisWrites, 1, 2}, "rename,renamenx,smove"},
    {{0, 0, 0, 1, 1}, "sintercard,zdiff,zinter,zintercard,zunion"},
    {{kRedisWhileLoading}, "spublish,ssubscribe,sunsubscribe"},
    {{kRedisWhileLoading | kRedisWhileBusy, 1, -1}, "watch"},
    {{kRedisWrites, 2, 2}, "xgroup delconsumer,xgroup destroy,xgroup setid"},
    {{0, 0, 0, 1, 0, true}, "xread"},
    {{kRedisWrites, 0, 0, 1, 0, true}, "xreadgroup"},
    {{kRedisWrites | kRedisGrows, 1, 1, 1, 2}, "zdiffstore,zinterstore,zunionstore"},
    {{kRedisBlocks}, "wait"},
});

constexpr std::array kRedisWithSubcommands = std::to_array<std::string_view>(
    {"acl", "client", "cluster", "command", "config", "function", "latency", "memory", "module",
     "object", "pubsub", "script", "sentinel", "slowlog", "xgroup", "xinfo"});

// The value of a command: an argument, or 0 for the last one.
struct RedisValueGroup {
  std::size_t at;
  std::string_view names;
};
constexpr auto kRedisValueGroups = std::to_array<RedisValueGroup>({
    {0, "hmset,hset,lpush,lpushx,mset,msetnx,rpush,rpushx,sadd,xadd,zadd"},
    {1, "echo,ping"},
    {2, "append,getset,publish,set,setnx,spublish"},
    {3, "hsetnx,lset,psetex,restore,setex,setrange,smove"},
    {4, "linsert"},
});

// Calls `take` with each name.
template <class Take>
void for_each_name(std::string_view names, const Take& take) {
  while (!names.empty()) {
    const auto name = names.substr(0, names.find(','));
    take(name);
    names.remove_prefix(std::min(name.size() + 1, names.size()));
  }
}

}  // namespace

const RedisCommandRow& redis_command_row(std::string_view name) {
  static const auto rows = [] {
    std::unordered_map<std::string_view, RedisCommandRow> all;
    for (const auto& group : kRedisCommandGroups) {
      for_each_name(group.names, [&](std::string_view one) { all.emplace(one, group.row); });
    }
    return all;
  }();
  static const RedisCommandRow none;
  const auto found = rows.find(name);
  return found != rows.end() ? found->second : none;
}

bool has_redis_subcommands(std::string_view first_word) {
  return std::binary_search(kRedisWithSubcommands.begin(), kRedisWithSubcommands.end(), first_word);
}

std::optional<std::size_t> redis_value_at(std::string_view name, std::size_t arguments) {
  static const auto places = [] {
    std::unordered_map<std::string_view, std::size_t> all;
    for (const auto& group : kRedisValueGroups) {
      for_each_name(group.names, [&](std::string_view one) { all.emplace(one, group.at); });
    }
    return all;
  }();
  const auto found = places.find(name);
  if (found == places.end() || arguments < 2) return std::nullopt;
  const auto at = found->second == 0 ? arguments - 1 : found->second;
  return at < arguments ? std::optional(at) : std::nullopt;
}

}  // namespace brownout::rules
