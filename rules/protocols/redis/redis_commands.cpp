#include "rules/protocols/redis/redis_commands.h"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>

namespace brownout::rules {
namespace {

// Names of commands with the same properties, separated by commas.
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

constexpr std::string_view kRedisWithSubcommands =
    "acl,client,cluster,command,config,function,latency,memory,module,object,pubsub,script,"
    "sentinel,slowlog,xgroup,xinfo";
constexpr std::string_view kRedisSteering =
    "client reply,discard,exec,hello,monitor,multi,psubscribe,psync,punsubscribe,quit,replconf,"
    "reset,select,ssubscribe,subscribe,sunsubscribe,sync,unsubscribe,watch";

// Commands that write or publish a value: `at` is the index of the argument with the value, 0 for
// the last argument.
struct RedisValueGroup {
  int at;
  std::string_view names;
};
constexpr auto kRedisValueGroups = std::to_array<RedisValueGroup>({
    {0, "hmset,hset,lpush,lpushx,mset,msetnx,rpush,rpushx,sadd,xadd,zadd"},
    {1, "echo,ping"},
    {2, "append,getset,publish,set,setnx,spublish"},
    {3, "hsetnx,lset,psetex,restore,setex,setrange,smove"},
    {4, "linsert"},
});

template <class Take>
void for_each_name(std::string_view names, const Take& take) {
  while (!names.empty()) {
    const auto name = names.substr(0, names.find(','));
    take(name);
    names.remove_prefix(std::min(name.size() + 1, names.size()));
  }
}

}  // namespace

std::optional<std::size_t> RedisCommandRow::value(std::size_t arguments) const {
  if (value_at < 0 || arguments < 2) return std::nullopt;
  const auto at = value_at == 0 ? arguments - 1 : static_cast<std::size_t>(value_at);
  return at < arguments ? std::optional(at) : std::nullopt;
}

const RedisCommandRow& redis_command_row(std::string_view name) {
  static const auto rows = [] {
    std::unordered_map<std::string_view, RedisCommandRow> all;
    for (const auto& group : kRedisCommandGroups) {
      for_each_name(group.names, [&](std::string_view command) { all[command] = group.row; });
    }
    for (const auto& group : kRedisValueGroups) {
      for_each_name(group.names,
                    [&](std::string_view command) { all[command].value_at = group.at; });
    }
    for_each_name(kRedisWithSubcommands,
                  [&](std::string_view command) { all[command].flags |= kRedisHasSubcommands; });
    for_each_name(kRedisSteering,
                  [&](std::string_view command) { all[command].flags |= kRedisSteers; });
    for (auto& [command, row] : all) row.name = command;
    return all;
  }();
  static const RedisCommandRow none;
  const auto found = rows.find(name);
  return found != rows.end() ? found->second : none;
}

}  // namespace brownout::rules
