export type Members = Readonly<Record<string, unknown>>;

/** A mistake in the spec of a manifest, and what the API server says of it. */
export interface BadSpec {
  readonly title: string;
  /** Beside the members of a sound spec. */
  readonly spec: Members;
  readonly says: RegExp;
}

const bad = (title: string, spec: Members, says: RegExp): BadSpec => ({ title, spec, says });

const precision = (members: Members): Members => ({
  precision: { metric: 'price', relativeError: '0.001', ...members },
});
const threshold = (members: Members): Members => ({ thresholds: [{ name: 'low', metric: 'price', ...members }] });
const pod = (members: Members): Members => ({ podTemplate: { spec: members } });
const reserved = /must not have keys that begin with simfleet\.dev\//;

export const soundJob: Members = {
  serviceRef: { name: 'asian-option' },
  parameters: { spot: 100, type: 'call', dates: [0.5, 1] },
  maxPaths: '1000000',
  ...precision({ confidence: '0.99' }),
};

/** Two on each line of the reference: the other side of each bound is in `goodJobs`. */
export const badJobs: readonly BadSpec[] = [
  bad('no service', { serviceRef: undefined }, /spec\.serviceRef: Required value/),
  bad('a service name in capitals', { serviceRef: { name: 'Asian' } }, /spec\.serviceRef\.name.*should match/),
  bad('a service name of 64 letters', { serviceRef: { name: 'a'.repeat(64) } }, /spec\.serviceRef\.name: Too long/),
  bad('version 0', { serviceRef: { name: 'a', version: 0 } }, /version.*greater than or equal to 1/),
  bad('an unknown member', { maxPath: '5' }, /unknown field "spec\.maxPath"/),
  bad('parameters as a list', { parameters: [1] }, /spec\.parameters.*must be of type object/),
  bad('a seed that is a number', { seed: 42 }, /spec\.seed.*must be of type string/),
  bad('a negative seed', { seed: '-1' }, /spec\.seed.*should match/),
  bad('a seed over 64 bits', { seed: '18446744073709551616' }, /spec\.seed.*must fit in 64 bits: at most 1844/),
  bad('no paths', { maxPaths: '0' }, /spec\.maxPaths.*should match/),
  bad('more paths than count', { maxPaths: '9007199254740992' }, /spec\.maxPaths.*must be at most 9007199254740991/),
  bad('shards 0', { shards: 0 }, /spec\.shards.*greater than or equal to 1/),
  bad('shards 1001', { shards: 1001 }, /spec\.shards.*less than or equal to 1000/),
  bad('half a shard', { shards: 1.5 }, /spec\.shards.*must be of type integer/),
  bad('precision without a metric', { precision: { relativeError: '0.1' } }, /precision\.metric: Required value/),
  bad('precision without a target', { precision: { metric: 'p' } }, /needs relativeError, absoluteError or both/),
  bad('an error of 0', precision({ relativeError: '0' }), /relativeError.*must be greater than 0/),
  bad('an error too small to tell from 0', precision({ absoluteError: '1e-400' }), /absoluteError.*greater than 0/),
  bad('an error that is a number', precision({ absoluteError: 0.1 }), /absoluteError.*must be of type string/),
  bad('an endless error', precision({ relativeError: '1e999' }), /relativeError.*must be finite/),
  bad('an error that is no number', precision({ relativeError: 'NaN' }), /relativeError.*should match/),
  bad('confidence 1', precision({ confidence: '1' }), /confidence.*must be at least 0\.5 and below 1/),
  bad('confidence 0.4', precision({ confidence: '0.4' }), /confidence.*must be at least 0\.5 and below 1/),
  bad('a threshold with both bounds', threshold({ below: '1', above: '2' }), /exactly one of below and above/),
  bad('a threshold without a bound', threshold({}), /exactly one of below and above/),
  bad('an endless threshold', threshold({ above: '-1e+0999' }), /above.*must be finite/),
  bad('an unsure threshold', threshold({ above: '1', confidence: '0.1' }), /confidence.*must be at least 0\.5/),
  bad(
    'two thresholds of one name',
    { thresholds: ['1', '2'].map((below) => ({ name: 'low', metric: 'price', below })) },
    /spec\.thresholds\[1\]: Duplicate value/,
  ),
  bad(
    'too many thresholds',
    { thresholds: Array.from({ length: 33 }, (_, index) => ({ name: `t${index}`, metric: 'price', below: '1' })) },
    /spec\.thresholds: Too many: 33/,
  ),
  bad('suspend as text', { suspend: 'yes' }, /spec\.suspend.*must be of type boolean/),
  bad('a deadline of 0 seconds', { activeDeadlineSeconds: 0 }, /activeDeadlineSeconds.*greater than or equal to 1/),
  bad('a total beyond ten years', { maxTotalSeconds: 315_360_001 }, /maxTotalSeconds.*less than or equal to 31536/),
  bad(
    'a negative time to live',
    { ttlSecondsAfterFinished: -1 },
    /ttlSecondsAfterFinished.*greater than or equal to 0/,
  ),
  bad('101 retries', { backoffLimitPerIndex: 101 }, /backoffLimitPerIndex.*less than or equal to 100/),
  bad('a queue in capitals', { queueName: 'Night' }, /spec\.queueName.*should match/),
  bad('a priority class with a space', { priorityClassName: 'very high' }, /spec\.priorityClassName.*should match/),
  bad(
    'an image in the pod',
    pod({ containers: [{ image: 'x' }] }),
    /unknown field "spec\.podTemplate\.spec\.containers"/,
  ),
  bad('an account in the pod', pod({ serviceAccountName: 'root' }), /unknown field .*serviceAccountName/),
  bad('a quantity that is none', pod({ resources: { limits: { cpu: 'two' } } }), /limits\.cpu.*should match/),
  bad('a toleration of an unknown kind', pod({ tolerations: [{ operator: 'Maybe' }] }), /Unsupported value: "Maybe"/),
  bad(
    'a weight of 101',
    pod({
      affinity: {
        nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 101, preference: {} }] },
      },
    }),
    /weight.*less than or equal to 100/,
  ),
  bad(
    'a spread without a skew',
    pod({ topologySpreadConstraints: [{ topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' }] }),
    /maxSkew: Required value/,
  ),
  bad('a label of ours on pods', { podTemplate: { metadata: { labels: { 'simfleet.dev/run': '9' } } } }, reserved),
  bad(
    'an annotation of the Job controller',
    { podTemplate: { metadata: { annotations: { 'batch.kubernetes.io/job-completion-index': '0' } } } },
    reserved,
  ),
];

const selector = {
  matchLabels: { app: 'sim' },
  matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['test'] }],
};
const nodeTerm = {
  matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }],
  matchFields: [{ key: 'metadata.name', operator: 'NotIn', values: ['node-1'] }],
};
const podTerm = {
  topologyKey: 'zone',
  labelSelector: selector,
  namespaceSelector: selector,
  namespaces: ['quant'],
  matchLabelKeys: ['run'],
  mismatchLabelKeys: ['team'],
};
const podAffinity = {
  requiredDuringSchedulingIgnoredDuringExecution: [podTerm],
  preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: podTerm }],
};
const affinity = {
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [nodeTerm] },
    preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, preference: nodeTerm }],
  },
  podAffinity,
  podAntiAffinity: podAffinity,
};
const spread = {
  maxSkew: 1,
  topologyKey: 'zone',
  whenUnsatisfiable: 'DoNotSchedule',
  labelSelector: selector,
  minDomains: 2,
  nodeAffinityPolicy: 'Honor',
  nodeTaintsPolicy: 'Ignore',
  matchLabelKeys: ['run'],
};

