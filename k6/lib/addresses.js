// Users, as long as there is one token for all: an address each, told by X-Forwarded-For. They are of the networks set aside for benchmarks
// (RFC 2544: 198.18.0.0/15; RFC 5180: 2001:2::/48), so that no address of a person is ever used up.

/** Where this run's users begin, so that runs side by side have others. */
export const drawFirstUser = () => Math.floor(Math.random() * 60_000);

/**
 * The headers of a user's next request. Every other user has IPv6 and another address of its /64 each time: that is one user, too. Where forwarded
 * addresses are not believed there is one user, this machine.
 */
export const addressOf = (user, forwarded) => {
  if (!forwarded) return {};
  const number = user % 65_536;
  if (user % 2 === 0) return { 'X-Forwarded-For': `198.18.${number >> 8}.${number & 255}` };
  const host = Math.floor(Math.random() * 65_536).toString(16);
  return { 'X-Forwarded-For': `2001:2:0:${number.toString(16)}::${host}` };
};
