// One watcher of a job over WebSockets (subprotocol simfleet.v1): follows it to its end through whatever closes the connection, and says whether
// every event came once and in order.
import { WebSocket } from 'k6/websockets';

const protocol = 'simfleet.v1';

/** The connection broke, the server stops, and 4000 … 4499: come back and resume. */
const comesBack = (code) => code === 1006 || code === 1001 || code === 1012 || (code >= 4000 && code < 4500);
/** Between two connections: long enough that thousands that lost one server do not fall upon the next at once, and longer with each that failed. */
const pauseMs = (tries) => tries * (100 + Math.random() * 900);
/** What a watcher gives up after: connections in a row that brought no event. */
const mostTries = 10;

/** Messages in the order of their arrival; more than come while a watcher lags behind another of its virtual user. */
const mostRemembered = 256;

/**
 * Reads messages. All watchers of a virtual user get the same ones, letter for letter: each is parsed once, which is most of what a watcher costs k6.
 */
export const openReader = () => {
  const known = new Map();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const said = JSON.parse(text);
    if (said.event === undefined) return said;
    if (known.size >= mostRemembered) known.delete(known.keys().next().value);
    known.set(text, said);
    return said;
  };
};

/**
 * Watches `job` at the addresses in turn. `seen` hears of things as they happen: `event({id, event, at, live})` (`at`: milliseconds, when it was read;
 * `live`: it came after what was there before), `gap(count)`, `repeat()`, `closed(code)`. Resolves at the end of the job with {last, told}: the
 * last id seen and that of the `end` message. Rejects with the reason when it has to give up.
 */
export const watch = ({ urls, first, token, headers, job, seen, signal, read = JSON.parse }) =>
  new Promise((resolve, reject) => {
    let last = 0;
    let tries = 0;
    let over = false;
    const finish = (settle, value) => {
      if (over) return;
      over = true;
      settle(value);
    };

    const take = (id, event, at, live) => {
      if (id <= last) return seen.repeat(id);
      if (id > last + 1) seen.gap(id - last - 1);
      last = id;
      tries = 0;
      seen.event({ id, event, at, live });
    };

    const connect = () => {
      if (over) return;
      tries += 1;
      if (tries > mostTries) return finish(reject, `gave up after ${mostTries} connections without an event`);
      const url = urls[(first + tries - 1) % urls.length];
      const socket = new WebSocket(url, protocol, { headers, tags: { name: 'socket' } });
      let error = null;
      let watchedSince = Infinity;
      const ask = () => socket.send(JSON.stringify({ id: 2, watch: { job, after: last } }));

      socket.onopen = () => {
        seen.opened(last);
        socket.send(JSON.stringify({ id: 1, connect: { token } }));
        ask();
      };
      socket.onmessage = (message) => {
        if (over) return;
        const said = read(message.data);
        if (said.event !== undefined) {
          const { id, time } = said.event;
          return take(id, said.event, message.timestamp, Date.parse(time) >= watchedSince);
        }
        if (said.end !== undefined) {
          finish(resolve, { last, told: said.end.last });
          return socket.close(1000);
        }
        if (said.id === 2 && said.ok !== undefined) {
          watchedSince = Date.now();
          return;
        }
        if (said.error === undefined) return;
        const wait = said.retryAfterMs;
        if (wait === undefined || !said.error.retryable) {
          finish(reject, `${said.error.code}: ${said.error.detail}`);
          return socket.close(1000);
        }
        seen.delayed();
        setTimeout(() => socket.readyState === 1 && ask(), wait + Math.random() * 500);
      };
      socket.onerror = (event) => {
        error = event.error;
      };
      socket.onclose = ({ code, reason }) => {
        if (over) return;
        seen.closed(code ?? 0);
        // Without a code the handshake was refused, or never came about.
        if (code === undefined || code === 1000 || comesBack(code)) return void setTimeout(connect, pauseMs(tries));
        finish(reject, `closed with ${code} ${reason} ${error ?? ''}`);
      };
      signal.drop = () => !over && socket.readyState === 1 && socket.close(4000, 'dropped-by-client');
    };
    signal.abort = () => finish(reject, `did not come to the end; the last event was ${last}`);
    connect();
  });
