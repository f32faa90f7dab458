import type { CollectionDeclaration, FieldDeclaration } from '@simfleet/storage';
import { keysAgain } from '@simfleet/storage/documents';
import { generatedColumn } from './columns.ts';
import type { Connections, Run } from './connections.ts';
import { checkIndexes, createIndexSql, foundIndexes, isThere, wantedIndexes } from './indexes.ts';
import { shapeLock, shapingMs } from './migrate.ts';
import { columnOf, indexNameOf, tableOf } from './names.ts';

const createTable = async (run: Run, name: string): Promise<void> => {
  // Room on each page keeps updates that change no sorted field out of the indexes.
  await run(`CREATE TABLE IF NOT EXISTS ${tableOf(name)} (
    id text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    doc jsonb NOT NULL,
    labels jsonb GENERATED ALWAYS AS (doc -> 'labels') STORED
  ) WITH (fillfactor = 90)`);
  await run(
    `CREATE INDEX IF NOT EXISTS "${indexNameOf(name, ['labels()'])}" ON ${tableOf(name)} USING gin (labels jsonb_path_ops) WHERE labels IS NOT NULL`,
  );
};

const storedDeclaration = async (run: Run, name: string): Promise<string | null> => {
  const { rows } = await run('SELECT declaration FROM simfleet.collections WHERE name = $1', [name]);
  return rows[0] === undefined ? null : String(rows[0]['declaration']);
};

/** Throws `invalid-configuration` naming a stored document that does not fit the declaration. */
const checkDocuments = async (run: Run, declaration: CollectionDeclaration): Promise<void> => {
  await run(`LOCK TABLE ${tableOf(declaration.name)} IN SHARE ROW EXCLUSIVE MODE`);
  for (let after = ''; ;) {
    const { rows } = await run(`SELECT id, doc FROM ${tableOf(declaration.name)} WHERE id > $1 ORDER BY id LIMIT 500`, [
      after,
    ]);
    for (const { id, doc } of rows) keysAgain(declaration, String(id), doc);
    if (rows.length < 500) return;
    after = String(rows.at(-1)?.['id']);
  }
};

const isSame = (left: FieldDeclaration | undefined, right: FieldDeclaration | undefined): boolean =>
  left !== undefined &&
  right !== undefined &&
  JSON.stringify([left.type, left.path]) === JSON.stringify([right.type, right.path]);

/** Drops every generated column that the declaration does not have as it is, and adds those that are missing: one pass over the table. */
const shapeColumns = async (
  run: Run,
  { name, fields }: CollectionDeclaration,
  before: CollectionDeclaration['fields'],
): Promise<void> => {
  const { rows } = await run(
    `SELECT attname AS name FROM pg_attribute
     WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped AND attname LIKE 'f\\_%'`,
    [tableOf(name)],
  );
  const present = new Set(rows.map((row) => String(row['name']).slice(2)));
  const kept = [...present].filter((field) => isSame(fields[field], before[field]));
  const changes = [
    ...[...present].filter((field) => !kept.includes(field)).map((field) => `DROP COLUMN ${columnOf(field)}`),
    ...Object.entries(fields)
      .filter(([field]) => !kept.includes(field))
      .map(([field, declared]) => `ADD COLUMN ${columnOf(field)} ${generatedColumn(declared)}`),
  ];
  if (changes.length > 0) await run(`ALTER TABLE ${tableOf(name)} ${changes.join(', ')}`);
};

const shapeIndexes = async (run: Run, declaration: CollectionDeclaration): Promise<void> => {
  const { name } = declaration;
  const wanted = wantedIndexes(declaration);
  const found = await foundIndexes(run, name);
  const labels = indexNameOf(name, ['labels()']);
  const missing = wanted.filter((each) => !isThere(each, declaration, found));
  const kept = new Set([labels, ...wanted.filter((each) => !missing.includes(each)).map((each) => each.name)]);
  for (const index of found) {
    // Indexes of ours have a dot in their name; others are an administrator's and stay.
    if (index.name.startsWith(`${name}.`) && !kept.has(index.name)) await run(`DROP INDEX simfleet."${index.name}"`);
  }
  for (const index of missing) await run(createIndexSql(name, index));
};

/** Makes the table fit the declaration, inside a transaction that holds `shapeLock`. Throws `invalid-configuration`. */
export const shapeCollection = async (run: Run, declaration: CollectionDeclaration): Promise<void> => {
  const { name } = declaration;
  const text = JSON.stringify(declaration);
  const stored = await storedDeclaration(run, name);
  if (stored === text) return;
  const before = stored === null ? {} : (JSON.parse(stored) as CollectionDeclaration).fields;
  await createTable(run, name);
  await checkDocuments(run, declaration);
  await shapeColumns(run, declaration, before);
  await shapeIndexes(run, declaration);
  await run(
    `INSERT INTO simfleet.collections (name, declaration) VALUES ($1, $2)
     ON CONFLICT (name) DO UPDATE SET declaration = excluded.declaration`,
    [name, text],
  );
};

/**
 * Makes the table fit the declaration, one process at a time, and sees that every declared index is there. Costs two short reads when the stored
 * declaration is the same. Throws `invalid-configuration` when stored documents do not fit or an index is missing.
 */
export const declareCollection = async (
  connections: Connections,
  declaration: CollectionDeclaration,
): Promise<void> => {
  const direct: Run = (text, values) => connections.run({ text }, values);
  if ((await storedDeclaration(direct, declaration.name)) !== JSON.stringify(declaration)) {
    await connections.transaction(shapingMs, async (run) => {
      await run(`SELECT pg_advisory_xact_lock(${shapeLock})`);
      await shapeCollection(run, declaration);
    });
  }
  await checkIndexes(direct, declaration);
};
