/** API group of the custom resources. */
export const resourceGroup = 'simfleet.dev';

/** How the API server names a custom resource. */
interface ResourceNames {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly scope: 'Namespaced' | 'Cluster';
}

export const customResources = {
  SimulationJob: {
    kind: 'SimulationJob',
    plural: 'simulationjobs',
    singular: 'simulationjob',
    shortNames: ['simjob', 'simjobs'],
    scope: 'Namespaced',
  },
  SimulationService: {
    kind: 'SimulationService',
    plural: 'simulationservices',
    singular: 'simulationservice',
    shortNames: ['simsvc'],
    scope: 'Cluster',
  },
} as const satisfies Record<string, ResourceNames>;

/** Labels and annotations by which the operator knows what it made, and people find it. */
export const resourceMarks = {
  /** Label of a namespace: the customer whose jobs live in it. */
  customer: 'simfleet.dev/customer',
  /** Label of a SimulationJob that was made for a job of the API: `api`. */
  origin: 'simfleet.dev/origin',
  /** Annotation of such a SimulationJob, and label of everything made for a job. */
  jobId: 'simfleet.dev/job-id',
  /** Label of everything made for one run of a job. */
  run: 'simfleet.dev/run',
  /** Keeps a SimulationJob until its job was told. */
  jobFinalizer: 'simfleet.dev/job',
  /** Keeps a SimulationService until no job uses it. */
  serviceFinalizer: 'simfleet.dev/service',
} as const;
