import {
  MS_BIND,
  MS_NOATIME,
  MS_NODEV,
  MS_NOEXEC,
  MS_NOSUID,
  MS_RDONLY,
  MS_REC,
  MS_REMOUNT,
} from '../../native/index.ts';
import type { Kernel } from '../../native/index.ts';
import type { VolumeRecord } from '../../schemas/index.ts';
import { EngineError } from '../engine-error.ts';

/** mount(8)'s words for the flags of mount(2): which bit, and whether the word sets or clears it. */
const FLAGS: Readonly<Record<string, { bit: number; set: boolean }>> = {
  ro: { bit: MS_RDONLY, set: true },
  rw: { bit: MS_RDONLY, set: false },
  nosuid: { bit: MS_NOSUID, set: true },
  suid: { bit: MS_NOSUID, set: false },
  nodev: { bit: MS_NODEV, set: true },
  dev: { bit: MS_NODEV, set: false },
  noexec: { bit: MS_NOEXEC, set: true },
  exec: { bit: MS_NOEXEC, set: false },
  noatime: { bit: MS_NOATIME, set: true },
  bind: { bit: MS_BIND, set: true },
  rbind: { bit: MS_BIND | MS_REC, set: true },
};

/** Words of mount(8) that are for it alone, or say what is so in any case. */
const IGNORED = new Set(['defaults', 'auto', 'noauto', 'relatime', '_netdev', 'nofail']);

/** Options of mount(8) as flags and data of mount(2). A volume has no devices and set-id programs unless it says so. */
export function parseMountOptions(options: string): { flags: number; data: string } {
  let flags = MS_NOSUID | MS_NODEV;
  const data: string[] = [];
  for (const word of options.split(',').filter((part) => part !== '' && !IGNORED.has(part))) {
    const flag = Object.hasOwn(FLAGS, word) ? FLAGS[word] : undefined;
    if (flag === undefined) data.push(word);
    else flags = flag.set ? flags | flag.bit : flags & ~flag.bit;
  }
  return { flags, data: data.join(',') };
}

/** Mounts what the volume's options say at `target`; a volume without them is a plain directory. */
export function mountLocalVolume(kernel: Kernel, { name, options }: VolumeRecord, target: string): void {
  const { type, device, o = '' } = options;
  if (type === undefined && device === undefined) return;
  const { flags, data } = parseMountOptions(o);
  const isBind = (flags & MS_BIND) !== 0 || type === 'none' || type === 'bind';
  const operation = `mount volume ${name}`;
  if (device === undefined && type !== 'tmpfs') {
    throw new EngineError(
      'BAD_REQUEST',
      `${operation}: expected a device for type ${type ?? 'none'}, found none`,
    );
  }
  if (isBind && data !== '') {
    throw new EngineError('BAD_REQUEST', `${operation}: a bind mount takes no option \`${data}\``);
  }
  try {
    if (isBind) bind(kernel, device ?? '', target, flags);
    else kernel.mount(device ?? 'tmpfs', target, type ?? null, flags, data === '' ? null : data);
  } catch (error) {
    const what = isBind ? `bind ${device ?? ''}` : `${type ?? ''} from ${device ?? 'memory'}`;
    throw new EngineError('BAD_REQUEST', `${operation}: ${what}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** The kernel takes no attributes with a bind mount, only afterwards. */
function bind(kernel: Kernel, source: string, target: string, flags: number): void {
  kernel.mount(source, target, null, MS_BIND | (flags & MS_REC), null);
  kernel.mount(null, target, null, MS_REMOUNT | MS_BIND | (flags & ~MS_REC), null);
}