/** Everything that a spec may say, and both ends of what it may say. */
export const goodJobs: readonly { readonly title: string; readonly spec: Members }[] = [
  { title: 'a version of its service', spec: { serviceRef: { name: 'asian-option', version: 3 } } },
  { title: 'the least', spec: { precision: undefined, maxPaths: undefined, parameters: undefined } },
  {
    title: 'the largest numbers',
    spec: { seed: '18446744073709551615', maxPaths: '9007199254740991', shards: 1000, backoffLimitPerIndex: 100 },
  },
  {
    title: 'the smallest numbers',
    spec: { seed: '0', maxPaths: '1', shards: 1, backoffLimitPerIndex: 0, ttlSecondsAfterFinished: 0 },
  },
  {
    title: 'decimals of all forms',
    spec: precision({ relativeError: '1.5e-7', absoluteError: '0.10', confidence: '0.999999999' }),
  },
  {
    title: 'parameters of all kinds',
    spec: { parameters: { number: 0.5, text: 'x', list: [1, 'a', null], map: { deep: { er: true } } } },
  },
  {
    title: 'thresholds',
    spec: {
      thresholds: [
        { name: 'a', metric: 'p', below: '-5.5', confidence: '0.5' },
        { name: 'b', metric: 'p', above: '1e300' },
      ],
    },
  },
  {
    title: 'every steering member',
    spec: {
      suspend: true,
      cancelled: false,
      activeDeadlineSeconds: 1,
      maxTotalSeconds: 315_360_000,
      ttlSecondsAfterFinished: 60,
    },
  },
  {
    title: 'everything about pods',
    spec: {
      queueName: 'night',
      priorityClassName: 'low.example',
      podTemplate: {
        metadata: { labels: { team: 'desk' }, annotations: { 'example.com/note': 'a line' } },
        spec: {
          nodeSelector: { 'kubernetes.io/arch': 'amd64' },
          tolerations: [
            { key: 'spot', operator: 'Equal', value: 'yes', effect: 'NoExecute', tolerationSeconds: 30 },
            { operator: 'Exists' },
          ],
          affinity,
          topologySpreadConstraints: [spread],
          resources: { requests: { cpu: 1, memory: '512Mi' }, limits: { cpu: '1.5', 'nvidia.com/gpu': 1 } },
        },
      },
    },
  },
];

