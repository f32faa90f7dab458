export { operatorParts } from './config.ts';
export type { OperatorOptions } from './config.ts';
export { startOperator } from './start-operator.ts';
export type { OperatorContext } from './start-operator.ts';
