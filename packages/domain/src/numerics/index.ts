export { exp } from './exp.ts';
export { log } from './log.ts';
export { erfc, normalCdf, normalDensity, normalQuantile } from './normal.ts';
export { studentUpperQuantile } from './student-t.ts';
