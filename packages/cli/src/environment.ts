/** Variables that the command reads itself; each has the meaning of its flag, except the token, which has none on purpose. */
export const variables = {
  SIMFLEET_URL: 'Address of the platform (--url). Without it: the local platform of the data directory.',
  SIMFLEET_TOKEN: 'Token for it. Without it: the one that `simfleet login` stored, or the local administrator token.',
  SIMFLEET_DATA_DIR: 'Data directory of the local platform (--data-dir), .simfleet unless set.',
  SIMFLEET_CUSTOMER: 'Customer whose jobs are meant (--customer), default unless set.',
  SIMFLEET_OUTPUT: 'Form of the output (--output): table, json, yaml or name.',
  NO_COLOR: 'No colours and no redrawn lines (no-color.org).',
  XDG_CONFIG_HOME: 'Where simfleet/credentials.json is kept; ~/.config unless set.',
} as const;

/** Not handed to a platform that the command starts: it would report them as unknown, and its data directory comes as a flag. */
export const clientVariables: readonly string[] = [
  'SIMFLEET_URL',
  'SIMFLEET_TOKEN',
  'SIMFLEET_DATA_DIR',
  'SIMFLEET_CUSTOMER',
  'SIMFLEET_OUTPUT',
];
