// Our express middleware beside express-rate-limit: the functions alone, then each in an application over loopback.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { shown, spreadOf } from '../figures/spread.ts';
import type { PartOptions } from './part.ts';

const file = fileURLToPath(new URL('express-process.ts', import.meta.url));
const peers = ['peer, draft 8', 'peer, draft 6'] as const;
const subjects = [...peers, 'fixed-window', 'token-bucket', 'sliding-log'] as const;
const loads = [
  { name: '1 key', what: 'one address, all admitted' },
  { name: '10,000 keys', what: '10,000 addresses in turns, all admitted' },
  { name: 'refusals', what: 'one address, all refused' },
] as const;
/** Times the requests a second of each of the peers that the middleware alone must reach. */
const wanted = 2;

const alone = async (subject: string, load: string): Promise<number> =>
  Number((await promisify(execFile)(process.execPath, [file, subject, load], { timeout: 60_000 })).stdout);

/** Each of `connections` keeps `pipelined` requests under way for `forMs`; requests answered a second. */
const overLoopback = async (port: number, forMs: number, connections = 8, pipelined = 16): Promise<number> => {
  const request = 'GET / HTTP/1.1\r\nhost: bench\r\n\r\n';
  const mark = Buffer.from('HTTP/1.1 200');
  const open = async (): Promise<() => number> => {
    const socket = createConnection({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    let answered = 0;
    let rest: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      const bytes = Buffer.concat([rest, chunk]);
      let found = 0;
      let at = bytes.indexOf(mark);
      let end = 0;
      for (; at !== -1; at = bytes.indexOf(mark, end)) {
        found += 1;
        end = at + mark.length;
      }
      rest = bytes.subarray(Math.max(end, bytes.length - mark.length + 1));
      answered += found;
      socket.write(request.repeat(found));
    });
    socket.write(request.repeat(pipelined));
    return () => {
      socket.destroy();
      return answered;
    };
  };
  const opened = await Promise.all(Array.from({ length: connections }, open));
  await new Promise((resolve) => setTimeout(resolve, forMs));
  return (opened.reduce((sum, end) => sum + end(), 0) * 1000) / forMs;
};

const inApplication = async (subject: string): Promise<number> => {
  const child = spawn(process.execPath, [file, subject, 'serve'], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const port = Number(line.toString());
    await overLoopback(port, 500);
    return await overLoopback(port, 2000);
  } finally {
    child.kill('SIGKILL');
  }
};

export const measure = async ({ rounds = 5, goals }: PartOptions): Promise<void> => {
  console.log(
    `  thousands of requests a second, median (least … most) of ${rounds} rounds in turns; all set RateLimit headers for each request;\n` +
      '  peer: express-rate-limit 8.7.4 with its memory store and its checks of the set-up off, by headers of draft 8 (nearest to ours) and of draft 6 (without partition keys): both are judged;\n' +
      '  it refuses in plain text, and what express’ own `send` would add to that is left out; we refuse by a whole problem document;\n' +
      '  the middleware alone by seconds of processor time, so that what else the machine does counts for neither',
  );
  for (const { name, what } of loads) {
    const measured = new Map(subjects.map((subject) => [subject, [] as number[]]));
    for (let round = 0; round < rounds; round += 1)
      for (const [subject, rates] of measured) rates.push((await alone(subject, name)) / 1e3);
    console.log(`  the middleware alone, ${what}`);
    const [nearest = 0, barest = 0] = peers.map((peer) => spreadOf(measured.get(peer) ?? []).median);
    for (const [subject, rates] of measured) {
      const rate = spreadOf(rates);
      const told = `    ${subject.padEnd(16)} ${shown(rate, 0)}`;
      if (subject.startsWith('peer')) {
        console.log(told);
        continue;
      }
      const ratios = [nearest, barest].map((peer) => rate.median / peer);
      const shownRatios = ratios.map((ratio) => ratio.toFixed(2)).join(' and ');
      const reached = `express, ${name}, ${subject}: ${shownRatios} ×`;
      const verdict = goals.judge(reached, `≥ ${wanted} × the peer with draft 8 and 6`, Math.min(...ratios) >= wanted);
      console.log(`${told}, ${shownRatios} × the peers; ${verdict}`);
    }
  }
  await measureApplications(rounds);
};

/** What the middleware adds to a request, beside what express and HTTP take: told, not judged. */
const measureApplications = async (rounds: number): Promise<void> => {
  const measured = new Map(['none', ...peers, 'fixed-window'].map((subject) => [subject, [] as number[]]));
  for (let round = 0; round < rounds; round += 1)
    for (const [subject, rates] of measured) rates.push((await inApplication(subject)) / 1e3);
  const bare = spreadOf(measured.get('none') ?? []).median;
  console.log('  an express application over loopback, 8 connections with 16 requests under way each');
  for (const [subject, rates] of measured) {
    const rate = spreadOf(rates);
    const added = 1e3 / rate.median - 1e3 / bare;
    console.log(
      `    ${subject.padEnd(16)} ${shown(rate, 1)}${subject === 'none' ? '' : `, ${added.toFixed(1)} µs more a request`}`,
    );
  }
};
