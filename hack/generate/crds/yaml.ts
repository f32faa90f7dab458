/** A value of JSON as a YAML document; strings are quoted, so that none is read as anything else. */
export const yamlText = (value: unknown): string => `${lines(value, '').join('\n')}\n`;

const plainKey = /^[A-Za-z][-A-Za-z0-9]*$/;
const key = (name: string): string => (plainKey.test(name) ? name : JSON.stringify(name));

const isEmpty = (value: object): boolean => Object.keys(value).length === 0;

const lines = (value: unknown, indent: string): readonly string[] => {
  if (typeof value !== 'object' || value === null) return [`${indent}${JSON.stringify(value)}`];
  if (Array.isArray(value))
    return value.flatMap((item) => {
      const [first = '', ...rest] = lines(item, `${indent}  `);
      return [`${indent}- ${first.trimStart()}`, ...rest];
    });
  return Object.entries(value).flatMap(([name, member]) => entry(`${indent}${key(name)}:`, member, `${indent}  `));
};

const entry = (start: string, member: unknown, indent: string): readonly string[] => {
  if (typeof member !== 'object' || member === null) return [`${start} ${JSON.stringify(member)}`];
  if (isEmpty(member)) return [`${start} ${Array.isArray(member) ? '[]' : '{}'}`];
  return [start, ...lines(member, indent)];
};
