package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/gobwas/ws"
)

// A connection that is read without a library: the generator has one core, and the fastest server fills it.
type connection struct {
	net.Conn
	buffered *bufio.Reader
}

const (
	opText  = 1
	opClose = 8
	opPing  = 9
	opPong  = 10
)

func dial(url string) (*connection, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, buffered, _, err := ws.Dial(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", url, err)
	}
	return &connection{conn, buffered}, nil
}

// A frame as clients send it, with a mask of zeros, which leaves the payload as it is.
func frame(opcode byte, payload []byte) []byte {
	n := len(payload)
	out := make([]byte, 0, n+14)
	out = append(out, 0x80|opcode)
	switch {
	case n < 126:
		out = append(out, 0x80|byte(n))
	case n < 65536:
		out = append(out, 0x80|126)
		out = binary.BigEndian.AppendUint16(out, uint16(n))
	default:
		out = append(out, 0x80|127)
		out = binary.BigEndian.AppendUint64(out, uint64(n))
	}
	out = append(out, 0, 0, 0, 0)
	return append(out, payload...)
}

// Reads until the connection ends and hands over each data frame; pings are answered.
func (c *connection) receive(size int, on func(payload []byte)) error {
	buffer := make([]byte, size)
	have := 0
	var reader io.Reader = c.Conn
	if c.buffered != nil && c.buffered.Buffered() > 0 {
		have = copy(buffer, must(c.buffered.Peek(c.buffered.Buffered())))
	}
	for {
		at := 0
		for {
			start, end, ok := bounds(buffer[at:have])
			if !ok {
				break
			}
			payload := buffer[at+start : at+end]
			switch buffer[at] & 0x0f {
			case opPing:
				if _, err := c.Write(frame(opPong, payload)); err != nil {
					return err
				}
			case opClose:
				return fmt.Errorf("closed by the server: % x", payload)
			case opPong:
			default:
				on(payload)
			}
			at += end
		}
		have = copy(buffer, buffer[at:have])
		n, err := reader.Read(buffer[have:])
		if err != nil {
			return err
		}
		have += n
	}
}

// Where the payload of the first frame lies, if the frame is whole.
func bounds(data []byte) (start, end int, ok bool) {
	if len(data) < 2 {
		return 0, 0, false
	}
	start, length := 2, int(data[1]&0x7f)
	switch length {
	case 126:
		if len(data) < 4 {
			return 0, 0, false
		}
		start, length = 4, int(binary.BigEndian.Uint16(data[2:]))
	case 127:
		if len(data) < 10 {
			return 0, 0, false
		}
		start, length = 10, int(binary.BigEndian.Uint64(data[2:]))
	}
	return start, start + length, len(data) >= start+length
}

func must(data []byte, _ error) []byte { return data }
