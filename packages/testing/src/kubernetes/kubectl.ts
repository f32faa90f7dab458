import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileOf } from './programs.ts';

/** Collects what a child writes. */
const textOf = async (stream: NodeJS.ReadableStream): Promise<string> => {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
};

/**
 * Runs the built kubectl and answers its output. What `home` holds is its cache of the server's kinds. Rejects with what it complained of.
 */
export const runKubectl = async (
  kubeconfig: string,
  home: string,
  args: readonly string[],
  input = '',
): Promise<string> => {
  const words = [`--kubeconfig=${kubeconfig}`, `--cache-dir=${home}`, ...args];
  const child = spawn(fileOf('kubectl'), words, { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = once(child, 'close') as Promise<[number | null]>;
  // One that has read enough closes its input early.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [output, complaint, [code]] = await Promise.all([textOf(child.stdout), textOf(child.stderr), ended]);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${complaint.trim() || `exit ${code}`}`);
  return output;
};
