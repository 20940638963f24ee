import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CliError } from '../../command-line/cli-error.ts';
import type { CommandSpec, Invocation } from '../../command-line/command.ts';
import { EXIT } from '../../command-line/exit-code.ts';
import { formatInspection } from '../../output/inspection-text.ts';
import { formatJson } from '../../output/json.ts';
import { formatYaml } from '../../output/yaml.ts';
import { inspectNamed, placeOf } from './find-checkpoint.ts';

export const inspect: CommandSpec = {
  description:
    'Process tree, memory, mounts, sockets and files of the checkpoint of a container, or of an archive or directory of tsctr, podman, CRI-O or containerd. Nothing is restored, and nothing but the manifest that was asked for is written.',
  arguments: [{ name: '<name-or-path>', description: 'web, web@3, or a path', completes: 'resource' }],
  options: [
    { flags: '--env-values', description: 'show the values of variables, which may be secrets' },
    {
      flags: '--manifest <file>',
      description: 'write a manifest that fits it, to be looked through and applied; - for standard output',
      completes: 'file',
    },
  ],
  outputs: ['json'],
  examples: [
    'tsctr checkpoint inspect web',
    'tsctr checkpoint inspect ./web.tar.zst -o json',
    'tsctr checkpoint inspect ./podman.tar.gz --manifest new.yaml',
  ],
  run: async (invocation) => {
    const { io, globals, args, options } = invocation;
    const manifest = options.text('manifest');
    if (manifest !== null) return writeManifest(invocation, args[0] ?? '', manifest);
    const environmentValues = options.flag('envValues');
    const inspection = await inspectNamed(invocation, args[0] ?? '', { environmentValues });
    io.out(globals.output === 'json' ? formatJson(inspection) : formatInspection(inspection));
    return EXIT.asWished;
  },
};

async function writeManifest(invocation: Invocation, word: string, target: string): Promise<number> {
  const { io, signal } = invocation;
  const [{ suggestManifestFor }, { createLinuxKernel }] = await Promise.all([
    import('../../../engine/index.ts'),
    import('../../../native/index.ts'),
  ]);
  const place = await placeOf(invocation, word);
  const { manifest, remarks } = await suggestManifestFor(createLinuxKernel(), place, { signal });
  const comments = remarks.map((remark) => `# ${remark.replace(/\s+/g, ' ')}\n`).join('');
  const text = `${comments}${formatYaml(manifest)}`;
  if (target === '-') {
    io.out(text);
    return EXIT.asWished;
  }
  const file = path.resolve(io.cwd, target);
  try {
    await writeFile(file, text, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new CliError('BAD_INPUT', `checkpoint inspect: ${target} is there already`, 'name another file');
  }
  io.err(`${target} was written: look it through, then tsctr restore ${word} -f ${target}\n`);
  return EXIT.asWished;
}
