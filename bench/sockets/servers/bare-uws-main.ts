// uWebSockets.js as its examples show a broadcast. Bundled like the one on our driver.
import { steered, subscriberPath, topic } from './steered.ts';

interface BareSocket {
  readonly path: string;
  subscribe(topic: string): void;
}

interface BareApp {
  ws(pattern: string, behavior: object): BareApp;
  publish(topic: string, message: ArrayBuffer, binary: boolean): boolean;
  listen(host: string, port: number, listening: (token: unknown) => void): unknown;
}

interface Bare {
  App(): BareApp;
  us_socket_local_port(token: unknown): number;
}

interface Response {
  upgrade(data: object, key: string, protocol: string, extensions: string, context: unknown): void;
}

interface Request {
  getUrl(): string;
  getHeader(name: string): string;
}

const main = async (): Promise<void> => {
  const { default: uws } = (await import(process.argv[2] ?? '')) as { readonly default: Bare };
  const app = uws.App();
  app
    .ws('/*', {
      idleTimeout: 32,
      upgrade(response: Response, request: Request, context: unknown) {
        const header = (name: string): string => request.getHeader(name);
        response.upgrade(
          { path: request.getUrl() },
          header('sec-websocket-key'),
          header('sec-websocket-protocol'),
          header('sec-websocket-extensions'),
          context,
        );
      },
      open(ws: BareSocket) {
        if (ws.path === subscriberPath) ws.subscribe(topic);
      },
      message: (_ws: BareSocket, message: ArrayBuffer, binary: boolean) => void app.publish(topic, message, binary),
    })
    .listen('127.0.0.1', 0, (token) => steered(`ws://127.0.0.1:${uws.us_socket_local_port(token)}`));
};

void main();
