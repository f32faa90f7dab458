import { get as getPlain } from 'node:http';
import { get } from 'node:https';

/** Whether a server answers 200. Whose certificate it has does not matter here: only that somebody is there. */
export const answersOk = (url: string, token = ''): Promise<boolean> =>
  new Promise((resolve) => {
    const options = { agent: false, timeout: 2000, headers: { authorization: `Bearer ${token}` } } as const;
    const asked = url.startsWith('https:')
      ? get(url, { ...options, rejectUnauthorized: false })
      : getPlain(url, options);
    asked.on('response', (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(false));
  });
