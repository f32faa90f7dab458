// Variables of a script: where they come from, what they may be, and a clear end when one is wrong.

const fail = (message) => {
  throw new Error(message);
};

const matching = (pattern, meaning, convert) => (name, text) =>
  pattern.test(text) ? convert(text) : fail(`${name} must be ${meaning}, but is "${text}"`);

/** Kinds of variables. Each takes its name and text, and answers its value or throws what is wrong with it. */
export const whole = (least, most) => (name, text) => {
  const value = matching(/^\d+$/, 'a whole number', Number)(name, text);
  return value >= least && value <= most ? value : fail(`${name} must be between ${least} and ${most}, but is ${text}`);
};

export const decimal = (least, most) => (name, text) => {
  const value = matching(/^\d+(\.\d+)?$/, 'a number such as 0.5', Number)(name, text);
  return value >= least && value <= most ? value : fail(`${name} must be between ${least} and ${most}, but is ${text}`);
};

/** Seconds out of `90s`, `10m` or `2h`. */
export const duration = matching(/^\d+(s|m|h)$/, 'a time such as 90s, 10m or 2h', (text) => {
  const unit = { s: 1, m: 60, h: 3600 }[text.slice(-1)];
  return Number(text.slice(0, -1)) * unit;
});

export const oneOf =
  (...choices) =>
  (name, text) =>
    choices.includes(text) ? text : fail(`${name} must be one of ${choices.join(', ')}, but is "${text}"`);

/** Names out of `a,b`; none out of nothing. */
export const someOf =
  (...choices) =>
  (name, text) =>
    text === '' ? [] : text.split(',').map((each) => (choices.length === 0 ? each : oneOf(...choices)(name, each)));

const urls = (name, text) =>
  text
    .split(',')
    .map((each) =>
      matching(
        /^(https?|wss?):\/\/[^/\s@?#]+(\/[^\s?#]*)?$/,
        'addresses such as https://host:8080, separated by commas',
        (url) => url.replace(/\/$/, ''),
      )(name, each.trim()),
    );

const socketPath = '/v1/socket';

/** With or without the path, and as addresses of HTTP too. */
const socketUrls = (name, text) =>
  urls(name, text).map((url) => `${url.replace(/^http/, 'ws').replace(new RegExp(`${socketPath}$`), '')}${socketPath}`);

/** What every script takes, besides variables of its own. */
const ofThePlatform = {
  LOAD_REPORT: { kind: matching(/\S/, 'the path of a file without its ending', String), unset: '' },
  LOAD_RAISE_LIMITS: { kind: someOf(), unset: '' },
  LOAD_FORWARDED: { kind: oneOf('on', 'off'), unset: 'on' },
};

const given = (name) => {
  const text = __ENV[name];
  return text === undefined || text === '' ? undefined : text;
};

const needed = (names, meaning) =>
  names.map(given).find((text) => text !== undefined) ?? fail(`set ${names.join(' or ')}: ${meaning}`);

/**
 * Reads the variables of a script: `own` is {NAME: {kind, unset}}. Throws for a variable of ours that no script knows (they begin with LOAD_), for one
 * that is ill-formed, and where the platform or the token is not said. Values are under the names without LOAD_, in camel case.
 */
export const readSettings = (own, { sockets = false } = {}) => {
  const known = { ...ofThePlatform, ...own };
  const unknown = Object.keys(__ENV).filter((name) => name.startsWith('LOAD_') && known[name] === undefined);
  if (unknown.length > 0)
    fail(`unknown: ${unknown.join(', ')}; this script knows ${Object.keys(known).sort().join(', ')}`);
  const values = Object.entries(known).map(([name, { kind, unset }]) => {
    const text = given(name) ?? unset;
    return [camelCase(name), text === '' && name === 'LOAD_REPORT' ? null : kind(name, text)];
  });
  return {
    ...Object.fromEntries(values),
    urls: urls(
      'SIMFLEET_URL',
      needed(['SIMFLEET_URLS', 'SIMFLEET_URL'], 'where the platform is, one address or several'),
    ),
    socketUrls: sockets
      ? socketUrls(
          'SIMFLEET_SOCKETS_URL',
          needed(['SIMFLEET_SOCKETS_URLS', 'SIMFLEET_SOCKETS_URL'], 'where its WebSockets are'),
        )
      : [],
    token: needed(['SIMFLEET_TOKEN'], 'the token to ask with'),
  };
};

const camelCase = (name) =>
  name
    .slice('LOAD_'.length)
    .toLowerCase()
    .replace(/_(.)/g, (_, letter) => letter.toUpperCase());
