/** Names of a collection's table and columns. Declarations hold plain words only, so quoting is enough. */
export const tableOf = (collection: string): string => `"c_${collection}"`;
export const labelsTableOf = (collection: string): string => `"l_${collection}"`;
export const columnOf = (field: string): string => `"f_${field}"`;
export const indexOf = (collection: string, field: string, scope: string): string =>
  `"i_${collection}_${scope}${field}"`;
/** Names of fields and collections hold no dots, so that no two indexes share a name. */
export const narrowIndexOf = (collection: string, equal: readonly string[], sort: string): string =>
  `"i_${[collection, ...equal, sort].join('.')}"`;
