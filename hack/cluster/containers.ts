import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { pause } from '../../packages/testing/src/kubernetes/programs.ts';
import { archiveOf } from '../images/image-archive.ts';
import { pauseImage, podRange, type Layout } from './layout.ts';
import { cniPlugins, fileOfTool } from './node-programs.ts';

const run = promisify(execFile);

const configuration = ({ file, containerdSocket }: Layout): string => `version = 2
root = "${file('containerd')}"
state = "${file('containerd-state')}"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper"]
[grpc]
  address = "${containerdSocket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "${file('containerd-opt')}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  # A process that is not wholly root's may not lower what the kernel holds against it when memory runs out.
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${cniPlugins}"
    conf_dir = "${file('cni')}"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
`;

/** Every pod has a line to the machine, which forwards: so all packets pass the rules of kube-proxy, those between neighbours too. */
const network = ({ file }: Layout) => ({
  cniVersion: '0.4.0',
  name: 'simfleet',
  plugins: [
    {
      type: 'ptp',
      mtu: 1400,
      ipam: {
        type: 'host-local',
        dataDir: file('pod-addresses'),
        ranges: [[{ subnet: podRange }]],
        routes: [{ dst: '0.0.0.0/0' }],
      },
    },
  ],
});

/** Writes the configuration of containerd and answers its command. */
export const containerdCommand = (layout: Layout): readonly string[] => {
  mkdirSync(layout.file('cni'), { recursive: true });
  writeFileSync(layout.file('cni', '10-simfleet.conflist'), JSON.stringify(network(layout)));
  writeFileSync(layout.file('containerd.toml'), configuration(layout));
  return ['containerd', '--config', layout.file('containerd.toml'), '--log-level', 'warn'];
};

/** Runs `ctr` on the images and containers of the cluster and answers its output. */
export const ctr = async (layout: Layout, ...words: readonly string[]): Promise<string> => {
  const { stdout } = await run('ctr', ['--address', layout.containerdSocket, '--namespace', 'k8s.io', ...words], {
    maxBuffer: 2 ** 24,
  });
  return stdout;
};

/** Gives the node the image of the first process of every pod. */
export const importPause = async (layout: Layout): Promise<void> => {
  const entry = { path: 'pause', mode: 0o755, source: fileOfTool(pause) };
  const config = { User: '65535:65535', Entrypoint: ['/pause'] };
  const { pieces } = archiveOf([{ name: pauseImage, config, labels: {}, layers: [[entry]] }], process.arch);
  const archive = layout.file('pause.tar');
  writeFileSync(archive, Buffer.concat(pieces));
  await ctr(layout, 'images', 'import', archive);
  rmSync(archive);
};
