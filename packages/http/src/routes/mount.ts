import { SimfleetError } from '@simfleet/contracts';
import type { Express, Request, Response } from 'express';
import type { Method, Route } from './route.ts';

/**
 * Puts routes into express. The most literal path comes first, so that `/v1/jobs/:id\:suspend` is not taken for a job called
 * `7:suspend`; a path that is there with other methods answers `method-not-allowed` with `Allow`.
 */
export const mountRoutes = (
  app: Express,
  routes: readonly Route[],
  run: (route: Route, request: Request, response: Response) => void,
): void => {
  for (const [path, here] of byPath(routes)) {
    const allowed = here
      .flatMap(({ method }) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]))
      .join(', ');
    const mounted = app.route(path);
    for (const route of here) mounted[route.method]((request, response) => run(route, request, response));
    mounted.all((request, response) => {
      if (!path.includes('\\:') && verbOf(request.path))
        throw new SimfleetError('not-found', 'there is no such action');
      response.setHeader('allow', allowed);
      if (request.method !== 'OPTIONS')
        throw new SimfleetError('method-not-allowed', `${request.path} takes ${allowed}`);
      response.status(204).end();
    });
  }
};

/** Whether the last segment carries a custom verb: no id of ours has a colon. */
const verbOf = (path: string): boolean => path.slice(path.lastIndexOf('/')).includes(':');

const byPath = (routes: readonly Route[]): readonly (readonly [string, readonly Route[]])[] => {
  const paths = new Map<string, Route[]>();
  const taken = new Set<string>();
  for (const route of routes) {
    const place = `${route.method satisfies Method} ${route.path}`;
    for (const name of [place, `called ${route.operationId}`]) {
      if (taken.has(name)) throw new SimfleetError('internal', `two routes are ${name}`);
      taken.add(name);
    }
    paths.set(route.path, [...(paths.get(route.path) ?? []), route]);
  }
  return [...paths].sort(([a], [b]) => literalness(b) - literalness(a));
};

/** Parameters make a path less literal, custom verbs more. */
const literalness = (path: string): number =>
  path.split('\\:').length - 1 - path.split(/(?<!\\):/).length + path.split('/').length;
