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
  // What is no plain name may be a URL that was cut in the wrong place, password and all.
  const shown = /^[a-z][a-z0-9+.-]{0,19}$/i.test(name) ? ` "${name}"` : ' of that name';
  const known = Object.keys(drivers).map((driver) => `${driver}:`);
  throw new SimfleetError(
    'invalid-configuration',
    `There is no ${what} driver${shown}. Choose one of: ${known.join(', ')}`,
  );
};
