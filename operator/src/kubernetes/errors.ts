import { SimfleetError } from '@simfleet/contracts/errors';
import type { ErrorCode } from '@simfleet/contracts/errors';

/** Reasons that the API server gives (meta/v1 StatusReason), and ours: `Unreachable` (no answer) and `NotLeading` (not sent, another may lead). */
const codes = {
  NotFound: 'not-found',
  Conflict: 'version-conflict',
  AlreadyExists: 'already-exists',
  Invalid: 'invalid-request',
  BadRequest: 'invalid-request',
  Forbidden: 'forbidden',
  Unauthorized: 'unauthenticated',
  NotLeading: 'unavailable',
  Unreachable: 'unavailable',
} as const satisfies Readonly<Record<string, ErrorCode>>;

/** What the API server refused or did not answer. Recognised by `reason`; `status` is that of HTTP, 0 where there was no answer. */
export class KubernetesError extends SimfleetError {
  readonly reason: string;
  readonly status: number;
  /** How long the server asks to wait, in milliseconds; 0 when it does not say. */
  readonly retryAfterMs: number;

  constructor(
    reason: string,
    message: string,
    { status = 0, retryAfterMs = 0, cause }: { status?: number; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(Object.hasOwn(codes, reason) ? codes[reason as keyof typeof codes] : 'unavailable', message, { cause });
    this.reason = reason;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Whether it is an error of the Kubernetes API for that reason. */
export const isReason = (error: unknown, reason: string): error is KubernetesError =>
  error instanceof KubernetesError && error.reason === reason;
