import { access, mkdir, readdir, rename } from 'node:fs/promises';
import { AT_FDCWD, O_DIRECTORY, O_PATH } from '../../native/index.ts';
import type { Kernel } from '../../native/index.ts';
import type { VolumeRecord } from '../../schemas/index.ts';
import type { HostFacts } from '../contract/host-facts.ts';
import { EngineError } from '../engine-error.ts';
import type { RunCommand } from '../process/run-command.ts';
import { isMountPoint } from '../rootfs/is-mount-point.ts';
import type { VolumeDetails, VolumeEngine, VolumeUsers } from '../contract/volume-engine.ts';
import { copyDirectoryStatus, copyTree } from './copy-tree.ts';
import { compareVolume, declareVolume, reapVolumes, withdrawVolume } from './declare-volume.ts';
import type { VolumeStore } from './volume-store.ts';

export interface VolumeEngineParts {
  kernel: Kernel;
  facts: Pick<HostFacts, 'tools'>;
  runCommand: RunCommand;
  volumes: VolumeStore;
}

/** What tsctr's own commands are called among those that have a volume mounted. */
const OURSELVES = 'tsctr';

export function createVolumeEngine(parts: VolumeEngineParts): VolumeEngine {
  const { volumes } = parts;
  const detailsOf = async (record: VolumeRecord): Promise<VolumeDetails> => ({
    name: record.name,
    driver: record.driver,
    labels: record.labels,
    options: record.options,
    createdAt: record.createdAt,
    declaration: record.declaration,
    isCondemned: record.isCondemned,
    path: volumes.pathsOf(record.name).data,
    mountedBy: await volumes.users(record.name),
  });
  const required = async (operation: string, name: string): Promise<VolumeRecord> => {
    const record = await volumes.find(name);
    if (record !== null) return record;
    throw new EngineError('VOLUME_NOT_FOUND', `${operation} volume ${name}: not found`, {
      hint: 'see what is there with: tsctr volume list',
    });
  };
  return {
    create: (wish) => volumes.locked(wish.name, async () => detailsOf(await volumes.ensure(wish))),
    declare: (volume) => declareVolume(volumes, volume),
    compare: (volume) => compareVolume(volumes, volume),
    withdraw: (name) => withdrawVolume(volumes, name),
    reap: (users) => reapVolumes(volumes, users),
    list: async () => Promise.all((await volumes.list()).map(detailsOf)),
    find: async (name) => {
      const record = await volumes.find(name);
      return record === null ? null : detailsOf(record);
    },
    remove: (name, users) =>
      volumes.locked(name, async () => {
        const record = await required('remove', name);
        refuseUsed(name, users);
        refuseFollowed(record);
        await volumes.remove(name);
      }),
    prune: (users) => prune(volumes, users, detailsOf),
    exportTo: (name, file) =>
      volumes.locked(name, async () => {
        const record = await required('export', name);
        await withData(volumes, record, (data) => pack(parts, name, data, file));
      }),
    importFrom: (name, file) =>
      volumes.locked(name, async () => {
        await access(file).catch((error: unknown) => {
          throw new EngineError('BAD_REQUEST', `import volume ${name}: cannot read ${file}`, {
            cause: error,
          });
        });
        const record = await volumes.ensure({ name });
        await withData(volumes, record, (data) => unpack(parts, record, data, file));
        const filled: VolumeRecord = { ...record, copyUp: 'done', ownership: 'done' };
        await volumes.save(filled);
        return detailsOf(filled);
      }),
  };
}

function refuseUsed(name: string, users: VolumeUsers): void {
  const wanted = users.get(name) ?? [];
  if (wanted.length === 0) return;
  throw new EngineError('VOLUME_IN_USE', `remove volume ${name}: ${wanted.join(', ')} uses it`, {
    hint: 'remove those first',
  });
}

/** A manifest in a directory that is followed would make it anew, empty. */
function refuseFollowed({ name, declaration }: VolumeRecord): void {
  if (declaration === null || declaration.owner.source === 'apply') return;
  const { source, file } = declaration.owner;
  throw new EngineError('BAD_REQUEST', `remove volume ${name}: it belongs to ${source} ${file}`, {
    hint: 'remove it there first, with reclaimPolicy: Delete if its data is to go',
  });
}

