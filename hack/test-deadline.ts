// Loaded into the process of every test file: one that does not end fails and says what keeps it, instead of holding up everything for ever.
import { readFileSync } from 'node:fs';

const limitMinutes = process.env['SIMFLEET_CHAOS'] === undefined ? 10 : 60;

/** State and command of every process below this one, a line each (Linux). */
const descendants = (pid: number): readonly string[] => {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
    return children.flatMap((child) => {
      const state = /^State:\s*(.*)$/m.exec(readFileSync(`/proc/${child}/status`, 'utf8'))?.[1] ?? '';
      const command = readFileSync(`/proc/${child}/cmdline`, 'utf8').replaceAll('\0', ' ').slice(0, 200);
      return [`  ${child} ${state}: ${command}`, ...descendants(Number(child)).map((line) => `  ${line}`)];
    });
  } catch {
    return [];
  }
};

setTimeout(() => {
  const held = process.getActiveResourcesInfo().join(', ');
  const lines = [`${process.argv[1] ?? ''} has not ended after ${limitMinutes} minutes; it holds ${held}`];
  console.error([...lines, ...descendants(process.pid)].join('\n'));
  process.exit(1);
}, limitMinutes * 60_000).unref();
