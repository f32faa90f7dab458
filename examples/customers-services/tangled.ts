// Before. It works, on one database, and nobody can test it without that database.
import { MongoClient } from 'mongodb';

interface Customer {
  readonly _id: string;
  readonly services: readonly string[] | null;
}

interface Service {
  readonly _id: string;
  readonly description: string;
}

/** Connects, finds the customer, and answers what it may run. */
export const getServices = async (customerId: string): Promise<readonly Service[]> => {
  const client = new MongoClient(process.env['MONGODB_URL'] ?? 'mongodb://127.0.0.1:27017/simfleet');
  await client.connect();
  const customer = await client.db().collection<Customer>('customers').findOne({ _id: customerId });
  if (customer === null) throw new Error('no such customer');
  const filter = customer.services === null ? {} : { _id: { $in: [...customer.services] } };
  const services = await client.db().collection<Service>('services').find(filter).sort({ _id: 1 }).toArray();
  await client.close();
  return services;
};
