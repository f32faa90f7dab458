export { changeSpec, extendSpec, refuseSteering } from './change-spec.ts';
export type { SpecChange, SpecPatch } from './change-spec.ts';
export { deadlineAt, expiresAt, isDeadlineExceeded } from './deadlines.ts';
export { isOver, runningSeconds } from './job-facts.ts';
export type { JobFacts } from './job-facts.ts';
export { cancel, desiredState, extend, finish, initialState, requeue, resume, start, suspend } from './transitions.ts';
