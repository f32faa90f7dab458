import { buildGoTool, findGoTool, type GoTool, type Program } from './go-tool.ts';

const tool: GoTool = { module: 'k6', program: 'k6', package: 'go.k6.io/k6', flags: ['-ldflags=-s -w'] };

/** The file of k6, or why there is none (the reason to skip with). */
export const k6Program = (): Program => findGoTool(tool);

/** Builds the pinned k6 unless it is there: a minute and a half, once for a user. Throws what go reports. */
export const buildK6 = (progress?: (compiled: number, packages: number) => void): Promise<Program> =>
  buildGoTool(tool, progress);
