import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** One request that the API server has answered (or, a watch, has begun to answer and ended). */
export interface AuditedRequest {
  readonly user: string;
  /** get, list, watch, create, update, patch, delete, … */
  readonly verb: string;
  readonly uri: string;
  /** HTTP status; 0 when there was none. */
  readonly status: number;
}

interface AuditEvent {
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly responseStatus?: { readonly code?: number };
}

/** Writes the policy and answers the flags that make the API server write down every request to `logFile`, one JSON a line. */
export const auditFlags = (policyFile: string, logFile: string): Readonly<Record<string, string>> => {
  const policy = {
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    omitStages: ['RequestReceived', 'ResponseStarted'],
    rules: [{ level: 'Metadata' }],
  };
  writeFileSync(policyFile, JSON.stringify(policy));
  return { 'audit-policy-file': policyFile, 'audit-log-path': logFile };
};

/** The requests in an audit log, in the order in which they ended. */
export const readAudit = (logFile: string): readonly AuditedRequest[] =>
  (existsSync(logFile) ? readFileSync(logFile, 'utf8') : '')
    .split('\n')
    // The last line may be half written.
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as AuditEvent)
    .map((event) => ({
      user: event.user.username,
      verb: event.verb,
      uri: event.requestURI,
      status: event.responseStatus?.code ?? 0,
    }));
