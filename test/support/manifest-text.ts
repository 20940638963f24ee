import { DEMO_IMAGE } from './demo-image.ts';

/** A manifest of kind Container: of the demo image, and sleeping until it is told to end, unless the spec says otherwise. */
export function containerText(name: string, spec: object = {}): string {
  const defaults = { image: DEMO_IMAGE, command: SLEEPER };
  return documentText({
    apiVersion: 'tsctr.dev/v1',
    kind: 'Container',
    metadata: { name },
    spec: { ...defaults, ...spec },
  });
}

/** A manifest of kind Pod, with the same defaults for each container. */
export function podText(name: string, spec: { containers: object[]; initContainers?: object[] }): string {
  const withDefaults = (container: object) => ({ image: DEMO_IMAGE, command: SLEEPER, ...container });
  return documentText({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      ...spec,
      containers: spec.containers.map(withDefaults),
      ...(spec.initContainers === undefined ? {} : { initContainers: spec.initContainers.map(withDefaults) }),
    },
  });
}

/** Ends at once when it is asked to: the first process of a container ignores signals that it does not ask for. */
export const SLEEPER = shell('while true; do sleep 60 & wait $!; done');

/** The words of a command that runs a script, and ends at SIGTERM. */
export function shell(script: string): string[] {
  return ['sh', '-c', `trap 'exit 0' TERM; ${script}`];
}

/** JSON is YAML; one document, to be joined with others. */
function documentText(manifest: object): string {
  return `---\n${JSON.stringify(manifest, null, 2)}\n`;
}
