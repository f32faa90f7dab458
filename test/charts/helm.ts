import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { controlPlaneMissing, helmProgram } from '@simfleet/testing';
import type { TestControlPlane } from '@simfleet/testing';

export const chart = fileURLToPath(new URL('../../charts/simfleet', import.meta.url));
export const valueSets = ['minimal', 'default', 'production'] as const;
export const valuesOf = (set: (typeof valueSets)[number]): string => `${chart}/ci/${set}-values.yaml`;

/** Of the API server that the tests run; the built helm takes no version for granted. */
const kubernetes = ['--kube-version', '1.36.3'];
export const release = 'simfleet';
export const namespace = 'sim';

/** Why no chart can be tested here, or false. */
export const chartMissing = (): string | false => {
  const helm = helmProgram();
  return 'missing' in helm ? helm.missing : (controlPlaneMissing() ?? false);
};

/** Runs helm and answers its output; rejects with its complaint. */
export const helm = async (args: readonly string[], kubeconfig?: string): Promise<string> => {
  const program = helmProgram();
  if ('missing' in program) throw new Error(program.missing);
  // Without a kubeconfig of its own helm would take this user's.
  const env = { ...process.env, KUBECONFIG: kubeconfig ?? '/dev/null' };
  const { stdout } = await promisify(execFile)(program.file, args, { env, maxBuffer: 2 ** 26, timeout: 120_000 });
  return stdout;
};

/** The manifests of an installation, its hooks included. */
export const template = (args: readonly string[] = []): Promise<string> =>
  helm(['template', release, chart, '--namespace', namespace, ...kubernetes, ...args]);

export const lint = (args: readonly string[]): Promise<string> =>
  helm(['lint', '--strict', chart, ...kubernetes, ...args]);

/** An object of Kubernetes, as far as these tests look at it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: Readonly<Record<string, unknown>> & { readonly template?: PodTemplate };
  readonly rules?: readonly Rule[];
}

export interface PodTemplate {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec: Readonly<Record<string, unknown>>;
}

export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** The manifests as objects: read by kubectl, nothing is sent. */
export const objectsOf = async (plane: TestControlPlane, manifests: string): Promise<readonly Manifest[]> => {
  const args = ['create', '--dry-run=client', '--validate=false', '-o', 'json', '-f', '-'];
  const texts = await plane.kubectl(args, manifests);
  // One after the other, each begun and ended by a brace in the first column.
  return JSON.parse(`[${texts.replaceAll(/^\}\s*^\{/gm, '},{')}]`) as readonly Manifest[];
};

/** One object of a kind. Throws when there is none. */
export const find = (objects: readonly Manifest[], kind: string, name: string): Manifest => {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
  return found;
};
