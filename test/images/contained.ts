import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import type { ImageConfig } from './archive.ts';

/** Why no program can be contained here, or false. */
export const containmentMissing = (): string | false => {
  if (process.getuid?.() !== 0) return 'only root may change the root of a process';
  const { status } = spawnSync('unshare', ['--mount', '--pid', '--fork', 'true']);
  return status === 0 ? false : 'this machine lets nobody make namespaces of mounts and processes';
};

/** Runs as process 1 of its namespaces until it becomes the program. $1 root, $2 termination log, $3 folder, $4 user, $5 group; then the command. */
const script = `set -e
root=$1 log=$2 folder=$3 user=$4 group=$5; shift 5
mount --bind "$root" "$root"; mount -o remount,bind,ro "$root"
mount -t tmpfs -o size=64m,mode=1777 tmpfs "$root/tmp"; mount -t tmpfs -o mode=755 tmpfs "$root/dev"
mount -t proc proc "$root/proc"
for file in /dev/null /dev/urandom; do touch "$root$file"; mount --bind $file "$root$file"; done
touch "$root/dev/termination-log"; mount --bind "$log" "$root/dev/termination-log"
exec setpriv --clear-groups --no-new-privs unshare --root="$root" --wd="$folder" --setgid "$group" --setuid "$user" "$@"`;

export interface Contained {
  readonly ended: Promise<number | null>;
  output(): string;
  /** What it left for `kubectl describe pod`. */
  terminationLog(): string;
  /** Of the program: process 1 of its namespace. */
  terminate(): void;
  /** A file as it sees it. */
  readFile(path: string): string;
}

export interface ContainedOptions {
  /** Folder with the files of the image. */
  readonly root: string;
  readonly config: ImageConfig;
  readonly arguments: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
  /** Path of a file for the termination log. */
  readonly log: string;
}

/**
 * What a container runtime does for a restricted pod, by programs that any Linux has: the files of the image as a root that cannot be written, an
 * empty /tmp, a /dev with next to nothing in it, process 1, the user and variables of the image, no right at all. The network is this machine's.
 */
export const contain = (t: TestContext, options: ContainedOptions): Contained => {
  const { root, config, variables = {}, log } = options;
  writeFileSync(log, '');
  chmodSync(log, 0o666);
  const [user = '', group = ''] = config.User.split(':');
  const own = Object.fromEntries(config.Env.map((line) => line.split('=') as [string, string]));
  const child = spawn(
    'unshare',
    [
      ...['--mount', '--pid', '--fork', '--propagation', 'private', 'sh', '-c', script, 'sh'],
      ...[root, log, config.WorkingDir, user, group, ...config.Entrypoint, ...options.arguments],
    ],
    // The image's PATH is for the image; until then the programs of this machine are meant.
    {
      env: { ...own, ...variables, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const ended = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)));
  const program = (): number | null => {
    const [first = ''] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').split(' ');
    return first === '' ? null : Number(first);
  };
  const terminate = (): void => {
    const pid = child.exitCode === null && child.signalCode === null ? program() : null;
    if (pid !== null) process.kill(pid, 'SIGTERM');
  };
  // Ends it with this test, however that dies: the other end of its pipe then closes. (What changes its user outlives its parent else.)
  const guardScript = `cat >/dev/null; kill -9 $(cat /proc/${child.pid}/task/${child.pid}/children) 2>/dev/null`;
  const guard = spawn('sh', ['-c', guardScript], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  t.after(async () => {
    guard.stdin.end();
    await ended;
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return {
    ended,
    output: () => output,
    terminationLog: () => readFileSync(log, 'utf8'),
    terminate,
    readFile: (path) => readFileSync(`/proc/${program()}/root${path}`, 'utf8'),
  };
};
