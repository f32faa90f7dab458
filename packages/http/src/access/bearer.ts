/** The token of `Authorization: Bearer <token>` (RFC 6750 §2.1), or null. */
export const bearerTokenOf = (authorization: string | undefined): string | null =>
  /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i.exec(authorization ?? '')?.[1] ?? null;

/**
 * The password of `Authorization: Basic …` (RFC 7617), or null. Only pages for people take it, because a browser has no other way to
 * ask for a token: any user name, the token as password.
 */
export const basicPasswordOf = (authorization: string | undefined): string | null => {
  const credentials = /^Basic +([A-Za-z0-9+/]+=*) *$/i.exec(authorization ?? '')?.[1];
  if (credentials === undefined) return null;
  const text = Buffer.from(credentials, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon === -1 ? null : text.slice(colon + 1);
};
