import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** A self-signed certificate of the name, for 127.0.0.1 and two days, and its key (mode 0600): `<name>.crt` and `<name>.key` in the directory. */
export const issueCertificate = (
  directory: string,
  name: string,
): { readonly certFile: string; readonly keyFile: string } => {
  const certFile = join(directory, `${name}.crt`);
  const keyFile = join(directory, `${name}.key`);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile];
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', ...key, ...subject, '-days', '2', '-out', certFile], { stdio: 'ignore' });
  return { certFile, keyFile };
};
