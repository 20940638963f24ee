import type { CommandSpec } from './command-line/command.ts';

/** One word of the command line: a command that is loaded when it is used, a group of them, or both. */
export type CommandNode =
  | {
      name: string;
      summary: string;
      hidden?: true;
      load(): Promise<CommandSpec>;
      children?: readonly CommandNode[];
    }
  | { name: string; summary: string; hidden?: true; children: readonly CommandNode[] };

/** The groups of `--help`, in the order in which a day goes. */
export interface CommandGroup {
  title: string;
  commands: readonly CommandNode[];
}

const volume: readonly CommandNode[] = [
  {
    name: 'list',
    summary: 'List the named volumes',
    load: async () => (await import('./commands/volume/list.ts')).list,
  },
  {
    name: 'inspect',
    summary: 'Show all about one volume',
    load: async () => (await import('./commands/volume/inspect.ts')).inspect,
  },
  {
    name: 'create',
    summary: 'Make a volume',
    load: async () => (await import('./commands/volume/create.ts')).create,
  },
  {
    name: 'remove',
    summary: 'Remove volumes by name',
    load: async () => (await import('./commands/volume/remove.ts')).remove,
  },
  {
    name: 'prune',
    summary: 'Remove volumes that nothing uses',
    load: async () => (await import('./commands/volume/prune.ts')).prune,
  },
  {
    name: 'export',
    summary: 'Write the files of a volume as a tar archive',
    load: async () => (await import('./commands/volume/export.ts')).exportVolume,
  },
  {
    name: 'import',
    summary: 'Fill a volume from a tar archive',
    load: async () => (await import('./commands/volume/import.ts')).importVolume,
  },
];

const image: readonly CommandNode[] = [
  {
    name: 'pull',
    summary: 'Bring images into the store',
    load: async () => (await import('./commands/image/pull.ts')).pull,
  },
  {
    name: 'list',
    summary: 'List the images in the store',
    load: async () => (await import('./commands/image/list.ts')).list,
  },
  {
    name: 'import',
    summary: 'Bring an archive or a layout into the store',
    load: async () => (await import('./commands/image/import.ts')).importImage,
  },
  {
    name: 'push',
    summary: 'Copy an image to a registry or into a file',
    load: async () => (await import('./commands/image/push.ts')).push,
  },
  {
    name: 'inspect',
    summary: 'Show all about one image',
    load: async () => (await import('./commands/image/inspect.ts')).inspect,
  },
  {
    name: 'remove',
    summary: 'Remove images by name',
    load: async () => (await import('./commands/image/remove.ts')).remove,
  },
  {
    name: 'prune',
    summary: 'Remove images that nothing uses',
    load: async () => (await import('./commands/image/prune.ts')).prune,
  },
];

const checkpoint: readonly CommandNode[] = [
  {
    name: 'list',
    summary: 'List the checkpoints of containers',
    load: async () => (await import('./commands/checkpoint/list.ts')).list,
  },
  {
    name: 'show',
    summary: 'Show the figures of a checkpoint',
    load: async () => (await import('./commands/checkpoint/show.ts')).show,
  },
  {
    name: 'inspect',
    summary: 'Look into a checkpoint without restoring it',
    load: async () => (await import('./commands/checkpoint/inspect.ts')).inspect,
  },
  {
    name: 'diff',
    summary: 'Compare two checkpoints',
    load: async () => (await import('./commands/checkpoint/diff.ts')).diff,
  },
  {
    name: 'remove',
    summary: 'Remove the checkpoints of containers',
    load: async () => (await import('./commands/checkpoint/remove.ts')).remove,
  },
  {
    name: 'prune',
    summary: 'Remove checkpoints that nothing leads back to',
    load: async () => (await import('./commands/checkpoint/prune.ts')).prune,
  },
  {
    name: 'key',
    summary: 'Print the key that archives of this instance are signed with',
    load: async () => (await import('./commands/checkpoint/key.ts')).key,
  },
];

