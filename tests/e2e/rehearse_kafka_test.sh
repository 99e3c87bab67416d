#!/usr/bin/env bash
# Tests rehearsals with Kafka users and Apache Kafka: messages that are lost, doubled or late are counted end to end,
# and the outage of a leader election.
brownout=$1
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/kafka_lib.sh"
source "$(dirname "$0")/rehearsal_lib.sh"
source "$(dirname "$0")/rehearse_kafka_lib.sh"
start_kafka "num.partitions=3
group.min.session.timeout.ms=100"
warm_up

begin plain 'topic = "plain"'
begin transactions 'topic = "transactions"
transactional = true'
begin producers 'topic = "producers"
acks = "1"
consume = false'
begin contradiction 'topic = "producers"
acks = "0"
idempotent = true'
finish
code plain $ok
code transactions $ok
code producers $ok
pass "nothing is lost, doubled or out of order; also in transactions, and without consumers"
code contradiction 23
says contradiction 'acks.* must be set to .all. when .enable.idempotence. is true'
pass "settings that contradict each other are told"

begin lost 'topic = "lost"
acks = "0"' '[[rule]]
name = "some are lost"
match = { api = "Produce" }
probability = "20%"
per = "message"
fault = { type = "drop" }' 'rules = ["some are lost"]'
begin doubled 'topic = "doubled"
idempotent = false' '[[rule]]
name = "told that it failed"
match = { api = "Produce", every = 5 }
fault = { type = "kafka_error", error = "REQUEST_TIMED_OUT", after_append = true }' 'rules = ["told that it failed"]'
begin numbered 'topic = "numbered"' '[[rule]]
name = "told that it failed"
match = { api = "Produce", every = 5 }
fault = { type = "kafka_error", error = "REQUEST_TIMED_OUT", after_append = true }' 'rules = ["told that it failed"]'
begin forbidden 'topic = "forbidden"' '[[rule]]
name = "forbidden"
match = { api = "Produce" }
fault = { type = "reject", error = "TOPIC_AUTHORIZATION_FAILED" }' 'rules = ["forbidden"]'
finish
code lost 1
says lost '^NOT MET .*messages_lost'
code doubled 1
says doubled '^NOT MET .*messages_duplicated'
pass "messages that are lost or doubled are counted"
code numbered $ok
pass "an idempotent producer doubles nothing"
code forbidden 1
says forbidden '^NOT MET .*availability.*produce: Broker: Topic authorization failed'
pass "an error of the broker is the reason of the failure"

outage election kafka-leader-election
outage acks0 kafka-leader-election 's/^acks = "all"/acks = "0"/; s/^idempotent = true/idempotent = false/'
finish
outage copies kafka-leader-election 's/^idempotent = true/idempotent = false/'
outage impatient kafka-leader-election 's/^delivery_timeout = .*/delivery_timeout = "1s"/'
finish
code election $ok
code acks0 1
says acks0 '^NOT MET .*no message is lost'
code copies 1
says copies '^NOT MET .*no message is doubled'
code impatient 1
says impatient '^NOT MET .*no message is lost'
pass "an election: an idempotent producer that goes on trying loses and doubles nothing, others do"
