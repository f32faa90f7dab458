import { errorCode, SimfleetError } from '@simfleet/contracts';
import type { Customer, Service } from '@simfleet/contracts';
import type { Client } from '../connection/client.ts';
import { didYouMean } from '../did-you-mean.ts';

const SUGGEST_FROM = 1000;

const find = async <Item>(
  client: Client,
  path: string,
  word: string,
  typed: string,
  nameOf: (item: Item) => string,
): Promise<Item> => {
  try {
    return (await client.request<Item>('GET', `${path}/${encodeURIComponent(typed)}`)).body;
  } catch (error) {
    if (errorCode(error) !== 'not-found') throw error;
    const { items } = await client.list<Item>(path, {}, SUGGEST_FROM);
    const guess = didYouMean(typed, items.map(nameOf));
    throw new SimfleetError('not-found', `there is no ${word} "${typed}"${guess}`, { cause: error });
  }
};

/** Newest version of a catalogue entry. Throws `not-found` with the nearest name. */
export const findService = (client: Client, name: string): Promise<Service> =>
  find<Service>(client, '/v1/services', 'service', name, (service) => service.name);

/** Throws `not-found` with the nearest id. */
export const findCustomer = (client: Client, id: string): Promise<Customer> =>
  find<Customer>(client, '/v1/customers', 'customer', id, (customer) => customer.id);
