// Transactions, errors and administration of franz-go.
package main

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// shareFrom sets where a share group begins.
func (s *same) shareFrom(group, where string) error {
	request := kmsg.NewPtrIncrementalAlterConfigsRequest()
	resource := kmsg.NewIncrementalAlterConfigsRequestResource()
	resource.ResourceType = kmsg.ConfigResourceTypeGroupConfig
	resource.ResourceName = group
	config := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
	config.Name = "share.auto.offset.reset"
	config.Value = &where
	resource.Configs = append(resource.Configs, config)
	request.Resources = append(request.Resources, resource)
	answer, err := request.RequestWith(s.ctx, s.client)
	if err != nil {
		return err
	}
	return kerr.ErrorForCode(answer.Resources[0].ErrorCode)
}

func (s *same) transactions() {
	topic, id := s.topic("transactions", 2), s.prefix+"-transactions"
	options := settings(kgo.TransactionalID(id), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	older := open(options)
	for transaction := range 4 {
		if err := older.BeginTransaction(); err != nil {
			s.say("begin", name(err))
		}
		records := []*kgo.Record{}
		for i := range 5 {
			records = append(records, record(topic, int32(i%2), i+transaction*100))
		}
		sent := older.ProduceSync(s.ctx, records...).FirstErr()
		ended := older.EndTransaction(s.ctx, kgo.TransactionEndTry(transaction%2 == 0))
		s.say("transaction", name(sent), name(ended))
	}
	committed := s.read(topic, 10, kgo.ReadCommitted())
	s.say("committed", len(committed), digest(committed), "all", len(s.read(topic, 20, kgo.ReadUncommitted())))
	described, err := s.admin.DescribeTransactions(s.ctx, id)
	s.say("described", described[id].State, name(err))
	newer := open(options)
	_, _, err = newer.ProducerID(s.ctx)
	s.say("newer", name(err))
	fenced := older.BeginTransaction()
	if fenced == nil {
		fenced = older.ProduceSync(s.ctx, record(topic, 0, 900)).FirstErr()
	}
	s.say("fenced", name(fenced))
	older.Close()
	newer.Close()
}

// exactlyOnce reads, processes and writes in transactions, of which every second is aborted and repeated.
func (s *same) exactlyOnce() {
	source, output := s.topic("input", 3), s.topic("output", 3)
	group := s.prefix + "-exactly-once"
	s.send(source, 30, 3)
	session, err := kgo.NewGroupTransactSession(member(group, "classic", kgo.ConsumeTopics(source), kgo.TransactionalID(group),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.RequireStableFetchOffsets(), kgo.RecordPartitioner(kgo.ManualPartitioner()))...)
	if err != nil {
		panic(err)
	}
	done := 0
	number := 0
	for end := time.Now().Add(patience); done < 30 && time.Now().Before(end); {
		limited, cancel := context.WithTimeout(s.ctx, time.Second)
		records := session.PollRecords(limited, 7).Records()
		cancel()
		if len(records) == 0 {
			continue
		}
		if err := session.Begin(); err != nil {
			s.say("begin", name(err))
		}
		for _, each := range records {
			value := []byte(fmt.Sprint(each.Partition, ":", each.Offset))
			session.Produce(s.ctx, &kgo.Record{Topic: output, Partition: each.Partition, Key: each.Key, Value: value}, nil)
		}
		number++
		committed, err := session.End(s.ctx, kgo.TransactionEndTry(number%2 == 0))
		if err != nil {
			s.say("end", name(err))
		}
		if committed {
			done += len(records)
		}
	}
	session.Close()
	values := []string{}
	for _, text := range s.read(output, 30, kgo.ReadCommitted()) {
		values = append(values, text[strings.LastIndex(text, " "):])
	}
	sort.Strings(values)
	all := len(values)
	s.say("exactly once", all, len(slices.Compact(values)), digest(values), s.offsets(group))
}

func (s *same) errors() {
	topic := s.topic("errors", 1)
	client := open(settings(kgo.ProducerBatchMaxBytes(5000000), kgo.BrokerMaxWriteBytes(6000000), kgo.UnknownTopicRetries(1), kgo.RecordDeliveryTimeout(5*time.Second),
		kgo.ProducerBatchCompression(kgo.NoCompression())))
	s.say("too large", name(client.ProduceSync(s.ctx, &kgo.Record{Topic: topic, Value: make([]byte, 3000000)}).FirstErr()))
	s.say("no such topic", name(client.ProduceSync(s.ctx, &kgo.Record{Topic: s.prefix + "-missing", Value: []byte("x")}).FirstErr()))
	s.say("no name of a topic", name(client.ProduceSync(s.ctx, &kgo.Record{Topic: "a b", Value: []byte("x")}).FirstErr()))
	client.Close()
	client = open(settings(kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().At(99)}}), kgo.ConsumeResetOffset(kgo.NoResetOffset())))
	limited, cancel := context.WithTimeout(s.ctx, 10*time.Second)
	defer cancel()
	s.say("no such offset", name(client.PollFetches(limited).Err()))
	client.Close()
}

