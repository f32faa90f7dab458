// Puts load on a WebSocket server on loopback, for a bounded time: idle connections, a topic with messages in flight, or a topic at a steady pace.
// Prints one JSON object. Ends with its standard input.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"
)

var (
	base        = flag.String("url", "", "ws://127.0.0.1:port")
	protocol    = flag.String("protocol", "raw", "raw or centrifuge")
	mode        = flag.String("mode", "fan", "idle, fan or pace")
	connections = flag.Int("connections", 1000, "idle ones, or subscribers")
	inFlight    = flag.Int("in-flight", 16, "messages sent and not yet received by all")
	length      = flag.Int("length", 128, "of a message's content, bytes, from 32")
	rate        = flag.Int("rate", 100, "messages a second, for pace")
	seconds     = flag.Float64("seconds", 3, "of measuring; a sixth more to warm up")
)

func main() {
	flag.Parse()
	// It allocates little, and a collection would count as latency.
	debug.SetGCPercent(1000)
	var talk dialect = raw{}
	if *protocol == "centrifuge" {
		talk = centrifuge{new(int)}
	}
	var result any
	var err error
	switch *mode {
	case "idle":
		result, err = idle(talk)
	case "fan":
		result, err = fan(talk)
	default:
		result, err = pace(talk)
	}
	if err != nil {
		fail(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		fail(err)
	}
	if *mode == "idle" {
		_, _ = io.Copy(io.Discard, os.Stdin)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func lost(err error) { fail(fmt.Errorf("a connection was lost: %w", err)) }

// Holds connections open, until standard input ends.
func idle(talk dialect) (any, error) {
	opened, err := open(repeated(talk.idle(*base), *connections), talk)
	if err != nil {
		return nil, err
	}
	for _, connection := range opened {
		go func() { lost(connection.receive(512, func([]byte) {})) }()
	}
	return map[string]int{"connections": len(opened)}, nil
}

// Keeps messages in flight and counts what is delivered.
func fan(talk dialect) (any, error) {
	a, err := gather(*base, talk, *connections, 65536)
	if err != nil {
		return nil, err
	}
	const ring = 4096
	var arrived [ring]atomic.Int32
	done := make(chan struct{}, *inFlight)
	var deliveries atomic.Int64
	a.on = func(content []byte) {
		deliveries.Add(1)
		number := hexadecimal(content) % ring
		if arrived[number].Add(1) == int32(a.size) {
			arrived[number].Store(0)
			done <- struct{}{}
		}
	}
	for range *inFlight {
		done <- struct{}{}
	}
	var number uint64
	run := func(length time.Duration, bytes int) error {
		for end := time.Now().Add(length); time.Now().Before(end); {
			var frames []byte
			for first := true; first || len(done) > 0; first = false {
				<-done
				number++
				frames = append(frames, talk.publish(content(bytes, number, 0))...)
			}
			if _, err := a.publisher.Write(frames); err != nil {
				return err
			}
		}
		return nil
	}
	whole := time.Duration(*seconds * float64(time.Second))
	if err := run(whole/6, *length); err != nil {
		return nil, err
	}
	before, from := deliveries.Load(), time.Now()
	if err := run(whole, *length); err != nil {
		return nil, err
	}
	took := time.Since(from).Seconds()
	return map[string]float64{"deliveries": float64(deliveries.Load() - before), "seconds": took}, nil
}

// Sends at even intervals and measures from the sending of each message to each of its receptions.
func pace(talk dialect) (any, error) {
	a, err := gather(*base, talk, *connections, 16384)
	if err != nil {
		return nil, err
	}
	messages := int(float64(*rate) * *seconds)
	latencies := make([]uint32, messages*a.size)
	var arrived atomic.Int64
	warmUp := *rate * int(*seconds) / 6
	a.on = func(content []byte) {
		if hexadecimal(content) < uint64(warmUp) {
			return
		}
		if at := arrived.Add(1) - 1; at < int64(len(latencies)) {
			latencies[at] = uint32((nanoseconds() - hexadecimal(content[16:])) / 1000)
		}
	}
	interval := time.Second / time.Duration(*rate)
	next := time.Now()
	for number := range warmUp + messages {
		time.Sleep(time.Until(next))
		next = next.Add(interval)
		if _, err := a.publisher.Write(talk.publish(content(*length, uint64(number), nanoseconds()))); err != nil {
			return nil, err
		}
	}
	for deadline := time.Now().Add(5 * time.Second); arrived.Load() < int64(len(latencies)); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("%d of %d deliveries", arrived.Load(), len(latencies))
		}
	}
	slices.Sort(latencies)
	at := func(share float64) float64 { return float64(latencies[int(share*float64(len(latencies)-1))]) / 1000 }
	return map[string]float64{"p50Ms": at(0.5), "p99Ms": at(0.99), "maxMs": at(1)}, nil
}
