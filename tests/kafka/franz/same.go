// The results of franz-go, in a form that is the same for each run: see clients.md.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const startTime = 1700000000000

var fox = strings.Repeat("the quick brown fox ", 8)

type same struct {
	prefix string
	client *kgo.Client
	admin  *kadm.Client
	ctx    context.Context
}

func newSame(prefix string) *same {
	client := open(settings())
	return &same{prefix, client, kadm.NewClient(client), context.Background()}
}

func (s *same) say(words ...any) {
	fmt.Print(strings.ReplaceAll(fmt.Sprintln(words...), s.prefix, "PREFIX"))
}

func digest(lines []string) string {
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(sum[:])[:12]
}

// eventually waits until a description is as expected, because brokers learn of a change one after the other.
func eventually(expected string, description func() string) string {
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		if found := description(); found == expected || time.Now().After(end) {
			return found
		}
	}
}

func (s *same) topic(short string, partitions int32, configs ...string) string {
	topic := s.prefix + "-" + short
	given := map[string]*string{}
	for i := 0; i < len(configs); i += 2 {
		given[configs[i]] = &configs[i+1]
	}
	_, err := s.admin.CreateTopic(s.ctx, partitions, -1, given, topic)
	s.say("topic", short, name(err))
	s.say("led", eventually(strconv.Itoa(int(partitions)), func() string { return s.led(topic) }))
	return topic
}

func (s *same) led(topic string) string {
	found, err := s.admin.ListTopics(s.ctx, topic)
	if err != nil {
		return name(err)
	}
	led := 0
	for _, part := range found[topic].Partitions {
		if part.Err == nil && part.Leader >= 0 && len(part.Replicas) == len(part.ISR) {
			led++
		}
	}
	return strconv.Itoa(led)
}

func record(topic string, partition int32, i int) *kgo.Record {
	found := &kgo.Record{Topic: topic, Partition: partition, Timestamp: time.UnixMilli(startTime + int64(i))}
	if i%5 != 4 {
		found.Key = []byte("key" + strconv.Itoa(i))
	}
	if i == 10 {
		found.Value = []byte(strings.Repeat(fox, 2000))
	} else if i%7 != 3 {
		found.Value = []byte(strconv.Itoa(i) + " " + fox)
	}
	found.Headers = []kgo.RecordHeader{{Key: "number", Value: []byte(strconv.Itoa(i))}}
	if i%3 == 0 {
		found.Headers = append(found.Headers, kgo.RecordHeader{Key: "nothing"})
	}
	return found
}

func (s *same) send(topic string, count, partitions int, more ...kgo.Opt) {
	client := open(settings(append(more, kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerLinger(20*time.Millisecond))...))
	defer client.Close()
	records := []*kgo.Record{}
	for i := range count {
		records = append(records, record(topic, int32(i%partitions), i))
	}
	offsets := []string{}
	for _, each := range client.ProduceSync(s.ctx, records...) {
		offsets = append(offsets, fmt.Sprint(each.Record.Partition, ":", each.Record.Offset, " ", name(each.Err)))
	}
	sort.Strings(offsets)
	s.say("sent", count, digest(offsets))
}

// read reads until COUNT records of a topic were there, without a group.
func (s *same) read(topic string, count int, level kgo.IsolationLevel) []string {
	client := open(settings(kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(level), kgo.FetchMaxWait(200*time.Millisecond),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart())))
	defer client.Close()
	found := []string{}
	for end := time.Now().Add(patience); len(found) < count && time.Now().Before(end); {
		found = append(found, poll(client, 500*time.Millisecond)...)
	}
	found = append(found, poll(client, 300*time.Millisecond)...)
	sort.Strings(found)
	return found
}

func poll(client *kgo.Client, limit time.Duration) []string {
	limited, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	found := []string{}
	client.PollFetches(limited).EachRecord(func(r *kgo.Record) {
		found = append(found, fmt.Sprintf("%d %08d %d %q %q %q", r.Partition, r.Offset, r.Timestamp.UnixMilli(), r.Key, r.Headers, r.Value))
	})
	return found
}

