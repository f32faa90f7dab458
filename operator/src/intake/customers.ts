import { resourceMarks } from '@simfleet/contracts';
import type { Namespace } from '../resources/core.ts';
import type { Acceptance } from '../status/acceptance.ts';

/** Namespaces and customers, one to one. */
export interface CustomerMap {
  /** The customer whose jobs live in the namespace, or why there is none. */
  claim(namespace: Namespace | null): { readonly customer: string } | Acceptance;
  /** Name of the customer's namespace, or null. */
  namespaceOf(customer: string): string | null;
}

/** Of several namespaces of one customer the oldest has it (by name where they are of the same second). `labelled`: the namespaces with a customer. */
export const customerMap = (labelled: (customer: string) => readonly Namespace[]): CustomerMap => {
  const holder = (customer: string): Namespace | undefined =>
    labelled(customer)
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .toSorted(byAge)[0];
  return {
    claim(namespace) {
      const customer = namespace === null ? undefined : customerOf(namespace);
      if (namespace === null || customer === undefined) {
        const message = `the namespace has no label ${resourceMarks.customer}`;
        return { status: 'False', reason: 'NoCustomer', message };
      }
      const first = holder(customer) ?? namespace;
      if (first.metadata.name === namespace.metadata.name) return { customer };
      const message = `customer ${customer} has namespace ${first.metadata.name}, which is older`;
      return { status: 'False', reason: 'NamespaceConflict', message };
    },
    namespaceOf: (customer) => holder(customer)?.metadata.name ?? null,
  };
};

/** The label's value; an empty one is none. */
export const customerOf = ({ metadata }: Namespace): string | undefined => {
  const customer = metadata.labels?.[resourceMarks.customer];
  return customer === '' ? undefined : customer;
};

const byAge = (a: Namespace, b: Namespace): number => {
  const [first, second] = [a, b].map(({ metadata }) => `${metadata.creationTimestamp ?? ''} ${metadata.name}`);
  return (first ?? '') < (second ?? '') ? -1 : 1;
};
