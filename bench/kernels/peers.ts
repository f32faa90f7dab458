import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { tablesHeader } from './tables-header.ts';

const here = import.meta.dirname;
const cache = join(homedir(), '.cache/simfleet/bench-kernels');

export interface Peer {
  readonly name: string;
  /** Command line, or why this machine has none. */
  readonly command: readonly string[] | string;
  /** Least ratio of our rate to the peer's that we promise; null = printed only. */
  readonly goal: number | null;
  /** Part of the usual number of paths, for slow peers. */
  readonly share: number;
}

const attempt = (make: () => readonly string[]): readonly string[] | string => {
  try {
    return make();
  } catch (cause) {
    return cause instanceof Error ? (cause.message.split('\n')[0] ?? 'failed') : String(cause);
  }
};

const cpuHas = (flag: string): boolean =>
  new RegExp(`^flags.*\\b${flag}\\b`, 'm').test(readFileSync('/proc/cpuinfo', 'utf8'));

const compile = (source: string, program: string, ...flags: readonly string[]): readonly string[] => {
  const target = join(cache, program);
  const all = ['-std=c++20', '-O3', '-march=native', ...flags, `-I${cache}`, join(here, 'peers', source), '-o', target];
  execFileSync('g++', all, { stdio: ['ignore', 'ignore', 'inherit'] });
  return [target];
};

const needAvx512 = (): void => {
  if (!cpuHas('avx512dq')) throw new Error('the processor has no AVX-512');
};

/** NumPy and QuantLib in a virtual environment of their own. */
const python = (script: string): readonly string[] => {
  const environment = join(cache, 'python');
  if (!existsSync(join(environment, 'ready'))) {
    execFileSync('python3', ['-m', 'venv', environment]);
    execFileSync(join(environment, 'bin/pip'), ['install', '--quiet', 'numpy==2.3.5', 'QuantLib==1.40'], {
      stdio: 'inherit',
    });
    writeFileSync(join(environment, 'ready'), '');
  }
  return [join(environment, 'bin/python'), join(here, 'peers', script)];
};

/** Builds or installs every peer; the first is ours. */
export const preparePeers = (): readonly Peer[] => {
  mkdirSync(cache, { recursive: true });
  writeFileSync(join(cache, 'tables.hpp'), tablesHeader());
  // Lanes of 128 bits with the instructions that go with them; AVX-512's (its 32 registers, ternary logic and rotations, at any width) are
  // measured apart.
  const lanes128 = ['-mprefer-vector-width=128', '-mno-avx512f'];
  return [
    { name: 'WebAssembly (ours)', command: [process.execPath, join(here, 'wasm-peer.ts')], goal: null, share: 1 },
    {
      name: 'C++ 128-bit, same algorithm',
      command: attempt(() => compile('same.cpp', 'same', ...lanes128, '-ffp-contract=off')),
      goal: 1,
      share: 1,
    },
    {
      name: 'C++ 128-bit, same algorithm with FMA',
      command: attempt(() => compile('same.cpp', 'same-fma', ...lanes128, '-ffp-contract=fast')),
      goal: 0.85,
      share: 1,
    },
    {
      name: 'C++ 128-bit, our best',
      command: attempt(() => compile('best.cpp', 'best-128', ...lanes128, '-DLANES=2')),
      goal: 0.85,
      share: 1,
    },
    {
      name: 'C++ 128-bit with AVX-512 instructions, same algorithm',
      command: attempt(() => {
        needAvx512();
        return compile('same.cpp', 'same-vl', '-mprefer-vector-width=128', '-ffp-contract=off');
      }),
      goal: null,
      share: 1,
    },
    {
      name: 'C++ AVX-512, our best',
      command: attempt(() => {
        needAvx512();
        return compile('best.cpp', 'best-512', '-mprefer-vector-width=512', '-DLANES=8', '-Wno-maybe-uninitialized');
      }),
      goal: null,
      share: 1,
    },
    { name: 'NumPy', command: attempt(() => python('numpy_peer.py')), goal: 1, share: 1 },
    { name: 'QuantLib Monte Carlo', command: attempt(() => python('quantlib_peer.py')), goal: 10, share: 1 / 16 },
  ];
};

/** Versions of what the peers are made of, for the report. */
export const versions = (): readonly string[] => {
  const firstLine = (...command: readonly [string, ...string[]]): string => {
    try {
      return (
        execFileSync(command[0], command.slice(1), { stdio: ['ignore', 'pipe', 'ignore'] })
          .toString()
          .split('\n')[0] ?? ''
      );
    } catch {
      return `${command[0]}: absent`;
    }
  };
  const modules = 'import numpy, QuantLib; print("NumPy", numpy.__version__, "QuantLib", QuantLib.__version__)';
  return [
    `Node ${process.version}`,
    firstLine('g++', '--version'),
    firstLine(join(cache, 'python/bin/python'), '-c', modules),
    firstLine('primesieve', '--version'),
  ];
};
