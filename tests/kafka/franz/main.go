// franz-go for tests/kafka.sh; clients.md has the commands.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/oauth"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

const patience = 120 * time.Second

func environment(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

func number(text string) int {
	found, err := strconv.Atoi(text)
	if err != nil {
		panic(err)
	}
	return found
}

func milliseconds(name, otherwise string) time.Duration {
	return time.Duration(number(environment(name, otherwise))) * time.Millisecond
}

func token(user string) string {
	now := time.Now().Unix()
	encode := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	return encode(`{"alg":"none"}`) + "." + encode(fmt.Sprintf(`{"sub":%q,"iat":%d,"exp":%d}`, user, now, now+3600)) + "."
}

func mechanism() sasl.Mechanism {
	user, password := environment("KAFKA_USER", ""), environment("KAFKA_PASSWORD", "")
	switch environment("KAFKA_SASL", "") {
	case "PLAIN":
		return plain.Auth{User: user, Pass: password}.AsMechanism()
	case "SCRAM-SHA-256":
		return scram.Auth{User: user, Pass: password}.AsSha256Mechanism()
	case "SCRAM-SHA-512":
		return scram.Auth{User: user, Pass: password}.AsSha512Mechanism()
	case "OAUTHBEARER":
		return oauth.Oauth(func(context.Context) (oauth.Auth, error) { return oauth.Auth{Token: token(user)}, nil })
	}
	return nil
}

// throttled counts the throttles that brokers impose.
type throttled struct{ count atomic.Int64 }

func (t *throttled) OnBrokerThrottle(kgo.BrokerMetadata, time.Duration, bool) { t.count.Add(1) }

func settings(more ...kgo.Opt) []kgo.Opt {
	request := milliseconds("KAFKA_REQUEST_TIMEOUT", "30000")
	found := []kgo.Opt{
		kgo.SeedBrokers(environment("KAFKA_SERVER", "")), kgo.ClientID(environment("KAFKA_CLIENT_ID", "franz")),
		kgo.RequestTimeoutOverhead(request), kgo.ProduceRequestTimeout(request), kgo.RetryTimeout(milliseconds("KAFKA_DELIVERY_TIMEOUT", "60000")),
		// By default franz-go asks for metadata every five seconds at most, and so pauses as long after each wrong leader.
		kgo.MetadataMinAge(250 * time.Millisecond),
	}
	if ca := environment("KAFKA_CA", ""); ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			panic(err)
		}
		trusted := x509.NewCertPool()
		trusted.AppendCertsFromPEM(pem)
		found = append(found, kgo.DialTLSConfig(&tls.Config{RootCAs: trusted}))
	}
	if login := mechanism(); login != nil {
		found = append(found, kgo.SASL(login))
	}
	return append(found, more...)
}

// inContext opts into the group protocol of KIP-848, which franz-go has as a preview.
func inContext(protocol string) context.Context {
	if protocol == "consumer" {
		return context.WithValue(context.Background(), "opt_in_kafka_next_gen_balancer_beta", true)
	}
	return context.Background()
}

func member(group, protocol string, more ...kgo.Opt) []kgo.Opt {
	more = append([]kgo.Opt{kgo.WithContext(inContext(protocol)), kgo.ConsumerGroup(group), kgo.DisableAutoCommit(), kgo.Balancers(kgo.RangeBalancer()),
		kgo.SessionTimeout(10 * time.Second), kgo.HeartbeatInterval(200 * time.Millisecond), kgo.FetchMaxWait(200 * time.Millisecond),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart())}, more...)
	return settings(more...)
}

func open(options []kgo.Opt) *kgo.Client {
	client, err := kgo.NewClient(options...)
	if err != nil {
		panic(err)
	}
	return client
}

// name returns the name of an error of the protocol, or the kind of another.
func name(err error) string {
	var own *kerr.Error
	var network net.Error
	switch {
	case err == nil:
		return "-"
	case errors.As(err, &own):
		return own.Message
	case errors.Is(err, kgo.ErrRecordTimeout):
		return "RECORD_TIMEOUT"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return "TIMEOUT"
	}
	return strings.ReplaceAll(err.Error(), " ", "_")
}

