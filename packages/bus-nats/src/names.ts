import { SimfleetError } from '@simfleet/contracts';

/** Every subject, stream and durable of one platform. */
export interface Names {
  readonly namespace: string;
  readonly events: string;
  readonly dead: string;
  readonly leases: string;
  readonly eventSubjects: readonly string[];
  readonly deadSubjects: readonly string[];
  event(type: string): string;
  /** Where only this consumer reads. */
  replay(consumer: string): string;
  letter(consumer: string): string;
  broadcast(subject: string): string;
  /** `to`: a name, or empty for any of those who answer without one. */
  request(subject: string, to: string): string;
  leaseFree(consumer: string): string;
}

/**
 * A name as one token of a subject, and as a file name of the server: letters, digits, `-` and `_` stay, every other character becomes `=` and its
 * code point in hexadecimal with another `=`, so that no two names meet.
 */
export const token = (name: string): string =>
  name.replace(/[^A-Za-z0-9_-]/gu, (character) => `=${(character.codePointAt(0) ?? 0).toString(16)}=`);

/** Throws `invalid-configuration` for a namespace that a server would not take. */
export const namesOf = (namespace: string): Names => {
  if (!/^[A-Za-z0-9_-]{1,32}$/.test(namespace)) {
    throw new SimfleetError(
      'invalid-configuration',
      `"${namespace}" is no namespace of the bus: use letters, digits, - and _, at most 32 of them.`,
    );
  }
  return {
    namespace,
    events: `${namespace}-events`,
    dead: `${namespace}-dead`,
    leases: `${namespace}-leases`,
    eventSubjects: [`${namespace}.events.>`, `${namespace}.replay.*`],
    deadSubjects: [`${namespace}.dead.*`],
    event: (type) => `${namespace}.events.${type}`,
    replay: (consumer) => `${namespace}.replay.${token(consumer)}`,
    letter: (consumer) => `${namespace}.dead.${token(consumer)}`,
    broadcast: (subject) => `${namespace}.broadcast.${token(subject)}`,
    request: (subject, to) => `${namespace}.ask.${to === '' ? 'any' : `as.${token(to)}`}.${subject}`,
    leaseFree: (consumer) => `${namespace}.lease-free.${token(consumer)}`,
  };
};