func (s *same) codecs() {
	codecs := map[string]kgo.CompressionCodec{"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
		"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression()}
	for _, codec := range []string{"none", "gzip", "snappy", "lz4", "zstd"} {
		topic := s.topic("codec-"+codec, 3)
		s.send(topic, 60, 3, kgo.ProducerBatchCompression(codecs[codec]))
		records := s.read(topic, 60, kgo.ReadUncommitted())
		s.say("codec", codec, len(records), digest(records), records[0])
	}
	topic := s.topic("acks", 1)
	for i, acks := range []kgo.Acks{kgo.AllISRAcks(), kgo.LeaderAck(), kgo.NoAck()} {
		s.send(topic, 20, 1, kgo.RequiredAcks(acks), kgo.DisableIdempotentWrite())
		records := s.read(topic, 20*(i+1), kgo.ReadUncommitted())
		s.say("acks", i, len(records), digest(records))
	}
}

func (s *same) group(protocol string) {
	topic, group := s.topic("group-"+protocol, 4), s.prefix+"-group-"+protocol
	s.send(topic, 40, 4)
	parts := [2]map[int32]bool{{}, {}}
	changes := make(chan func(), 100)
	members := [2]*kgo.Client{}
	for i := range members {
		change := func(has bool) func(context.Context, *kgo.Client, map[string][]int32) {
			return func(_ context.Context, _ *kgo.Client, changed map[string][]int32) {
				changes <- func() {
					for _, part := range changed[topic] {
						if has {
							parts[i][part] = true
						} else {
							delete(parts[i], part)
						}
					}
				}
			}
		}
		members[i] = open(member(group, protocol, kgo.ConsumeTopics(topic), kgo.OnPartitionsAssigned(change(true)),
			kgo.OnPartitionsRevoked(change(false)), kgo.OnPartitionsLost(change(false))))
	}
	seen := map[string]bool{}
	for end := time.Now().Add(patience); time.Now().Before(end); {
		for _, each := range members {
			for _, text := range poll(each, 100*time.Millisecond) {
				seen[strings.Join(strings.Fields(text)[:2], ":")] = true
			}
		}
		for len(changes) > 0 {
			(<-changes)()
		}
		if len(seen) == 40 && len(parts[0]) == 2 && len(parts[1]) == 2 {
			break
		}
	}
	s.say("group", protocol, len(parts[0]), len(parts[1]), len(seen))
	s.describe(group, protocol)
	for _, each := range members {
		each.CloseAllowingRebalance()
	}
	ends := kadm.Offsets{}
	for part := range int32(4) {
		ends.AddOffset(topic, part, 10, -1)
	}
	s.say("committed", name(s.admin.CommitAllOffsets(s.ctx, group, ends)), s.offsets(group))
	ends = kadm.Offsets{}
	ends.AddOffset(topic, 1, 3, -1)
	s.say("altered", name(s.admin.CommitAllOffsets(s.ctx, group, ends)), s.offsets(group))
	s.again(topic, group, protocol)
	_, err := s.admin.DeleteGroup(s.ctx, group)
	s.say("group deleted", name(err))
	_, err = s.admin.DeleteGroup(s.ctx, group)
	s.say("deleted again", name(err))
}

func (s *same) describe(group, protocol string) {
	if protocol == "consumer" {
		found, err := s.admin.DescribeConsumerGroups(s.ctx, group)
		s.say("state", found[group].State, found[group].AssignorName, len(found[group].Members), name(err))
	} else {
		found, err := s.admin.DescribeGroups(s.ctx, group)
		s.say("state", found[group].State, found[group].Protocol, len(found[group].Members), name(err))
	}
	listed, err := s.admin.ListGroups(s.ctx)
	s.say("listed", listed[group].ProtocolType, listed[group].State, name(err))
	lags, err := s.admin.Lag(s.ctx, group)
	s.say("lag", lags[group].Lag.Total(), name(err))
}

func (s *same) offsets(group string) []string {
	found, err := s.admin.FetchOffsets(s.ctx, group)
	if err != nil {
		return []string{name(err)}
	}
	texts := []string{}
	for _, each := range found.Sorted() {
		texts = append(texts, fmt.Sprint(each.Partition, ":", each.At))
	}
	return texts
}

func (s *same) again(topic, group, protocol string) {
	client := open(member(group, protocol, kgo.ConsumeTopics(topic)))
	found := []string{}
	for end := time.Now().Add(patience); len(found) < 7 && time.Now().Before(end); {
		found = append(found, poll(client, 200*time.Millisecond)...)
	}
	sort.Strings(found)
	s.say("read again", len(found), digest(found))
	client.CloseAllowingRebalance()
}

func (s *same) share() {
	topic, group := s.topic("share", 2), s.prefix+"-share"
	s.send(topic, 30, 2)
	earliest := "earliest"
	s.say("share group", name(s.shareFrom(group, earliest)))
	client := open(settings(kgo.ShareGroup(group), kgo.ConsumeTopics(topic)))
	accepted, released := map[string]bool{}, map[string]bool{}
	for end := time.Now().Add(patience); len(accepted) < 30 && time.Now().Before(end); {
		limited, cancel := context.WithTimeout(s.ctx, 300*time.Millisecond)
		fetches := client.PollFetches(limited)
		cancel()
		fetches.EachRecord(func(r *kgo.Record) {
			id := fmt.Sprint(r.Partition, ":", r.Offset)
			if r.Offset%4 == 0 && !released[id] {
				released[id] = true
				r.Ack(kgo.AckRelease)
				return
			}
			accepted[id] = true
			r.Ack(kgo.AckAccept)
		})
		limited, cancel = context.WithTimeout(s.ctx, 5*time.Second)
		if err := client.FlushAcks(limited); err != nil {
			s.say("acknowledged", name(err))
		}
		cancel()
	}
	s.say("shared", len(accepted), "released", len(released))
	client.Close()
}

func (s *same) run(only []string) {
	parts := []struct {
		name string
		run  func()
	}{{"codecs", s.codecs}, {"groups", func() { s.group("classic") }}, {"groups", func() { s.group("consumer") }}, {"share", s.share},
		{"transactions", s.transactions}, {"transactions", s.exactlyOnce}, {"errors", s.errors}, {"admin", s.administration}}
	for _, part := range parts {
		if len(only) == 0 || slices.Contains(only, part.name) {
			part.run()
		}
	}
	s.client.Close()
}
