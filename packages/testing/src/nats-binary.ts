import { buildGoTool, findGoTool, type GoTool, type Program } from './go-tool.ts';

const tool: GoTool = {
  module: 'nats-server',
  program: 'nats-server',
  package: 'github.com/nats-io/nats-server/v2',
};

/** The server's file, or why there is none (the reason to skip with). */
export const natsServer = (): Program => findGoTool(tool);

/** Builds the pinned nats-server unless it is there: under a minute, once for a user. Throws what go reports. */
export const buildNatsServer = (progress?: (compiled: number, packages: number) => void): Promise<Program> =>
  buildGoTool(tool, progress);
