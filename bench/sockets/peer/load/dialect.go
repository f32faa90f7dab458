package main

import (
	"bytes"
	"fmt"
)

// How a server is talked to.
type dialect interface {
	// URLs of an idle connection, a subscriber and a publisher.
	idle(base string) string
	subscriber(base string) string
	publisher(base string) string
	// What a client says first, and whether a frame answers it; nothing for servers that need none.
	hello() []byte
	// The frame that publishes, for the content.
	publish(content []byte) []byte
	// Hands over the content of each message in a frame.
	contents(payload []byte, on func(content []byte))
}

// A message is the content, as it is; the path says what a connection is for.
type raw struct{}

func (raw) idle(base string) string       { return base + "/idle" }
func (raw) subscriber(base string) string { return base + "/subscriber" }
func (raw) publisher(base string) string  { return base + "/publisher" }
func (raw) hello() []byte                 { return nil }

func (raw) publish(content []byte) []byte { return frame(opText, content) }

func (raw) contents(payload []byte, on func([]byte)) { on(payload) }

// Centrifuge's protocol in JSON: commands and pushes, several to a frame, one a line.
type centrifuge struct{ id *int }

func (centrifuge) idle(base string) string       { return base + "/connection/websocket" }
func (centrifuge) subscriber(base string) string { return base + "/connection/websocket?subscribe=1" }
func (centrifuge) publisher(base string) string  { return base + "/connection/websocket" }
func (centrifuge) hello() []byte                 { return frame(opText, []byte(`{"id":1,"connect":{}}`)) }

func (c centrifuge) publish(content []byte) []byte {
	*c.id++
	return frame(opText, fmt.Appendf(nil, `{"id":%d,"publish":{"channel":"t","data":"%s"}}`, *c.id+1, content))
}

var dataMark = []byte(`"data":"`)

func (centrifuge) contents(payload []byte, on func([]byte)) {
	for {
		at := bytes.Index(payload, dataMark)
		if at < 0 {
			return
		}
		payload = payload[at+len(dataMark):]
		on(payload)
	}
}
