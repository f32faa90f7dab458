// node examples/customers-services/main.ts <database URL> <customer>
import { listServices } from './list-services.ts';
import { openCatalogue } from './open-catalogue.ts';

const [url, customer] = process.argv.slice(2);
if (url === undefined || customer === undefined) {
  console.error('usage: node main.ts sqlite:<file>|postgres://…|mongodb://… <customer>');
  process.exit(64);
}
const catalogue = await openCatalogue(url);
try {
  const services = await listServices(catalogue, customer);
  if (services === null) console.error(`there is no customer "${customer}"`);
  else for (const { name, description } of services) console.log(`${name}\t${description}`);
  process.exitCode = services === null ? 1 : 0;
} finally {
  await catalogue.close();
}
