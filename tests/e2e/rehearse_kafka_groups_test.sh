#!/usr/bin/env bash
# Tests rehearsals of consumer groups and transactions with Apache Kafka: lag and rebalances are measured, and the outages
# of a rebalance storm and of a lost coordinator, each with clients that are configured well and badly.
brownout=$1
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/kafka_lib.sh"
source "$(dirname "$0")/rehearsal_lib.sh"
source "$(dirname "$0")/rehearse_kafka_lib.sh"
start_kafka "num.partitions=3
group.min.session.timeout.ms=100"
warm_up

outage steady-group kafka-rebalance-storm 's/^kind = "kafka"/&\ntopic = "steady"/'
outage short-session kafka-rebalance-storm 's/^kind = "kafka"/&\ntopic = "short"/; s/^session_timeout = .*/session_timeout = "6s"/'
outage committed kafka-coordinator-lost 's/^kind = "kafka"/&\ntopic = "committed"/'
outage uncommitted kafka-coordinator-lost 's/^kind = "kafka"/&\ntopic = "uncommitted"/; s/read_committed/read_uncommitted/'
begin behind 'topic = "behind"' '[[rule]]
name = "nothing to read"
fault = { type = "kafka_lag", records = 0, empty = true }
[[expect]]
metric = "lag"
at_most = 2' 'rules = ["nothing to read"]'
begin storm 'topic = "storm"
session_timeout = "300ms"' '[[rule]]
name = "join again"
fault = { type = "kafka_rebalance" }
[[expect]]
metric = "rebalance_time"
at_most = "0s"
[[expect]]
metric = "rebalance_total"
at_most = "0s"' 'rules = ["join again"]'
begin producers 'topic = "producers"
consume = false' '[[expect]]
metric = "rebalance_time"
at_most = "0s"
[[expect]]
metric = "lag"
at_most = 0'
finish

code behind 1
says behind '^NOT MET .*lag at most 2: [1-9][0-9]* \([1-9][0-9]* messages of services [1-3] not read \(of 3 users\)\)'
pass "messages that are acknowledged and not read are a lag"
code storm 1
says storm '^NOT MET .*rebalance_time at most 0s: .* \([1-9][0-9]* rebalances? of services [1-3], the longest '
says storm '^NOT MET .*rebalance_total at most 0s: .* in all '
pass "times without partitions are measured, and added up"
code producers $unmeasured
says producers '^NOT MEASURED .*rebalance_time .*no user has a consumer in a group'
says producers '^NOT MEASURED .*lag .*no user has a consumer in a group'
pass "users without a consumer have neither"

code steady-group $ok
code short-session 1
says short-session '^NOT MET .*orders are read all the time'
pass "a rebalance storm: a group with a long session timeout keeps its partitions, one with a short one loses them"
code committed $ok
code uncommitted 1
says uncommitted '^NOT MET .*no message is doubled'
pass "a coordinator lost in mid-transaction: consumers of committed messages see each message once, others twice"