const image = `registry.example:5000/team/draws:1.0@sha256:${'c'.repeat(64)}`;
const container = (members: Members = {}): Members => ({
  engine: undefined,
  container: { image, blockSize: 1000, metrics: [{ name: 'price' }], ...members },
});

export const soundService: Members = { engine: 'asian-option', defaults: { steps: 252 } };

export const badServices: readonly BadSpec[] = [
  bad('engine and container', { ...container(), engine: 'asian-option' }, /exactly one of engine and container/),
  bad('neither of them', { engine: undefined }, /exactly one of engine and container/),
  bad('an image by its tag', container({ image: 'registry.example/draws:1.0' }), /container\.image.*should match/),
  bad('no block size', container({ blockSize: undefined }), /container\.blockSize: Required value/),
  bad('an empty command', container({ command: [] }), /container\.command.*at least 1 items/),
  bad('no metrics', container({ metrics: [] }), /container\.metrics.*at least 1 items/),
  bad(
    'too many metrics',
    container({ metrics: Array.from({ length: 17 }, (_, index) => ({ name: `m${index}` })) }),
    /metrics: Too many: 17/,
  ),
  bad(
    'two metrics of one name',
    container({ metrics: [{ name: 'p' }, { name: 'p' }] }),
    /metrics\[1\]: Duplicate value/,
  ),
  bad(
    'a variable of the platform',
    container({ env: [{ name: 'SIMFLEET_URL', value: 'x' }] }),
    /env\[0\]\.name.*is set by the platform/,
  ),
  bad('a variable without a value', container({ env: [{ name: 'A' }] }), /env\[0\]\.value: Required value/),
  bad('a description of 5,000 letters', { description: 'x'.repeat(5000) }, /spec\.description: Too long/),
];

export const goodServices: readonly { readonly title: string; readonly spec: Members }[] = [
  { title: 'an engine', spec: { description: 'Mine.' } },
  { title: 'a schema', spec: { parameters: { type: 'object', properties: { a: { type: 'number' } } } } },
  { title: 'a schema that takes nothing', spec: { parameters: false } },
  {
    title: 'an image with everything',
    spec: container({
      metrics: [{ name: 'price', description: 'Mean.' }],
      command: ['/run'],
      args: ['--fast'],
      env: [{ name: 'THREADS', value: '2' }],
    }),
  },
];

/** A change of a job that exists, and what is said of it. */
export interface BadChange {
  readonly title: string;
  readonly before: Members;
  /** Merge patch of the spec. */
  readonly patch: Members;
  readonly says: RegExp;
}

const change = (title: string, before: Members, patch: Members, says: RegExp): BadChange => ({
  title,
  before,
  patch,
  says,
});
const stays = /cannot change after creation/;
const notThere = /cannot be set: the job was created without it/;

