import type { CreateSocketServer, SocketServer } from '@simfleet/sockets';
import { steered, subscriberPath, topic } from './steered.ts';

/** The benchmark's server on the port, with all its limits on. */
export const serveOurs = async (create: CreateSocketServer): Promise<void> => {
  const server: SocketServer = create<string>({
    handlers: {
      upgrade: ({ path }) => ({ accept: true, data: path }),
      open(socket) {
        if (socket.data === subscriberPath) socket.subscribe(topic);
      },
      message: (_socket, message) => void server.publish(topic, message),
      drain: () => undefined,
      close: () => undefined,
    },
  });
  const { url } = await server.start({ host: '127.0.0.1', port: 0 });
  steered(url);
};
