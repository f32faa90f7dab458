import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { buildKubernetesProgram, controlPlanePrograms, kubernetesProgram, nodePrograms } from '@simfleet/testing';
import { buildGoTool, findGoTool } from '../../packages/testing/src/go-tool.ts';
import { coreDns, pause, systemProgram } from '../../packages/testing/src/kubernetes/programs.ts';
import { building } from '../building.ts';

/** Where Debian puts the plugins that make the network of a pod. */
export const cniPlugins = '/usr/lib/cni';

/** Program → its Debian package. */
const onControlPlane: Readonly<Record<string, string>> = { etcd: 'etcd-server', openssl: 'openssl' };
const onNode: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  nft: 'nftables',
  containerd: 'containerd',
  runc: 'runc',
  [`${cniPlugins}/ptp`]: 'containernetworking-plugins',
};

const isThere = (program: string): boolean =>
  program.startsWith('/') ? existsSync(program) : systemProgram(program) !== null;

/** Installs what is missing, where that is possible without asking. Throws the names of the packages where it is not. */
export const installPackages = (node: boolean): void => {
  const missing = Object.entries({ ...onControlPlane, ...(node ? onNode : {}) }).filter(([name]) => !isThere(name));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map(([, name]) => name))];
  const apt = (...words: readonly string[]): void =>
    void spawnSync('apt-get', ['-qq', ...words], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    console.log(`installing ${packages.join(', ')} …`);
    apt('update');
    apt('install', '-o', 'Dpkg::Options::=--force-confold', '--yes', '--no-install-recommends', ...packages);
  }
  const still = missing.filter(([name]) => !isThere(name)).map(([, name]) => name);
  if (still.length > 0) throw new Error(`a cluster needs the Debian packages ${still.join(', ')}`);
};

/** Builds what a cluster runs, once for a user. Throws where Go is missing. */
export const buildPrograms = async (node: boolean): Promise<void> => {
  for (const program of [...controlPlanePrograms, 'kube-scheduler' as const, ...(node ? nodePrograms : [])]) {
    const build = buildKubernetesProgram.bind(null, program);
    await building(program, kubernetesProgram(program), build, 'clusters');
  }
  for (const tool of node ? [coreDns, pause] : []) {
    await building(tool.program, findGoTool(tool), buildGoTool.bind(null, tool), 'clusters');
  }
  const found = kubernetesProgram('kube-apiserver');
  if ('missing' in found) throw new Error(found.missing);
};

/** The file of CoreDNS or pause. Throws where it is not built. */
export const fileOfTool = (tool: typeof coreDns): string => {
  const found = findGoTool(tool);
  if ('missing' in found) throw new Error(found.missing);
  return found.file;
};
