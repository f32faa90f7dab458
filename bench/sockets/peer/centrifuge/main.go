// The peer: the library centrifuge with its memory engine, as its examples set it up, without a history. A connection that asks for it is subscribed to `t`.
// Says where it is on standard output; `gc` on standard input collects garbage; ends with it.
package main

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"runtime/debug"

	"github.com/centrifugal/centrifuge"
)

type wants struct{}

func main() {
	node, err := centrifuge.New(centrifuge.Config{LogLevel: centrifuge.LogLevelError})
	if err != nil {
		log.Fatal(err)
	}
	node.OnConnecting(func(ctx context.Context, _ centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		reply := centrifuge.ConnectReply{Credentials: &centrifuge.Credentials{}}
		if ctx.Value(wants{}) == true {
			reply.Subscriptions = map[string]centrifuge.SubscribeOptions{"t": {}}
		}
		return reply, nil
	})
	node.OnConnect(func(client *centrifuge.Client) {
		client.OnPublish(func(_ centrifuge.PublishEvent, done centrifuge.PublishCallback) {
			done(centrifuge.PublishReply{}, nil)
		})
	})
	if err := node.Run(); err != nil {
		log.Fatal(err)
	}
	handler := centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{})
	http.HandleFunc("/connection/websocket", func(w http.ResponseWriter, r *http.Request) {
		asks := r.URL.Query().Get("subscribe") == "1"
		handler.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), wants{}, asks)))
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go func() { log.Fatal(http.Serve(listener, nil)) }()
	fmt.Printf("ws://%s\n", listener.Addr())
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		debug.FreeOSMemory()
		fmt.Println("collected")
	}
}
