// Requests to the platform: over all of its addresses in turn, with the token, and each under one name whatever its path is.
import http from 'k6/http';

const parsed = (response) => {
  try {
    return response.body === null || response.body === '' ? null : response.json();
  } catch {
    return null;
  }
};

const describe = ({ status, error, body }) => `${status} ${error ?? ''} ${String(body ?? '').slice(0, 500)}`;

/**
 * A client of this virtual user. `operation` names the request in metrics; `options` may hold `body` (JSON), `headers`, `url` (one of the addresses,
 * else the next in turn) and `timeout`.
 */
export const openPlatform = ({ urls, token }) => {
  let turn = Math.floor(Math.random() * urls.length);
  const next = () => urls[turn++ % urls.length];

  const wordsOf = (method, path, operation, { body, headers = {}, url = next(), timeout = '30s' } = {}) => {
    const content = body === undefined ? {} : { 'Content-Type': 'application/json' };
    const authorization = { Authorization: `Bearer ${token}` };
    return [
      method,
      `${url}${path}`,
      body === undefined ? null : JSON.stringify(body),
      { headers: { ...authorization, ...content, ...headers }, tags: { name: operation }, timeout, redirects: 0 },
    ];
  };

  const request = (method, path, operation, options) => http.request(...wordsOf(method, path, operation, options));
  return {
    urls,
    request,
    /** A promise of the response: many may be under way at a time. */
    requestAsync: (method, path, operation, options) => http.asyncRequest(...wordsOf(method, path, operation, options)),
    /** The body of an answer with the wanted status. Waits and asks again when a limit or an outage says to, at most six times. Throws otherwise. */
    need(wanted, method, path, operation, options) {
      let response = request(method, path, operation, options);
      for (let tries = 1; tries < 6 && [429, 503].includes(response.status); tries += 1) {
        pause(Math.min(60, Number(response.headers['Retry-After'] ?? 1)));
        response = request(method, path, operation, options);
      }
      if (![wanted].flat().includes(response.status)) throw new Error(`${operation}: ${describe(response)}`);
      return parsed(response);
    },
  };
};

import { sleep } from 'k6';
const pause = (seconds) => sleep(seconds);

/** Resolves later, while other requests of this virtual user go on. */
export const later = (ms) => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));

export { parsed, describe };
