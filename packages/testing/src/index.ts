export { issueCertificate } from './certificate.ts';
export { testFaulty } from './faulty-suite.ts';
export type { FaultySuite } from './faulty-suite.ts';
export { fakeClock } from './fake-clock.ts';
export type { FakeClock } from './fake-clock.ts';
export { freePort } from './free-port.ts';
export type { Program } from './go-tool.ts';
export { haproxyMissing, startHaproxy } from './haproxy.ts';
export type { HaproxyOptions, TestHaproxy } from './haproxy.ts';
export type { ApiAnswer, ApiMethod, KubernetesApi, PatchType } from './kubernetes/api-client.ts';
export type { AuditedRequest } from './kubernetes/audit.ts';
export { clusterMissing, startCluster } from './kubernetes/cluster.ts';
export type { ClusterPart, TestCluster } from './kubernetes/cluster.ts';
export { startControlPlane } from './kubernetes/control-plane.ts';
export type { ControlPlaneOptions, TestControlPlane } from './kubernetes/control-plane.ts';
export { endPod, runPod } from './kubernetes/pod-status.ts';
export type { PodEnd } from './kubernetes/pod-status.ts';
export {
  buildHelm,
  buildKubernetesProgram,
  controlPlaneMissing,
  controlPlanePrograms,
  helmProgram,
  kubernetesProgram,
  nodePrograms,
} from './kubernetes/programs.ts';
export type { KubernetesProgram } from './kubernetes/programs.ts';
export { connectLiveSocket, openLiveSocket } from './live-socket.ts';
export type { LiveSocket, LiveSocketOptions, SocketAnswer, SocketEvent, SocketPush } from './live-socket.ts';
export { postgresMissing } from './postgres/programs.ts';
export { startPostgres } from './postgres/start-postgres.ts';
export type { DatabaseOptions, PostgresOptions, PostgresServer } from './postgres/start-postgres.ts';
export { mongoMissing, startMongo } from './mongo.ts';
export type { TestMongo, TestMongoOptions } from './mongo.ts';
export { startNats } from './nats.ts';
export type { NatsOptions, TestNats } from './nats.ts';
export { isAlive } from './is-alive.ts';
export { buildK6, k6Program } from './k6-binary.ts';
export { buildNatsServer, natsServer } from './nats-binary.ts';
export { fetchValkey } from './redis/fetch-valkey.ts';
export { redisMissing, valkeyProgram } from './redis/programs.ts';
export type { RedisKind } from './redis/programs.ts';
export { startRedisCluster } from './redis/start-cluster.ts';
export type { TestRedisCluster } from './redis/start-cluster.ts';
export { startRedis, startValkey } from './redis/start-redis.ts';
export type { RedisOptions, TestRedis } from './redis/start-redis.ts';
export { recordingLogger, silentLogger } from './recording-logger.ts';
export type { LogEntry } from './recording-logger.ts';
export { runningTime } from './running-time.ts';
export { runtimeContext } from './runtime-context.ts';
export { standStill } from './stand-still.ts';
export { systemCalls } from './system-calls.ts';
export type { SystemCall } from './system-calls.ts';
export { temporaryDirectory } from './temporary-directory.ts';
export { until } from './until.ts';
export { installUwsRuntime, uwsRuntime } from './uws-runtime.ts';
export type { UwsRuntime } from './uws-runtime.ts';