async function prune(
  volumes: VolumeStore,
  users: VolumeUsers,
  detailsOf: (record: VolumeRecord) => Promise<VolumeDetails>,
): Promise<VolumeDetails[]> {
  const removed: VolumeDetails[] = [];
  for (const record of await volumes.list()) {
    await volumes.locked(record.name, async () => {
      const isUsed = (users.get(record.name) ?? []).length > 0;
      if (isUsed || record.declaration !== null || (await volumes.users(record.name)).length > 0) return;
      removed.push(await detailsOf(record));
      await volumes.remove(record.name);
    });
  }
  return removed;
}

/** Has the volume mounted for as long as `action` takes, if it has a file system of its own. Call it locked. */
async function withData(
  volumes: VolumeStore,
  record: VolumeRecord,
  action: (data: string) => Promise<void>,
): Promise<void> {
  try {
    await action(await volumes.hold(record, OURSELVES));
  } finally {
    await volumes.letGo(record.name, OURSELVES);
  }
}

const ATTRIBUTES = ['--xattrs', '--xattrs-include=*', '--numeric-owner', '--force-local'];

async function pack(parts: VolumeEngineParts, name: string, data: string, file: string): Promise<void> {
  const args = ['--create', '--format=posix', '--sparse', '--one-file-system', ...ATTRIBUTES];
  await runTar(
    parts,
    `export volume ${name}`,
    [...args, `--file=${file}`, `--directory=${data}`, '.'],
    [0, 1],
  );
}

/** Into a directory beside the volume: links that somebody left in the volume can lead an archive nowhere. */
async function unpack(
  parts: VolumeEngineParts,
  record: VolumeRecord,
  data: string,
  file: string,
): Promise<void> {
  const { kernel, volumes } = parts;
  const operation = `import volume ${record.name}`;
  if ((await readdir(data)).length > 0) {
    throw new EngineError('BAD_REQUEST', `${operation}: expected an empty volume, found files in it`, {
      hint: `take another name, or remove it first: tsctr volume remove ${record.name}`,
    });
  }
  const { copying } = volumes.pathsOf(record.name);
  await kernel.removeTree(copying);
  try {
    await mkdir(copying, { mode: 0o755 });
    const args = ['--extract', '--same-permissions', '--same-owner', ...ATTRIBUTES];
    await runTar(parts, operation, [...args, `--file=${file}`, `--directory=${copying}`], [0]);
    if (isMountPoint(data) || (await volumes.users(record.name)).some((id) => id !== OURSELVES)) {
      await copyOver(kernel, copying, data);
    } else {
      await rename(copying, data);
    }
  } finally {
    await kernel.removeTree(copying);
  }
}

async function copyOver(kernel: Kernel, from: string, to: string): Promise<void> {
  const source = kernel.openat2(AT_FDCWD, from, { flags: O_PATH | O_DIRECTORY });
  try {
    const target = kernel.openat2(AT_FDCWD, to, { flags: O_PATH | O_DIRECTORY });
    try {
      await copyTree(kernel, source, target);
      copyDirectoryStatus(kernel, source, target);
    } finally {
      kernel.close(target);
    }
  } finally {
    kernel.close(source);
  }
}

/** `fine`: exit codes of success; 1 is a file that changed while it was read. */
async function runTar(
  { facts, runCommand }: VolumeEngineParts,
  operation: string,
  args: readonly string[],
  fine: readonly number[],
): Promise<void> {
  const { tar } = facts.tools;
  if (tar === null) throw new EngineError('TOOL_MISSING', `${operation}: tar is not installed`);
  const { exitCode, stderr } = await runCommand({ file: tar, args });
  if (exitCode !== null && fine.includes(exitCode)) return;
  const [line] = stderr.trim().split('\n');
  throw new EngineError('COMMAND_FAILED', `${operation}: ${line ?? `tar ended with ${String(exitCode)}`}`);
}
