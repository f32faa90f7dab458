import { SimfleetError } from '@simfleet/contracts/errors';
import type { Parameters } from '@simfleet/domain';
import type { OptionParameters } from './lognormal-option.ts';

/** A finite number by name. Parameters were checked against the schema before; this guards against callers who did not. */
export const numberParameter = (parameters: Parameters, name: string): number => {
  const value = parameters[name];
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new SimfleetError('invalid-request', `parameter ${name} must be a finite number`, {
    mistakes: [{ pointer: `/parameters/${name}`, detail: 'must be a finite number' }],
  });
};

export const optionParameters = (parameters: Parameters): OptionParameters => ({
  spot: numberParameter(parameters, 'spot'),
  strike: numberParameter(parameters, 'strike'),
  rate: numberParameter(parameters, 'rate'),
  volatility: numberParameter(parameters, 'volatility'),
  maturity: numberParameter(parameters, 'maturity'),
  sign: parameters['type'] === 'put' ? -1 : 1,
});
