import type { Catalogue, Service } from './port.ts';

/** What the customer may run; null when there is no such customer. */
export const listServices = async (
  catalogue: Pick<Catalogue, 'findCustomer' | 'listServices'>,
  customerId: string,
): Promise<readonly Service[] | null> => {
  const customer = await catalogue.findCustomer(customerId);
  return customer === null ? null : catalogue.listServices(customer.services);
};
