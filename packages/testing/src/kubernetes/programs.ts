import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildGoTool, findGoTool, type GoTool, type Program } from '../go-tool.ts';

/** Of `hack/tools/kubernetes/go.mod`; the programs tell it to whoever asks for their version. */
const version = 'v1.36.3';
const [major = '', minor = ''] = version.slice(1).split('.');

const variable = (name: string, value: string): string => `-X k8s.io/component-base/version.${name}=${value}`;
const flags = [
  // What Kubernetes' own releases are built with, less SELinux: smaller, since the linker can drop what nobody calls.
  '-tags=grpcnotrace,notest',
  `-ldflags=-s -w ${variable('gitVersion', version)} ${variable('gitMajor', major)} ${variable('gitMinor', minor)}`,
];

/** A program of Kubernetes. */
export type KubernetesProgram =
  'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'kube-proxy' | 'kubectl' | 'kubelet';

const kubernetes = (program: KubernetesProgram): GoTool => ({
  module: 'kubernetes',
  program,
  package: `k8s.io/kubernetes/cmd/${program}`,
  flags,
});

const helm: GoTool = {
  module: 'helm',
  program: 'helm',
  package: 'helm.sh/helm/v3/cmd/helm',
  flags: ['-ldflags=-s -w -X helm.sh/helm/v3/internal/version.version=v3.22.0'],
};

/** Answers for the names of services on a node of this machine. */
export const coreDns: GoTool = { module: 'coredns', program: 'coredns', package: '.' };

/** The first process of every pod on a node of this machine. */
export const pause: GoTool = { module: 'pause', program: 'pause', package: '.', flags: ['-ldflags=-s -w'] };

/** Makes clusters where Docker runs. */
export const kind: GoTool = { module: 'kind', program: 'kind', package: 'sigs.k8s.io/kind', flags: ['-ldflags=-s -w'] };

/** What tests of the control plane run, and what a real node runs besides. */
export const controlPlanePrograms = ['kube-apiserver', 'kube-controller-manager', 'kubectl'] as const;
export const nodePrograms = ['kubelet', 'kube-scheduler', 'kube-proxy'] as const;

/** The file of a program of Kubernetes, or why there is none. */
export const kubernetesProgram = (program: KubernetesProgram): Program => findGoTool(kubernetes(program));

/** Builds a pinned program of Kubernetes unless it is there; see `buildGoTool`. */
export const buildKubernetesProgram = (
  program: KubernetesProgram,
  progress?: (compiled: number, packages: number) => void,
): Promise<Program> => buildGoTool(kubernetes(program), progress);

/** The file of helm, or why there is none (the reason to skip with). */
export const helmProgram = (): Program => findGoTool(helm);

/** Builds the pinned helm unless it is there; see `buildGoTool`. */
export const buildHelm = (progress?: (compiled: number, packages: number) => void): Promise<Program> =>
  buildGoTool(helm, progress);

/** A program of this machine that is found by its name; administrators' directories are looked through too, which users' PATH leaves out. */
export const systemProgram = (name: string): string | null =>
  [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin']
    .map((directory) => join(directory, name))
    .find((file) => existsSync(file)) ?? null;

/** Why no control plane can be started here, or null: `test('…', { skip: controlPlaneMissing() ?? false }, …)`. */
export const controlPlaneMissing = (): string | null => {
  if (process.platform !== 'linux') return 'a control plane is started on Linux only';
  if (systemProgram('etcd') === null) return 'etcd is not installed (Debian: etcd-server)';
  if (systemProgram('openssl') === null) return 'openssl is not installed: it makes the certificates';
  for (const program of controlPlanePrograms) {
    const found = kubernetesProgram(program);
    if ('missing' in found) return found.missing;
  }
  return null;
};

/** The file of a program that must be there. Throws the reason where it is not. */
export const fileOf = (program: KubernetesProgram): string => {
  const found = kubernetesProgram(program);
  if ('missing' in found) throw new Error(found.missing);
  return found.file;
};
