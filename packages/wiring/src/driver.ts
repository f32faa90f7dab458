import { SimfleetError } from '@simfleet/contracts';

/** The driver that a URL of the form `name:rest` asks for. Throws `invalid-configuration` listing the drivers there are. */
export const driverOf = <Open>(
  what: string,
  url: string,
  drivers: Readonly<Record<string, Open>>,
): { readonly open: Open; readonly path: string } => {
  const [, name = '', path = ''] = /^([^:]*):?(.*)$/s.exec(url) ?? [];
  const open = Object.hasOwn(drivers, name) ? drivers[name] : undefined;
  if (open !== undefined) return { open, path };
  const known = Object.keys(drivers).map((driver) => `${driver}:`);
  throw new SimfleetError(
    'invalid-configuration',
    `There is no ${what} driver "${name}". Choose one of: ${known.join(', ')}`,
  );
};
