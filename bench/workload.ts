import { IMAGE } from './bench.ts';

/** What every container of the comparisons runs: it ends at SIGTERM, so that stopping waits for nobody. */
export const COMMAND: readonly string[] = [
  'sh',
  '-c',
  "trap 'exit 0' TERM; while :; do sleep 3600 & wait $!; done",
];

export interface ManifestOptions {
  command?: readonly string[];
  /** More lines of `spec`, each indented by two blanks. */
  spec?: readonly string[];
}

/** The manifest of one container without network. */
export function containerManifest(
  name: string,
  { command = COMMAND, spec = [] }: ManifestOptions = {},
): string {
  return [
    '---',
    'apiVersion: tsctr.dev/v1',
    'kind: Container',
    `metadata: { name: ${name} }`,
    'spec:',
    `  image: ${IMAGE}`,
    '  imagePullPolicy: IfNotPresent',
    `  command: ${JSON.stringify(command)}`,
    ...spec,
    '',
  ].join('\n');
}

/** The manifest of a pod of one container, as both tsctr and `podman kube play` take it. */
export function podManifest(name: string): string {
  return [
    '---',
    'apiVersion: v1',
    'kind: Pod',
    `metadata: { name: ${name} }`,
    'spec:',
    '  containers:',
    '    - name: main',
    `      image: ${IMAGE}`,
    '      imagePullPolicy: IfNotPresent',
    `      command: ${JSON.stringify(COMMAND)}`,
    '',
  ].join('\n');
}

/** `web1`, `web2` … */
export function namesOf(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${i + 1}`);
}
