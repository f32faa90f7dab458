import { MongoClient } from 'mongodb';
import type { Catalogue, Customer, Service } from './port.ts';

/** The port on MongoDB: what was tangled, less the deciding. Without a collation MongoDB compares text by its UTF-8 bytes. */
export const openMongoCatalogue = async (url: string): Promise<Catalogue> => {
  const client = await new MongoClient(url).connect();
  const customers = client.db().collection<Omit<Customer, 'id'> & { readonly _id: string }>('customers');
  const services = client.db().collection<Omit<Service, 'name'> & { readonly _id: string }>('services');
  return {
    async findCustomer(id) {
      const found = await customers.findOne({ _id: id });
      return found === null ? null : { id, services: found.services };
    },
    async listServices(names) {
      const filter = names === null ? {} : { _id: { $in: [...names] } };
      const found = await services.find(filter).sort({ _id: 1 }).toArray();
      return found.map(({ _id, description }) => ({ name: _id, description }));
    },
    async putCustomer({ id, services: entitled }) {
      await customers.replaceOne({ _id: id }, { services: entitled }, { upsert: true });
    },
    async putService({ name, description }) {
      await services.replaceOne({ _id: name }, { description }, { upsert: true });
    },
    close: () => client.close(),
  };
};