func (s *same) administration() {
	found, err := s.admin.BrokerMetadata(s.ctx)
	ports := strings.Fields(environment("KAFKA_PORTS", ""))
	nodes := []string{}
	for _, each := range found.Brokers {
		text := strconv.Itoa(int(each.NodeID))
		if !slices.Contains(ports, strconv.Itoa(int(each.Port))) {
			text += fmt.Sprint(" at port ", each.Port)
		}
		nodes = append(nodes, text)
	}
	s.say("cluster", found.Cluster, nodes, found.Controller >= 0, name(err))
	topic := s.topic("admin", 3, "retention.ms", "7200000")
	_, err = s.admin.CreateTopic(s.ctx, 3, -1, nil, topic)
	s.say("created again", name(err))
	_, err = s.admin.CreateTopic(s.ctx, 1, 99, nil, topic+"x")
	s.say("too many replicas", name(err))
	more, err := s.admin.UpdatePartitions(s.ctx, 5, topic)
	s.say("more partitions", name(err), name(more[topic].Err))
	s.say("led", eventually("5", func() string { return s.led(topic) }))
	s.say("setting", s.setting(topic))
	longer := "9000000"
	_, err = s.admin.AlterTopicConfigs(s.ctx, []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "retention.ms", Value: &longer}}, topic)
	s.say("altered", name(err))
	s.say("setting", eventually(longer, func() string { return s.setting(topic) }))
	s.send(topic, 40, 4)
	s.listed("earliest", topic, s.admin.ListStartOffsets)
	s.listed("latest", topic, s.admin.ListEndOffsets)
	s.listed("newest", topic, s.admin.ListMaxTimestampOffsets)
	s.listed("by time", topic, func(ctx context.Context, topics ...string) (kadm.ListedOffsets, error) {
		return s.admin.ListOffsetsAfterMilli(ctx, startTime+20, topics...)
	})
	upto := kadm.Offsets{}
	upto.AddOffset(topic, 1, 4, -1)
	deleted, err := s.admin.DeleteRecords(s.ctx, upto)
	s.say("deleted records", deleted[topic][1].LowWatermark, name(err))
	s.listed("earliest", topic, s.admin.ListStartOffsets)
	elected, err := s.admin.ElectLeaders(s.ctx, kadm.ElectPreferredReplica, kadm.TopicsSet{topic: {0: {}}})
	s.say("election", name(elected[topic][0].Err), name(err))
	folders, err := s.admin.DescribeAllLogDirs(s.ctx, kadm.TopicsSet{topic: {0: {}}})
	s.say("folders of logs", len(folders), name(err))
	s.users(topic)
	_, err = s.admin.DeleteTopic(s.ctx, topic)
	s.say("deleted", name(err))
}

func (s *same) users(user string) {
	changed, err := s.admin.AlterUserSCRAMs(s.ctx, nil, []kadm.UpsertSCRAM{{User: user, Mechanism: kadm.ScramSha256, Iterations: 4096, Password: "password"}})
	s.say("user", name(changed[user].Err), name(err))
	s.say("users", eventually("1", func() string {
		found, _ := s.admin.DescribeUserSCRAMs(s.ctx, user)
		return strconv.Itoa(len(found[user].CredInfos))
	}))
	changed, err = s.admin.AlterUserSCRAMs(s.ctx, []kadm.DeleteSCRAM{{User: user, Mechanism: kadm.ScramSha256}}, nil)
	s.say("user deleted", name(changed[user].Err), name(err))
}

func (s *same) listed(what, topic string, list func(context.Context, ...string) (kadm.ListedOffsets, error)) {
	found, err := list(s.ctx, topic)
	each, _ := found.Lookup(topic, 1)
	s.say(what, each.Offset, each.Timestamp, name(err))
}

func (s *same) setting(topic string) string {
	found, err := s.admin.DescribeTopicConfigs(s.ctx, topic)
	if err != nil {
		return name(err)
	}
	for _, each := range found[0].Configs {
		if each.Key == "retention.ms" && each.Value != nil {
			return *each.Value
		}
	}
	return "none"
}
