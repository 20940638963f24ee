import type { OciMount } from '../../schemas/index.ts';
import type { SpecInput } from './spec-input.ts';
import { systemdPlaces } from './systemd-mode.ts';

/** Places that programs expect to be able to write to. */
const WRITABLE_PLACES = ['/run', '/tmp', '/var/tmp'];

/** Each default with the options that stand against it. `tmpcopyup` brings the image's files along (runc, crun). */
const DEFAULT_OPTIONS: readonly { option: string; unless: readonly string[] }[] = [
  { option: 'rw', unless: ['ro', 'rw'] },
  { option: 'rprivate', unless: ['private', 'rprivate', 'slave', 'rslave', 'shared', 'rshared'] },
  { option: 'nosuid', unless: ['suid', 'nosuid'] },
  { option: 'nodev', unless: ['dev', 'nodev'] },
  { option: 'tmpcopyup', unless: ['tmpcopyup', 'notmpcopyup'] },
];

/** `spec.tmpfs`: the given options, then the defaults that they leave open. */
export function tmpfsMounts({ request }: SpecInput): OciMount[] {
  return (request.spec.tmpfs ?? []).map(({ mountPath, options = [] }) => tmpfs(mountPath, options));
}

/** The writable places of a container whose root is read-only, and those of systemd. */
export function writablePlaces(input: SpecInput): OciMount[] {
  const { spec } = input.request;
  const readOnly = spec.securityContext?.readOnlyRootFilesystem === true && spec.readOnlyTmpfs !== false;
  const places = new Set([...(readOnly ? WRITABLE_PLACES : []), ...systemdPlaces(input)]);
  return [...places].map((place) => tmpfs(place, []));
}

function tmpfs(destination: string, options: readonly string[]): OciMount {
  const defaults = DEFAULT_OPTIONS.filter(({ unless }) => !options.some((option) => unless.includes(option)));
  const known = options.filter((option) => option !== 'notmpcopyup');
  return {
    destination,
    type: 'tmpfs',
    source: 'tmpfs',
    options: [...known, ...defaults.map(({ option }) => option)],
  };
}
