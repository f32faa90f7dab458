package main

import "time"

// The content of a message: its number and the time it was sent at, 16 hexadecimal digits each, and padding up to its length.
const digits = "0123456789abcdef"

var started = time.Now()

func nanoseconds() uint64 { return uint64(time.Since(started)) }

func content(length int, number, sentAt uint64) []byte {
	out := make([]byte, length)
	for i := range out {
		out[i] = 'x'
	}
	for i := range 16 {
		out[15-i] = digits[number>>(4*i)&15]
		out[31-i] = digits[sentAt>>(4*i)&15]
	}
	return out
}

func hexadecimal(data []byte) (value uint64) {
	for _, digit := range data[:16] {
		if digit >= 'a' {
			digit -= 'a' - 10 - '0'
		}
		value = value<<4 | uint64(digit-'0')
	}
	return value
}
