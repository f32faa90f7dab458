import { conditionMessage, errorCode } from '@simfleet/contracts';
import type { JobConditionReason, Mistake } from '@simfleet/contracts';

/** Whether the platform has the job as the resource describes it, and why not. */
export interface Acceptance {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: JobConditionReason<'Accepted'>;
  readonly message: string;
}

export const accepted: Acceptance = { status: 'True', reason: 'Accepted', message: 'the platform has the job' };

const reasons: Readonly<Record<string, JobConditionReason<'Accepted'>>> = {
  'invalid-request': 'InvalidSpec',
  immutable: 'Immutable',
  'job-over': 'Immutable',
  'already-exists': 'NameTaken',
  forbidden: 'Forbidden',
  'engine-unavailable': 'EngineUnavailable',
};

/** What a refusal of the platform means for the resource; null for errors that say nothing about it. */
export const refusal = (error: unknown): Acceptance | null => {
  const code = errorCode(error);
  const reason = code === undefined ? undefined : reasons[code];
  if (reason !== undefined) return { status: 'False', reason, message: conditionMessage(mistakesText(error)) };
  if (code === 'quota-exceeded')
    return { status: 'Unknown', reason: 'QuotaExceeded', message: conditionMessage(detailOf(error)) };
  if (code === 'unavailable' || code === 'storage-full' || code === 'internal')
    return { status: 'Unknown', reason: 'PlatformUnavailable', message: conditionMessage(detailOf(error)) };
  return null;
};

/** `/spec/maxPaths must be …; …`: what to mend, or what the platform said. */
const mistakesText = (error: unknown): string => {
  const { mistakes = [] } = error as { readonly mistakes?: readonly Mistake[] };
  if (mistakes.length === 0) return detailOf(error);
  return mistakes.map(({ pointer, detail }) => `${pointer.replace(/^#?\/(?=spec)/, '')}: ${detail}`).join('; ');
};

const detailOf = (error: unknown): string => {
  const { detail } = error as { readonly detail?: unknown };
  return typeof detail === 'string' ? detail : String(error);
};
