export type { Authorizer } from './access/authorizer.ts';
export { openTokenWatch } from './access/token-watch.ts';
export type { Credentials, TokenWatch, TokenWatchParts } from './access/token-watch.ts';
export { bearerTokenOf } from './access/bearer.ts';
export { problemOf } from './answer/problem.ts';
export { tokenAuthorizer } from './access/token-authorizer.ts';
export type { PlatformTokens } from './access/token-authorizer.ts';
export { createAdminToken, readToken } from './access/admin-token.ts';
export { fileAuthorizer } from './access/file-authorizer.ts';
export type { TokenFiles } from './access/file-authorizer.ts';
export { defineRoute } from './routes/route.ts';
export type {
  Answer,
  Authentication,
  EventStream,
  Method,
  Outcome,
  RequestContext,
  ResponseDescription,
  Route,
  RouteDefinition,
  RouteRequest,
} from './routes/route.ts';
export { repeated } from './request/validate.ts';
export { mistakesOf } from './request/mistakes.ts';
export { etagOf, requireIfMatch } from './versions/etag.ts';
export { createCursorCodec } from './pages/cursor.ts';
export type { CursorCodec, CursorCodecOptions, CursorScope } from './pages/cursor.ts';
export { cursorKey } from './pages/cursor-keys.ts';
export { followCursorKeys, readCursorKeys } from './pages/cursor-key-file.ts';
export type { CursorKey, CursorKeys } from './pages/cursor-keys.ts';
export { defineList } from './pages/define-list.ts';
export type { List, ListDefinition } from './pages/define-list.ts';
export { pageLimit } from './pages/page-rules.ts';
export { paginate } from './pages/paginate.ts';
export type { NumberedPage } from './pages/paginate.ts';
export type { ListRequest } from './pages/read-page.ts';
export type { SseEvent } from './sse/event.ts';
export { createIdempotencyStore } from './idempotency/store.ts';
export type { IdempotencyOptions, IdempotencyStore } from './idempotency/store.ts';
export { idempotencyCollection } from './idempotency/record.ts';
export type { IdempotencyRecord } from './idempotency/record.ts';
export type {
  ArrivedRequest,
  Caller,
  LimitedRequest,
  MessageVerdict,
  Peer,
  RequestLimits,
  UpgradeRefusal,
} from './limits/request-limits.ts';
export { rateLimit } from './limits/express.ts';
export type { Middleware, RateLimitOptions } from './limits/express.ts';
export { openRequestLimits } from './limits/open-request-limits.ts';
export type { RequestLimitsOptions } from './limits/open-request-limits.ts';
export { describeApi } from './openapi/describe-api.ts';
export { createHttpServer } from './server/create.ts';
export type { HttpServer, HttpServerOptions, ServerLimits } from './server/options.ts';
