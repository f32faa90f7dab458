package main

import (
	"fmt"
	"sync/atomic"
	"time"
)

// Opens connections, so many at a time that no backlog overflows, and says hello on each.
func open(urls []string, talk dialect) ([]*connection, error) {
	connections := make([]*connection, len(urls))
	failed := make(chan error, len(urls))
	slots := make(chan struct{}, 64)
	for i, url := range urls {
		slots <- struct{}{}
		go func() {
			defer func() { <-slots }()
			c, err := dial(url)
			if err == nil && talk.hello() != nil {
				_, err = c.Write(talk.hello())
			}
			connections[i] = c
			failed <- err
		}()
	}
	for range urls {
		if err := <-failed; err != nil {
			return nil, err
		}
	}
	return connections, nil
}

func repeated(url string, times int) []string {
	urls := make([]string, times)
	for i := range urls {
		urls[i] = url
	}
	return urls
}

// So many subscribers, and one publisher.
type audience struct {
	talk      dialect
	publisher *connection
	size      int
	// Called for each content that a subscriber received.
	on func(content []byte)
}

// Fails the process when a subscriber is lost: the figures would be of something else.
func gather(base string, talk dialect, size int, buffer int) (*audience, error) {
	a := &audience{talk: talk, size: size}
	publisher, err := open([]string{talk.publisher(base)}, talk)
	if err != nil {
		return nil, err
	}
	a.publisher = publisher[0]
	go func() { lost(a.publisher.receive(4096, func([]byte) {})) }()
	subscribers, err := open(repeated(talk.subscriber(base), size), talk)
	if err != nil {
		return nil, err
	}
	var arrived atomic.Int64
	a.on = func([]byte) { arrived.Add(1) }
	for _, subscriber := range subscribers {
		go func() {
			lost(subscriber.receive(buffer, func(payload []byte) {
				talk.contents(payload, func(content []byte) { a.on(content) })
			}))
		}()
	}
	// A message that all of them get shows that they are all subscribed; one that not all get is sent again.
	for try := 0; ; try++ {
		arrived.Store(0)
		if _, err := a.publisher.Write(talk.publish(content(128, 0, 0))); err != nil {
			return nil, err
		}
		for range 20 {
			time.Sleep(25 * time.Millisecond)
			if arrived.Load() == int64(size) {
				return a, nil
			}
		}
		if try == 20 {
			return nil, fmt.Errorf("%d of %d subscribers got a message", arrived.Load(), size)
		}
	}
}
