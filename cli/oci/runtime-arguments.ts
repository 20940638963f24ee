import type { OciArguments } from './read-arguments.ts';

/** What the runtime is to be told as well when tsctr-oci calls it for verbs of its own. */
const VALUES = ['root', 'rootless', 'cgroup-manager'];
const FLAGS = ['systemd-cgroup', 'debug'];

/** In words that both understand: crun takes no value for a flag. */
export function runtimeArguments(global: OciArguments['global']): string[] {
  const values = VALUES.flatMap((name) => {
    const value = global.get(name);
    return value === undefined ? [] : [`--${name}=${value}`];
  });
  const flags = FLAGS.filter((name) => ['true', '1'].includes(global.get(name) ?? ''));
  return [...values, ...flags.map((name) => `--${name}`)];
}
