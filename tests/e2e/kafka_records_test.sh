#!/usr/bin/env bash
# Tests rules on Kafka records with Apache Kafka and librdkafka: they select requests by the records inside, and a
# producer or a consumer sees each kind of kafka_records.
brownout=$1
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/kafka_lib.sh"
need_kafka_client
start_kafka
direct create orders 1 >/dev/null
direct create once 1 >/dev/null
expect "three records" "3 delivered " direct put orders a,b,c compression.type=gzip

kafka chosen '[[rule]]
match = { key = "b*" }
fault = { type = "reject", error = "POLICY_VIOLATION" }
[[rule]]
match = { header = { tenant = "z*" }, direction = "upstream" }
fault = { type = "reject", error = "POLICY_VIOLATION" }
[[rule]]
match = { text = "value-bad*" }
fault = { type = "reject", error = "POLICY_VIOLATION" }'
expect "a batch with a selected key" "2 POLICY_VIOLATION " client put once x,b1 compression.type=zstd
expect "a batch with a selected header" "1 POLICY_VIOLATION " client put once z compression.type=lz4
expect "a batch with a selected text" "1 POLICY_VIOLATION " client put once bad compression.type=snappy
expect "a batch without" "0 " direct count once
expect "no batch is selected" "0:a=value-a 1:b=value-b 2:c=value-c " direct read orders 0 5
pass "match by key, header and text of records that are compressed"

kafka downstream '[[rule]]
match = { direction = "downstream" }
fault = { type = "kafka_records", how = "drop", topic = "orders", key = "b" }
[[rule]]
match = { direction = "downstream" }
fault = { type = "kafka_records", how = "duplicate", header = { tenant = "c" } }
[[rule]]
match = { direction = "downstream" }
fault = { type = "kafka_records", how = "poison", key = "a", value = "<not json>" }
[[rule]]
match = { direction = "downstream" }
fault = { type = "kafka_records", how = "timestamp", key = "c", shift = "-3h" }'
expect "a consumer" "0:a=<not json> 2:c=value-c@3h 2:c=value-c@3h " client read orders 0 5 check.crcs=true
expect "the topic itself" "0:a=value-a 1:b=value-b 2:c=value-c " direct read orders 0 5
pass "a consumer misses, doubles and misreads records, and goes on behind them"

kafka gone '[[rule]]
match = { direction = "downstream" }
fault = { type = "kafka_records", how = "drop" }'
expect "a consumer without records" "" client read orders 0 5
kafka damaged '[[rule]]
match = { direction = "downstream" }
fault = { type = "kafka_records", how = "corrupt" }'
expect "a consumer that checks CRCs" "_BAD_MSG *" client read orders 0 1 check.crcs=true
expect "a consumer that does not" "0:a=value-a 1:b=value-b 2:c=value-c " client read orders 0 5 check.crcs=false
pass "a consumer finds a wrong CRC, if it checks"

kafka refused '[[rule]]
match = { topic = "once", direction = "upstream" }
fault = { type = "kafka_records", how = "corrupt", key = "crc" }
[[rule]]
match = { topic = "once", direction = "upstream" }
fault = { type = "kafka_records", how = "timestamp", key = "future", shift = "48h" }'
expect "a broker that checks CRCs" "1 INVALID_MSG " client put once crc retries=0
expect "a broker that checks timestamps" "1 INVALID_TIMESTAMP " client put once future retries=0
expect "another record" "1 delivered " client put once fine
pass "a broker refuses a wrong CRC and a timestamp in the future"

direct create numbered 1 >/dev/null
kafka numbered '[[rule]]
match = { direction = "upstream" }
fault = { type = "kafka_records", how = "drop", topic = "numbered", key = "~[02]$" }
[[rule]]
match = { direction = "upstream" }
fault = { type = "kafka_records", how = "duplicate", topic = "numbered", key = "~3$", copies = 2 }
[[rule]]
match = { direction = "upstream" }
fault = { type = "replace", text = "new" }'
for _ in 1 2 3; do
  expect "an idempotent producer" "4 delivered " client put numbered k0,k1,k2,k3 enable.idempotence=true batch.num.messages=1
done
expect "records that are left" "0:k1=new 1:k3=new 2:k3=new 3:k3=new 4:k1=new *11:k3=new " direct read numbered 0 5
pass "an idempotent producer notices neither lost nor doubled records"
