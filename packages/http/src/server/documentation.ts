import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { SimfleetError } from '@simfleet/contracts';
import express from 'express';
import type { RequestHandler, Router } from 'express';
import { basicPasswordOf, bearerTokenOf } from '../access/bearer.ts';
import { describeApi } from '../openapi/describe-api.ts';
import { healthRoutes } from './health.ts';
import type { ObservedRequest } from './observe.ts';
import type { HttpServerOptions } from './options.ts';

/** The files of Swagger UI that the page loads; the package holds many more. */
const assets = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'] as const;

/** Scripts and styles from here alone; Swagger UI sets styles on elements and draws its icons from data URIs. */
const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; " +
  "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Simfleet API</title>
<link rel="icon" href="docs/favicon-32x32.png">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="api"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
`;

const startScript = `SwaggerUIBundle({ url: 'openapi.json', dom_id: '#api', deepLinking: true, validatorUrl: null });
`;

/**
 * `/openapi.json`, `/docs` and `/metrics`. They need the token as everything but health does; since a browser cannot send a bearer
 * token by itself, it may come as the password of Basic credentials here.
 */
export const documentationRoutes = (options: HttpServerOptions): Router => {
  const router = express.Router({ caseSensitive: true, strict: true });
  const admitted = admission(options);
  let description: string | undefined;
  const answer =
    (path: string, action: string, type: string, body: () => string | Promise<string>): RequestHandler =>
    async (request, response) => {
      (response.locals as { observed: ObservedRequest }).observed.route = path;
      await admitted(request.headers.authorization, action, response);
      response.setHeader('content-type', type);
      if (path === '/docs') response.setHeader('content-security-policy', pagePolicy);
      response.setHeader('cache-control', 'no-cache');
      response.end(await body());
    };
  const get = (
    path: string,
    ...rest: Parameters<typeof answer> extends [string, ...infer Rest] ? Rest : never
  ): void => {
    router.get(path, answer(path, ...rest));
  };
  const json = 'application/json';
  get('/openapi.json', 'documentation.read', json, () => {
    description ??= JSON.stringify(describeApi([...healthRoutes(options), ...options.routes], options.info));
    return description;
  });
  get('/docs', 'documentation.read', 'text/html; charset=utf-8', () => page);
  get('/docs/start.js', 'documentation.read', 'text/javascript; charset=utf-8', () => startScript);
  get('/metrics', 'metrics.read', options.metrics.contentType, () => options.metrics.metrics());
  const directory = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  for (const asset of assets) {
    router.get(`/docs/${asset}`, async (request, response) => {
      (response.locals as { observed: ObservedRequest }).observed.route = '/docs';
      await admitted(request.headers.authorization, 'documentation.read', response);
      response.sendFile(join(directory, asset), { dotfiles: 'allow' });
    });
  }
  return router;
};

/** Throws `unauthenticated`, asking a browser for credentials, or `forbidden`. */
const admission =
  ({ authorizer }: HttpServerOptions) =>
  async (
    authorization: string | undefined,
    action: string,
    response: { append(name: string, value: string): unknown },
  ): Promise<void> => {
    const principal = await authorizer.authenticate(bearerTokenOf(authorization) ?? basicPasswordOf(authorization));
    if (principal === null) {
      response.append('www-authenticate', 'Basic realm="simfleet: any name, the token as password", charset="UTF-8"');
      throw new SimfleetError('unauthenticated', 'a token is needed');
    }
    if (!authorizer.permits(principal, action, null)) throw new SimfleetError('forbidden', `not permitted: ${action}`);
  };
