import { DatabaseSync } from 'node:sqlite';
import type { Catalogue, Customer, Service } from './port.ts';

/** The port on one file. SQLite compares text by its UTF-8 bytes, which is code-point order. */
export const openSqliteCatalogue = async (file: string): Promise<Catalogue> => {
  const db = new DatabaseSync(file);
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    CREATE TABLE IF NOT EXISTS customers (id TEXT PRIMARY KEY, services TEXT) STRICT;
    CREATE TABLE IF NOT EXISTS services (name TEXT PRIMARY KEY, description TEXT NOT NULL) STRICT;`);
  const find = db.prepare('SELECT id, services FROM customers WHERE id = ?');
  const list = db.prepare(
    `SELECT name, description FROM services
     WHERE ?1 IS NULL OR name IN (SELECT value FROM json_each(?1)) ORDER BY name`,
  );
  const putCustomer = db.prepare('INSERT OR REPLACE INTO customers (id, services) VALUES (?, ?)');
  const putService = db.prepare('INSERT OR REPLACE INTO services (name, description) VALUES (?, ?)');
  return {
    async findCustomer(id) {
      const row = find.get(id);
      if (row === undefined) return null;
      const services = JSON.parse(String(row['services'] ?? 'null')) as Customer['services'];
      return { id, services };
    },
    async listServices(names) {
      const rows = list.all(names === null ? null : JSON.stringify(names));
      return rows.map((row): Service => ({ name: String(row['name']), description: String(row['description']) }));
    },
    async putCustomer({ id, services }) {
      putCustomer.run(id, services === null ? null : JSON.stringify(services));
    },
    async putService({ name, description }) {
      putService.run(name, description);
    },
    async close() {
      db.close();
    },
  };
};