func produce(topic, count, mode string) {
	hook := new(throttled)
	options := settings(kgo.WithHooks(hook), kgo.ProducerLinger(0), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.RecordDeliveryTimeout(milliseconds("KAFKA_DELIVERY_TIMEOUT", "60000")))
	transactional := strings.HasPrefix(mode, "tx=")
	switch {
	case mode == "plain":
		options = append(options, kgo.DisableIdempotentWrite())
	case mode == "acks0":
		options = append(options, kgo.DisableIdempotentWrite(), kgo.RequiredAcks(kgo.NoAck()))
	case transactional:
		options = append(options, kgo.TransactionalID(mode[3:]))
	}
	client := open(options)
	delivered, failed := 0, map[string]int{}
	var longest time.Duration
	begin := time.Now()
	for i := range number(count) {
		start := time.Now()
		record := &kgo.Record{Topic: topic, Key: []byte("key"), Value: []byte(strconv.Itoa(i))}
		if err := deliver(client, record, transactional); err != nil {
			failed[name(err)]++
		} else {
			delivered++
		}
		longest = max(longest, time.Since(start))
		time.Sleep(milliseconds("KAFKA_PAUSE", "0"))
	}
	errors, all := []string{}, 0
	for each, times := range failed {
		errors = append(errors, each)
		all += times
	}
	sort.Strings(errors)
	said := map[bool]string{true: "yes", false: "no"}[hook.count.Load() > 0]
	if all == 0 {
		errors = []string{"-"}
	}
	fmt.Printf("delivered=%d failed=%d error=%s longest=%.1f total=%.1f throttled=%s\n", delivered, all, strings.Join(errors, ","),
		longest.Seconds(), time.Since(begin).Seconds(), said)
}

func deliver(client *kgo.Client, record *kgo.Record, transactional bool) error {
	limited, cancel := context.WithTimeout(context.Background(), milliseconds("KAFKA_DELIVERY_TIMEOUT", "60000")+10*time.Second)
	defer cancel()
	if !transactional {
		return client.ProduceSync(limited, record).FirstErr()
	}
	if err := client.BeginTransaction(); err != nil {
		return err
	}
	err := client.ProduceSync(limited, record).FirstErr()
	return errors.Join(err, client.EndTransaction(limited, kgo.TransactionEndTry(err == nil)))
}

func consume(topic, group, count, protocol string) {
	var assigned atomic.Int64
	client := open(member(group, protocol, kgo.ConsumeTopics(topic), kgo.OnPartitionsAssigned(
		func(_ context.Context, _ *kgo.Client, parts map[string][]int32) {
			if len(parts) > 0 {
				assigned.Add(1)
			}
		})))
	read, failed := 0, "-"
	seen := map[string]bool{}
	end := time.Now().Add(time.Duration(number(environment("KAFKA_PATIENCE", "40"))) * time.Second)
	complete := false
	for time.Now().Before(end) {
		limited, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		fetches := client.PollFetches(limited)
		cancel()
		fetches.EachError(func(_ string, _ int32, err error) {
			if !errors.Is(err, context.DeadlineExceeded) {
				failed = name(err)
			}
		})
		fetches.EachRecord(func(record *kgo.Record) {
			read++
			seen[fmt.Sprint(record.Partition, ":", string(record.Value))] = true
		})
		if len(seen) < number(count) {
			continue
		}
		// More records, and more assignments, may follow for a while after all numbers were there.
		if !complete {
			complete = true
			end = time.Now().Add(1500 * time.Millisecond)
		}
		limited, cancel = context.WithTimeout(context.Background(), time.Second)
		if err := client.CommitUncommittedOffsets(limited); err != nil {
			failed = name(err)
		}
		cancel()
	}
	client.CloseAllowingRebalance()
	fmt.Printf("read=%d different=%d assigned=%d error=%s\n", read, len(seen), assigned.Load(), failed)
}

func lag(topic string) {
	client := open(settings(kgo.FetchMaxWait(200*time.Millisecond), kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().AtStart()}})))
	defer client.Close()
	read := 0
	var position, seen int64
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end); {
		limited, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		fetches := client.PollFetches(limited)
		cancel()
		fetches.EachPartition(func(part kgo.FetchTopicPartition) { seen = max(seen, part.HighWatermark) })
		fetches.EachRecord(func(record *kgo.Record) {
			read++
			position = record.Offset + 1
		})
	}
	ends, err := kadm.NewClient(client).ListEndOffsets(context.Background(), topic)
	if err != nil {
		panic(err)
	}
	found, _ := ends.Lookup(topic, 0)
	fmt.Printf("read=%d lag=%d end=%d\n", read, seen-position, found.Offset)
}

func login() {
	client := open(settings(kgo.RetryTimeout(5*time.Second), kgo.RequestRetries(1)))
	defer client.Close()
	limited, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	brokers, err := kadm.NewClient(client).ListBrokers(limited)
	if err != nil {
		fmt.Printf("%s: %v\n", name(err), err)
		return
	}
	fmt.Println("logged in, brokers", len(brokers))
}

func main() {
	words := os.Args[2:]
	switch os.Args[1] {
	case "same":
		newSame(words[0]).run(words[1:])
	case "produce":
		produce(words[0], words[1], words[2])
	case "consume":
		consume(words[0], words[1], words[2], strings.Join(words[3:], ""))
	case "lag":
		lag(words[0])
	case "login":
		login()
	default:
		panic("unknown command " + os.Args[1])
	}
}
