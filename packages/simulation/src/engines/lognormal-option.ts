import { exp, log, normalCdf } from '@simfleet/domain/numerics';

/** What the two option engines have in common. Money in any one currency, time in years, rates a year and continuously compounded. */
export interface OptionParameters {
  readonly spot: number;
  readonly strike: number;
  readonly rate: number;
  /** Standard deviation of the logarithmic return over a year; 0 = certain. */
  readonly volatility: number;
  readonly maturity: number;
  /** 1 for a call, −1 for a put. */
  readonly sign: 1 | -1;
}

/**
 * Discounted expectation of max(sign·(S − strike), 0) where log(S/spot) is normal with `mean` and `variance` (Black and Scholes 1973 in
 * the form for any lognormal variable). Own numerics throughout, so the same bits on every machine. `variance` 0: the certain pay-off.
 */
export const lognormalOptionPrice = (option: OptionParameters, mean: number, variance: number): number => {
  const { spot, strike, sign } = option;
  const discount = exp(-option.rate * option.maturity);
  if (variance === 0) return discount * Math.max(sign * (spot * exp(mean) - strike), 0);
  const deviation = Math.sqrt(variance);
  const d2 = (log(spot / strike) + mean) / deviation;
  const d1 = d2 + deviation;
  const asset = spot * exp(mean + variance / 2) * normalCdf(sign * d1);
  return discount * Math.max(sign * (asset - strike * normalCdf(sign * d2)), 0);
};

const price = { type: 'number', minimum: 1e-9, maximum: 1e12 };

/** JSON Schema of the parameters both engines take. The ranges keep every intermediate value finite: see the engines' tests. */
export const optionProperties = {
  spot: { ...price, description: 'Price of the asset today.' },
  strike: { ...price, description: 'Price at which the option may be exercised.' },
  rate: {
    type: 'number',
    minimum: -1,
    maximum: 1,
    description: 'Riskless rate a year, continuously compounded: 0.05 is 5 %.',
  },
  volatility: {
    type: 'number',
    minimum: 0,
    maximum: 5,
    description: 'Volatility a year: 0.2 is 20 %; 0 is a certain path.',
  },
  maturity: { type: 'number', exclusiveMinimum: 0, maximum: 100, description: 'Years until the option expires.' },
  type: {
    type: 'string',
    enum: ['call', 'put'],
    default: 'call',
    description: 'Right to buy (call) or to sell (put).',
  },
} as const;

export const optionRequired = ['spot', 'strike', 'rate', 'volatility', 'maturity'] as const;
