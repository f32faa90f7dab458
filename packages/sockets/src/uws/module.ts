// What is used of uWebSockets.js, whose own types cannot be installed from npm.

export interface UwsSocket {
  send(message: string | Uint8Array, isBinary: boolean, compress: boolean): number;
  ping(message: string): number;
  /** Close frame, then the end of the connection once it has left. Calls the close handler before it returns; the object is dead then. */
  end(code: number, reason: string): void;
  /** At once. Likewise. */
  close(): void;
  getBufferedAmount(): number;
  subscribe(topic: string): boolean;
  unsubscribe(topic: string): boolean;
}

/** Dead once the handler returns. */
export interface UwsRequest {
  getUrl(): string;
  /** Undefined where the URL has no `?`. */
  getQuery(): string | undefined;
  getMethod(): string;
  forEach(see: (name: string, value: string) => void): void;
}

/** Dead once it was ended, upgraded or aborted. */
export interface UwsResponse {
  onAborted(handler: () => void): unknown;
  cork(write: () => void): unknown;
  writeStatus(status: string): unknown;
  writeHeader(name: string, value: string): unknown;
  end(body: string, closeConnection: boolean): unknown;
  getRemoteAddressAsText(): ArrayBuffer;
  /** The properties of `data` become properties of the socket. */
  upgrade(data: object, key: string, protocol: string, extensions: string, context: unknown): void;
}

export interface UwsBehavior<Attached> {
  readonly compression: number;
  readonly maxPayloadLength: number;
  readonly maxBackpressure: number;
  readonly closeOnBackpressureLimit: boolean;
  /** Seconds, 0 or 8 to 960. */
  readonly idleTimeout: number;
  readonly sendPingsAutomatically: boolean;
  readonly upgrade: (response: UwsResponse, request: UwsRequest, context: unknown) => void;
  readonly open: (socket: UwsSocket & Attached) => void;
  readonly message: (socket: UwsSocket & Attached, message: ArrayBuffer, isBinary: boolean) => void;
  readonly drain: (socket: UwsSocket & Attached) => void;
  readonly ping: (socket: UwsSocket & Attached) => void;
  readonly pong: (socket: UwsSocket & Attached) => void;
  readonly close: (socket: UwsSocket & Attached, code: number, message: ArrayBuffer) => void;
}

export interface UwsApp {
  ws<Attached>(pattern: string, behavior: UwsBehavior<Attached>): unknown;
  any(pattern: string, handler: (response: UwsResponse, request: UwsRequest) => void): unknown;
  /** `options` 1: fails when somebody else listens there. */
  listen(host: string, port: number, options: number, listening: (token: unknown) => void): unknown;
  listen(host: string, port: number, listening: (token: unknown) => void): unknown;
  publish(topic: string, message: string | Uint8Array, isBinary: boolean, compress: boolean): boolean;
  /** Ends everything; newer versions only. */
  close?(): unknown;
}

export interface Uws {
  App(): UwsApp;
  SSLApp(files: { readonly cert_file_name: string; readonly key_file_name: string }): UwsApp;
  us_listen_socket_close(token: unknown): void;
  us_socket_local_port(token: unknown): number;
  readonly DISABLED: number;
}
