import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A program that is built from a Go module which this repository pins: `hack/tools/<module>` holds its go.mod and go.sum. */
export interface GoTool {
  readonly module: string;
  /** Name of the program's file. */
  readonly program: string;
  /** Import path of its main package; `.` for one that lies beside go.mod. */
  readonly package: string;
  /** Further words for `go build`; other words make another build. */
  readonly flags?: readonly string[];
}

/** The program's file, or why there is none (the reason to skip with). */
export type Program = { readonly file: string } | { readonly missing: string };

const sourceOf = ({ module }: GoTool): string => join(import.meta.dirname, '../../../hack/tools', module);

const goVersion = (tool: GoTool): string | null => {
  try {
    const found = execFileSync('go', ['env', 'GOVERSION'], { encoding: 'utf8', cwd: sourceOf(tool), stdio: 'pipe' });
    return found.trim();
  } catch {
    return null;
  }
};

/** Where a program lies once it is built: in the user's cache, keyed by what goes into it, so that all clones share it. */
const placeOf = (tool: GoTool, version: string): string => {
  const key = createHash('sha256').update(version);
  for (const file of globSync('*.{go,mod,sum}', { cwd: sourceOf(tool) }).sort()) {
    key.update(readFileSync(join(sourceOf(tool), file)));
  }
  if (tool.flags !== undefined) key.update(tool.flags.join('\n'));
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return join(cache, 'simfleet', tool.module, key.digest('hex').slice(0, 16), tool.program);
};

/** Finds a program that was built before. */
export const findGoTool = (tool: GoTool): Program => {
  const version = goVersion(tool);
  if (version === null) return { missing: `go is not installed: it builds ${tool.program}` };
  const file = placeOf(tool, version);
  return existsSync(file) ? { file } : { missing: `${tool.program} is not built: run node hack/install-tools.ts` };
};

const environment = (): NodeJS.ProcessEnv => ({ ...process.env, CGO_ENABLED: '0', GOWORK: 'off' });

/** How many packages the program consists of, those of Go itself included. */
const countPackages = (tool: GoTool): number =>
  execFileSync('go', ['list', '-deps', tool.package], {
    cwd: sourceOf(tool),
    env: environment(),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 24,
  })
    .trim()
    .split('\n').length;

const compile = async (tool: GoTool, made: string, compiled: () => void): Promise<void> => {
  const words = ['build', '-v', '-trimpath', ...(tool.flags ?? []), '-o', made, tool.package];
  const go = spawn('go', words, { cwd: sourceOf(tool), env: environment(), stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(go, 'exit') as Promise<[number | null]>;
  const complaints: string[] = [];
  // Go names a package when it begins to compile it; all else is a complaint.
  for await (const line of createInterface({ input: go.stderr })) {
    if (/^[\w.\-~/]+$/.test(line)) compiled();
    else complaints.push(line);
  }
  const [code] = await ended;
  if (code !== 0) throw new Error(`go could not build ${tool.program}:\n${complaints.slice(-20).join('\n')}`);
};

/**
 * Builds a program unless it is there, once for a user. Two that build at once do it twice, and the file appears whole either way. `progress` hears
 * how many of its packages have been compiled here and how many there are; what Go has in its own cache is not compiled again. Throws what go reports.
 */
export const buildGoTool = async (
  tool: GoTool,
  progress: (compiled: number, packages: number) => void = () => undefined,
): Promise<Program> => {
  const found = findGoTool(tool);
  const version = goVersion(tool);
  if ('file' in found || version === null) return found;
  const file = placeOf(tool, version);
  const folder = join(file, '..');
  mkdirSync(folder, { recursive: true });
  const scratch = mkdtempSync(join(folder, 'building-'));
  try {
    const made = join(scratch, tool.program);
    const packages = countPackages(tool);
    let compiled = 0;
    await compile(tool, made, () => progress(++compiled, packages));
    renameSync(made, file);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return { file };
};