export const badChanges: readonly BadChange[] = [
  change('another service', {}, { serviceRef: { name: 'other' } }, stays),
  change('another version', {}, { serviceRef: { version: 2 } }, stays),
  change('another seed', {}, { seed: '7' }, stays),
  change('another parameter', {}, { parameters: { spot: 101 } }, stays),
  change('a parameter less', {}, { parameters: { spot: null } }, stays),
  change('other retries', {}, { backoffLimitPerIndex: 3 }, stays),
  change('a queue later on', {}, { queueName: 'night' }, stays),
  change('another queue', { queueName: 'day' }, { queueName: 'night' }, stays),
  change('another priority', { priorityClassName: 'low' }, { priorityClassName: null }, stays),
  change('other pods', { podTemplate: { spec: {} } }, pod({ nodeSelector: { a: 'b' } }), stays),
  change('fewer paths', {}, { maxPaths: '999999' }, /must be at least 1000000: a bound is never lowered/),
  change('fewer paths by a digit', {}, { maxPaths: '200000' }, /must be at least 1000000: a bound is never lowered/),
  change('no bound on paths any more', {}, { maxPaths: null }, stays),
  change('a bound on paths later on', { maxPaths: undefined }, { maxPaths: '5' }, notThere),
  change('no precision any more', {}, { precision: null }, stays),
  change('a precision later on', { precision: undefined }, precision({}), notThere),
  change(
    'a looser precision',
    {},
    { precision: { relativeError: '0.01' } },
    /must be at most 0\.001: it is only tightened/,
  ),
  change('a second error', {}, { precision: { absoluteError: '1' } }, notThere),
  change('another metric', {}, { precision: { metric: 'delta' } }, /must stay price/),
  change('another confidence', {}, { precision: { confidence: '0.9' } }, /must stay 0\.99/),
  change('a cancelled job that goes on', { cancelled: true }, { cancelled: false }, /is one way/),
];

/**
 * What the API server lets pass and the platform refuses: its comparison of maps of any value looks members up by name, and passes over those that are not in the
 * other one (k8s.io/apiserver, unstructuredMap.Equal).
 */
export const changesThatSlip: readonly Omit<BadChange, 'says'>[] = [
  { title: 'a parameter renamed', before: {}, patch: { parameters: { spot: null, spat: 100 } } },
];

export const goodChanges: readonly { readonly title: string; readonly before: Members; readonly patch: Members }[] = [
  { title: 'more paths', before: {}, patch: { maxPaths: '10000000' } },
  {
    title: 'a tighter precision, the same confidence otherwise written',
    before: {},
    patch: { precision: { relativeError: '5e-4', confidence: '0.990' } },
  },
  { title: 'one error less', before: precision({ absoluteError: '1' }), patch: { precision: { absoluteError: null } } },
  {
    title: 'steering',
    before: { activeDeadlineSeconds: 5 },
    patch: { shards: 7, suspend: true, activeDeadlineSeconds: null, ttlSecondsAfterFinished: 3 },
  },
  { title: 'other thresholds', before: threshold({ below: '1' }), patch: threshold({ above: '2' }) },
  { title: 'the end', before: {}, patch: { cancelled: true } },
];

const at = '2026-01-01T00:00:00.000Z';
const acceptedCondition = {
  type: 'Accepted',
  status: 'True',
  observedGeneration: 1,
  lastTransitionTime: at,
  reason: 'Accepted',
  message: '',
};

/** A status with every member. */
export const wholeJobStatus: Members = {
  observedGeneration: 1,
  jobId: 'job-6f1c0b1e-9d3c-4f5a-8a53-0c8a5d1b2e01',
  state: 'Running',
  stopReason: 'PrecisionReached',
  conditions: [acceptedCondition],
  run: 1,
  startTime: at,
  completionTime: at,
  lastUpdatedTime: at,
  accumulatedSeconds: 12,
  counts: { shards: { active: 1, succeeded: 2, failed: 3 }, blocks: 4, blocksReported: 5, paths: 4000 },
  progress: { fraction: '0.42', remainingSeconds: 200, text: '42 %', eta: '3m20s' },
  estimates: [
    {
      name: 'price',
      value: '5.4312e-1',
      standardError: '0.0004',
      ciLow: '0.5419',
      ciHigh: '0.5443',
      paths: 9_007_199_254_740_991,
    },
  ],
  thresholds: [{ name: 'low', verdict: 'Undecided' }],
  value: '0.54312',
  halfWidth: '0.0012',
  resultDigest: 'f'.repeat(64),
};

export const wholeServiceStatus: Members = {
  observedGeneration: 1,
  version: 2,
  engineVersion: '1',
  kernelHash: 'c'.repeat(64),
  conditions: [acceptedCondition],
};
