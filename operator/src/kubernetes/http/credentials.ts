import { createHash } from 'node:crypto';
import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from '@simfleet/runtime';
import { SimfleetError } from '@simfleet/contracts/errors';

/** What a request proves itself with. */
export interface Credentials {
  /** Such as `Authorization` and `Impersonate-User`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsMaterial;
  /** Equal for equal `tls`: connections made with other material are not used any more. */
  readonly fingerprint: string;
}

export type TlsMaterial = Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized'>;

export interface CredentialSource {
  readonly server: URL;
  /** Read again when they are older than ten seconds, or with `fresh`. Throws `unavailable` when they cannot be read. */
  current(fresh?: boolean): Promise<Credentials>;
}

/** Tokens of service accounts are replaced while the pod runs, certificates of kubeconfigs are renewed in place: reading files costs little. */
const maximumAgeMs = 10_000;

/**
 * Kubeconfig, service account, exec plugins and OpenID Connect as `@kubernetes/client-node` reads them. Throws `invalid-request` when there is no usable
 * configuration.
 */
export const openCredentials = (clock: Clock, kubeconfig?: string): CredentialSource => {
  const config = new KubeConfig();
  const server = load(config, kubeconfig);
  let known: { readonly credentials: Promise<Credentials>; readonly readAt: number } | null = null;
  return {
    server,
    current(fresh = false) {
      const now = clock.monotonic();
      if (known === null || fresh || now - known.readAt > maximumAgeMs) {
        const credentials = read(config);
        known = { credentials, readAt: now };
        // A failure is not kept.
        credentials.catch(() => (known = known?.credentials === credentials ? null : known));
      }
      return known.credentials;
    },
  };
};

const load = (config: KubeConfig, kubeconfig: string | undefined): URL => {
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
    return new URL(config.getCurrentCluster()?.server ?? '');
  } catch (cause) {
    const detail = `no Kubernetes cluster: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new SimfleetError('invalid-request', detail, { cause });
  }
};

const read = async (config: KubeConfig): Promise<Credentials> => {
  const options: RequestOptions = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (cause) {
    throw new SimfleetError('unavailable', 'the credentials for the Kubernetes API cannot be read', { cause });
  }
  const headers = Object.entries(options.headers ?? {}).map(([name, value]) => [name, String(value).trim()]);
  if (typeof options.auth === 'string')
    headers.push(['Authorization', `Basic ${Buffer.from(options.auth).toString('base64')}`]);
  const { ca, cert, key, servername, rejectUnauthorized } = options;
  const tls = Object.fromEntries(
    Object.entries({ ca, cert, key, servername, rejectUnauthorized }).filter(([, value]) => value !== undefined),
  ) as TlsMaterial;
  const fingerprint = createHash('sha256');
  for (const part of [ca, cert, key, servername, rejectUnauthorized])
    fingerprint.update(`${JSON.stringify(part) ?? ''}\n`);
  return {
    headers: Object.fromEntries(headers) as Record<string, string>,
    tls,
    fingerprint: fingerprint.digest('hex'),
  };
};
