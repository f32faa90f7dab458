/** Files of a certificate chain and its key (PEM). */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}
