import { Pool } from 'pg';
import type { Catalogue, Customer, Service } from './port.ts';

/** The port on PostgreSQL. `COLLATE "C"` makes its order that of code points, whatever the locale of the database. */
export const openPostgresCatalogue = async (url: string): Promise<Catalogue> => {
  const pool = new Pool({ connectionString: url });
  await pool.query(`
    CREATE TABLE IF NOT EXISTS customers (id text COLLATE "C" PRIMARY KEY, services text[]);
    CREATE TABLE IF NOT EXISTS services (name text COLLATE "C" PRIMARY KEY, description text NOT NULL);`);
  return {
    async findCustomer(id) {
      const { rows } = await pool.query<Customer>('SELECT id, services FROM customers WHERE id = $1', [id]);
      return rows[0] ?? null;
    },
    async listServices(names) {
      const { rows } = await pool.query<Service>(
        'SELECT name, description FROM services WHERE $1::text[] IS NULL OR name = ANY ($1) ORDER BY name',
        [names],
      );
      return rows;
    },
    async putCustomer({ id, services }) {
      await pool.query(
        'INSERT INTO customers (id, services) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET services = excluded.services',
        [id, services],
      );
    },
    async putService({ name, description }) {
      await pool.query(
        `INSERT INTO services (name, description) VALUES ($1, $2)
         ON CONFLICT (name) DO UPDATE SET description = excluded.description`,
        [name, description],
      );
    },
    close: () => pool.end(),
  };
};