export const COMMAND_GROUPS: readonly CommandGroup[] = [
  {
    title: 'Manifests',
    commands: [
      {
        name: 'apply',
        summary: 'Make the host as the manifests say',
        load: async () => (await import('./commands/apply.ts')).apply,
      },
      {
        name: 'delete',
        summary: 'Remove resources',
        load: async () => (await import('./commands/delete.ts')).deleteResources,
      },
      {
        name: 'diff',
        summary: 'Show what apply would change',
        load: async () => (await import('./commands/diff.ts')).diff,
      },
      {
        name: 'validate',
        summary: 'Check manifests without touching anything',
        load: async () => (await import('./commands/validate.ts')).validate,
      },
      {
        name: 'explain',
        summary: 'Say what a field of a manifest means',
        load: async () => (await import('./commands/explain.ts')).explain,
      },
      {
        name: 'spec',
        summary: 'Print the OCI spec that would be used, and where each part comes from',
        load: async () => (await import('./commands/spec.ts')).spec,
      },
      {
        name: 'schema',
        summary: 'Print the JSON Schema of manifests, for editors',
        load: async () => (await import('./commands/schema.ts')).schema,
      },
    ],
  },
  {
    title: 'Resources',
    commands: [
      { name: 'get', summary: 'List resources', load: async () => (await import('./commands/get.ts')).get },
      {
        name: 'describe',
        summary: 'Show all about a resource',
        load: async () => (await import('./commands/describe.ts')).describe,
      },
      {
        name: 'wait',
        summary: 'Wait until resources are as asked',
        load: async () => (await import('./commands/wait.ts')).wait,
      },
      {
        name: 'events',
        summary: 'Print what has happened to resources',
        load: async () => (await import('./commands/events.ts')).events,
      },
      {
        name: 'logs',
        summary: 'Print what a container wrote',
        load: async () => (await import('./commands/logs.ts')).logs,
      },
      {
        name: 'start',
        summary: 'Start what was stopped by hand',
        load: async () => (await import('./commands/start.ts')).start,
      },
      {
        name: 'stop',
        summary: 'Stop, until started by hand',
        load: async () => (await import('./commands/stop.ts')).stop,
      },
      {
        name: 'restart',
        summary: 'Stop and start again',
        load: async () => (await import('./commands/restart.ts')).restart,
      },
      {
        name: 'kill',
        summary: 'Send a signal to the first process',
        load: async () => (await import('./commands/kill.ts')).kill,
      },
      {
        name: 'pause',
        summary: 'Freeze all processes',
        load: async () => (await import('./commands/pause.ts')).pause,
      },
      {
        name: 'resume',
        summary: 'Let frozen processes go on',
        load: async () => (await import('./commands/resume.ts')).resume,
      },
    ],
  },
  {
    title: 'Inside',
    commands: [
      {
        name: 'exec',
        summary: 'Run a command in a running container',
        load: async () => (await import('./commands/exec.ts')).exec,
      },
      {
        name: 'attach',
        summary: 'Connect to the input and output of a container',
        load: async () => (await import('./commands/attach.ts')).attach,
      },
      {
        name: 'top',
        summary: 'List the processes of a container',
        load: async () => (await import('./commands/top.ts')).top,
      },
      {
        name: 'changes',
        summary: 'List the files that a container changed',
        load: async () => (await import('./commands/changes.ts')).changes,
      },
      {
        name: 'export',
        summary: 'Write the files of a container as a tar archive',
        load: async () => (await import('./commands/export.ts')).exportContainer,
      },
    ],
  },
  {
    title: 'Memory',
    commands: [
      {
        name: 'checkpoint',
        summary: 'Save containers, memory and all',
        load: async () => (await import('./commands/checkpoint/create.ts')).create,
        children: checkpoint,
      },
      {
        name: 'restore',
        summary: 'Let containers go on from their checkpoints',
        load: async () => (await import('./commands/restore.ts')).restore,
      },
    ],
  },
  { title: 'Volumes', commands: [{ name: 'volume', summary: 'Manage volumes', children: volume }] },
  { title: 'Images', commands: [{ name: 'image', summary: 'Manage images', children: image }] },
  {
    title: 'Host',
    commands: [
      {
        name: 'doctor',
        summary: 'Say what this host has and lacks, and what to do about it',
        load: async () => (await import('./commands/doctor.ts')).doctor,
      },
      {
        name: 'daemon',
        summary: 'Keep the host as a directory of manifests says',
        load: async () => (await import('./commands/daemon.ts')).daemon,
      },
      {
        name: 'version',
        summary: 'Print the version',
        load: async () => (await import('./commands/version.ts')).version,
      },
      {
        name: 'completion',
        summary: 'Print the completion script of a shell',
        load: async () => (await import('./commands/completion.ts')).completion,
      },
      {
        name: 'cleanup',
        summary: 'Handle the exit of a container; called by its monitor',
        hidden: true,
        load: async () => (await import('./commands/cleanup.ts')).cleanup,
      },
      {
        name: '__complete',
        summary: 'Print names for completion scripts',
        hidden: true,
        load: async () => (await import('./commands/complete.ts')).complete,
      },
      {
        name: '__docs',
        summary: 'Print docs/cli.md',
        hidden: true,
        load: async () => (await import('./commands/docs.ts')).docs,
      },
    ],
  },
];

/** All commands of the first level. */
export const COMMANDS: readonly CommandNode[] = COMMAND_GROUPS.flatMap((group) => group.commands);
