import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Rule } from '@simfleet/rate-limit';
import { renderedProblem } from '../answer/send.ts';
import { retryAfterOf, secondsOf } from './limit-headers.ts';
import type { Decided } from './limit-headers.ts';
import { refusalDetail, refusingRules } from './refusal.ts';

/** Answers what was refused with its problem document; the headers of limits, Retry-After among them, are set by then. */
export type AnswerRefusal = (response: ServerResponse, decided: readonly Decided[]) => void;

/** The problem document of a rule that refuses, but for the seconds to wait and the instance, and the headers it goes with. */
interface Template {
  readonly beforeSeconds: string;
  readonly beforeInstance: string;
  readonly end: string;
  /** Of the three. */
  readonly bytes: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly status: number;
}

/**
 * Who is refused keeps asking, so a refusal is to be the cheapest answer: its document is rendered once for each rule and put together from the parts
 * after that. Those of several rules that refuse at once are rendered each time.
 */
export const createRefusalAnswers = (): AnswerRefusal => {
  const waiting = new WeakMap<Rule, Template>();
  const hopeless = new WeakMap<Rule, Template>();

  const templateOf = (decided: readonly Decided[], isHopeless: boolean): Template => {
    const rule = soleRefusing(decided);
    if (rule === undefined) return rendered(refusingRules(decided), isHopeless);
    const templates = isHopeless ? hopeless : waiting;
    const known = templates.get(rule);
    if (known !== undefined) return known;
    const template = rendered([rule], isHopeless);
    templates.set(rule, template);
    return template;
  };

  return (response, decided) => {
    if (response.headersSent || response.destroyed) return;
    const wait = retryAfterOf(decided) ?? null;
    const template = templateOf(decided, wait === null);
    const seconds = wait === null ? '' : String(secondsOf(wait));
    const instance = randomUUID();
    response.statusCode = template.status;
    for (const name in template.headers) response.setHeader(name, template.headers[name] ?? '');
    response.setHeader('content-length', template.bytes + seconds.length + instance.length);
    response.end(`${template.beforeSeconds}${seconds}${template.beforeInstance}${instance}${template.end}`);
  };
};

/** Undefined when several refuse. */
const soleRefusing = (decided: readonly Decided[]): Rule | undefined => {
  let found: Rule | undefined;
  for (const { charge, decision } of decided) {
    if (decision.allowed) continue;
    if (found !== undefined) return undefined;
    found = charge.rule;
  }
  return found;
};

const rendered = (rules: readonly Rule[], isHopeless: boolean): Template => {
  // Stands for what differs; JSON escapes nothing of it, and no rule can be named like it.
  const mark = randomUUID();
  const refusal = { policies: rules.map(({ name }) => name), retryAfterMs: null };
  const detail = refusalDetail(rules, isHopeless ? null : mark);
  const { status, body, headers } = renderedProblem({ code: 'quota-exceeded', detail, refusal }, mark);
  const parts = (body ?? '').split(mark);
  const [end = '', beforeInstance = '', beforeSeconds = ''] = parts.toReversed();
  return {
    ...{ beforeSeconds, beforeInstance, end },
    bytes: Buffer.byteLength(parts.join('')),
    ...{ headers, status },
  };
};
